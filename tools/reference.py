"""Writes docs/reference/*.md and the README's table of registries from the code. `--check` only compares.

python -m tools.reference [--check]
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from pathlib import Path
from typing import Any

import msgspec

from subak.analytics.measures import DIMENSIONS, MEASURES
from subak.analytics.report.model import VERSION, Report
from subak.analytics.report.names import NAMES
from subak.config import SECTIONS, Bytes, Config, Seconds
from subak.ecosystems import ALL
from subak.errors import STATUS
from subak.model.reading import COLUMNS, Reading

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code; edit the code instead. -->\n"


def settings() -> str:
    """Every setting with its default, variable and sentence."""
    lines = [
        "# Settings",
        "",
        "Read from `subak.toml` (or the file named by `--config` or `SUBAK_CONFIG`), then from the environment. Sizes "
        "are "
        'written like `"20 GiB"`, durations like `"5m"`. An unknown key stops the start.',
        "",
    ]
    for section in SECTIONS:
        kind = typing.get_type_hints(Config)[section]
        lines += [
            f"## [{section}]",
            "",
            " ".join((kind.__doc__ or "").split()),
            "",
            "| key | default | variable | meaning |",
            "| --- | --- | --- | --- |",
        ]
        defaults = kind()
        for field in dataclasses.fields(kind):
            value = _shown(getattr(defaults, field.name))
            lines.append(
                f"| `{field.name}` | `{value}` | `SUBAK_{section.upper()}_{field.name.upper()}` "
                f"| {field.metadata['help']} |"
            )
        lines.append("")
    lines += [
        "Shorthands: `SUBAK_DATA` for `cache.data`, `SUBAK_UPSTREAM_<REGISTRY>` for one of `upstream.registries`, with "
        "`_` in place of `-`: `SUBAK_UPSTREAM_DEBIAN_SECURITY` for `debian-security`.",
        "",
    ]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, Bytes):
        for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
            if value and value % size == 0:
                return f'"{value // size} {unit}"'
    if isinstance(value, Seconds):
        for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
            if value >= length and value % length == 0:
                return f'"{value / length:.0f}{unit}"'
        return f'"{value:g}s"'
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


_KEPT = {"artifact": "for ever", "metadata": "for ever", "relay": "not kept", "made": "made here", "derived": "told"}


def table() -> str:
    """One line for each ecosystem, for the README."""
    lines = ["| registry | served at | clients | files are checked against |", "| --- | --- | --- | --- |"]
    for ecosystem in ALL:
        clients = ", ".join(c.name for c in ecosystem.clients)
        lines.append(f"| {ecosystem.title} | `{ecosystem.mount}/` | {clients} | {ecosystem.pinned_by} |")
    return "\n".join(lines) + "\n"


def registries() -> str:
    """Routes, forms, clients and agents of every ecosystem."""
    lines = ["# Registries", ""]
    for ecosystem in ALL:
        lines += [
            f"## {ecosystem.title}: `{ecosystem.mount}/`",
            "",
            "| route | path | kind | fresh for | forms |",
            "| --- | --- | --- | --- | --- |",
        ]
        for route in ecosystem.routes:
            forms = ", ".join(f.name for f in route.forms) or "as it is"
            fresh = _KEPT.get(str(route.kind)) or ("for ever" if route.fresh_for > 1e9 else f"{route.fresh_for:g} s")
            lines.append(f"| {route.name} | `{ecosystem.mount}{route.pattern}` | {route.kind} | {fresh} | {forms} |")
        lines += ["", f"Files are checked against {ecosystem.pinned_by}.", ""]
        lines += ["| client | points here with |", "| --- | --- |"]
        lines += [f"| {c.name} | `{c.line.replace('|', chr(92) + '|')}` |" for c in ecosystem.clients]
        lines += ["", "Recognised agents: " + ", ".join(a.family for a in ecosystem.agents) + ".", ""]
    return "\n".join(lines)


def errors() -> str:
    """Every failure with its status."""
    lines = [
        "# Errors",
        "",
        "Every refusal is a problem document (RFC 9457).",
        "",
        "| type | status | title | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for kind, status in STATUS.items():
        dashed = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("-")
        lines.append(f"| `{dashed}` | {status} | {kind.title} | {' '.join((kind.__doc__ or '').split())} |")
    return "\n".join([*lines, ""])


def readings() -> str:
    """Columns, dimensions, measures."""
    lines = [
        "# Readings",
        "",
        "One row per exchange, in `readings/YYYY-MM-DD/*.parquet` and, until compacted, in `readings/journal/*.jsonl`.",
        "",
        "| column | type |",
        "| --- | --- |",
    ]
    lines += [f"| `{name}` | {COLUMNS[name]} |" for name in Reading._fields]
    lines += [
        "",
        "Dimensions: " + ", ".join(f"`{name}`" for name in DIMENSIONS) + ".",
        "",
        "| measure | unit | definition |",
        "| --- | --- | --- |",
    ]
    lines += [f"| `{name}` | {m.unit} | {m.definition} |" for name, m in MEASURES.items()]
    return "\n".join([*lines, ""])


def report() -> str:
    """The JSON of `subak analyze`: every object with its fields, and what the names mean."""
    schema = msgspec.json.schema(Report)["$defs"]
    lines = [
        "# The report of `subak analyze`",
        "",
        f"`subak analyze --json` and `report.json`, version {VERSION}. Shares are 0 … 1, times are Unix seconds, money "
        'is text with all its digits, `null` is "cannot be known from these logs". With `--compare`, `comparison` is '
        "added. Names are never given another meaning: that is a new name or a new version.",
        "",
    ]
    for name, one in schema.items():
        doc = " ".join(one.get("description", "").split())
        lines += [f"## {name.replace('_', ' ').strip()}", "", doc, "", "| field | type |", "| --- | --- |"]
        lines += [f"| `{field}` | {_type(kind)} |" for field, kind in one.get("properties", {}).items()]
        lines.append("")
    lines += ["## Names", "", "| name | title | unit | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{name}` | {n.title} | {n.unit or 'text'} | {n.meaning} |" for name, n in NAMES.items()]
    return "\n".join([*lines, ""])


def _type(kind: dict[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "$ref" in kind:
        return kind["$ref"].rpartition("/")[2].replace("_", " ").strip()
    if "anyOf" in kind:
        return " or ".join(_type(one) for one in kind["anyOf"])
    if kind.get("type") == "array":
        parts = kind.get("prefixItems")
        return f"({', '.join(map(_type, parts))})" if parts else f"list of {_type(kind.get('items') or {})}"
    if kind.get("type") == "object" and isinstance(kind.get("additionalProperties"), dict):
        return f"name → {_type(kind['additionalProperties'])}"
    return {"decimal": "money (text)"}.get(kind.get("format", ""), kind.get("type", "any"))


PAGES = {
    "settings.md": settings, "registries.md": registries, "errors.md": errors, "readings.md": readings,
    "report.md": report,
}  # fmt: skip


README = FOLDER.parent.parent / "README.md"
BEGIN, END = "<!-- registries: written by `make docs` -->\n", "<!-- /registries -->\n"


def readme() -> str:
    """The README with today's table of registries."""
    text = README.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit("README.md has no place for the table of registries")
    return before + BEGIN + table() + END + after


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check tell which are out of date (exit 1)."""
    old = []
    for name, make in PAGES.items():
        text = NOTE + make()
        file = FOLDER / name
        if "--check" in arguments:
            if not file.is_file() or file.read_text("utf-8") != text:
                old.append(name)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    if "--check" not in arguments:
        README.write_text(readme(), "utf-8")
    elif README.read_text("utf-8") != readme():
        old.append("README.md")
    if old:
        print(f"out of date: {', '.join(old)}; run `make docs`", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
