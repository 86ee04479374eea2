"""`subak init`: a subak.toml that says what is in force, with every other setting there to be uncommented."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subak.config import SECTIONS, Bytes, Config, Seconds, load
from subak.errors import ConfigError, StoreFailed
from subak.sources.discovery import Found

FILE = "subak.toml"


def write(folder: Path, upstreams: Sequence[Found], *, force: bool = False) -> Path:
    """Write `folder`/subak.toml, atomically, after reading it back as `subak serve` will.

    Raises ConfigError when there is one already (and not `force`), StoreFailed when it cannot be written.
    """
    target = folder / FILE
    if target.exists() and not force:
        raise ConfigError(f"{target} exists already", fix="Give --force to write it anew.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{FILE}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text(upstreams))
            load(temporary, {})
            os.chmod(temporary, 0o644)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise StoreFailed(f"cannot write {target}: {error.strerror}", fix="Choose another folder.") from error
    return target


def text(upstreams: Sequence[Found]) -> str:
    """The file: each setting commented out with its default, the upstreams as they were found."""
    rows = [
        "# Settings of Subak. Lines that begin with '#' show the defaults; remove the '#' to change one.",
        "# Every setting can also be given as a variable: SUBAK_<SECTION>_<KEY>, for example SUBAK_SERVER_PORT.",
    ]
    defaults = Config()
    for section in SECTIONS:
        rows += ["", f"[{section}]"]
        branch = getattr(defaults, section)
        for known in dataclasses.fields(branch):
            if known.name == "registries":  # a table of its own, at the end
                continue
            rows += ["", *(f"# {line}" for line in textwrap.wrap(known.metadata["help"], 110))]
            rows.append(f"#{known.name} = {value(getattr(branch, known.name))}")
    rows += [
        "",
        "# What each ecosystem is fetched from: a URL, 'auto' or 'off'. Credentials do not belong here: put them",
    ]
    rows += ["# into the URL of SUBAK_UPSTREAM_<ECOSYSTEM>.", "[upstream.registries]"]
    for found in (f for f in upstreams if not f.unnamed):
        said = found.where if found.url else found.problem
        rows += ["", f"# {_line(said)}", *(f"# {_line(note)}" for note in found.notes)]
        told = found.url or ("off" if found.off else "")
        rows.append(f"{found.ecosystem} = {value(told)}" if told else f'#{found.ecosystem} = "auto"')
    unnamed = [found.ecosystem for found in upstreams if found.unnamed]
    if unnamed:
        rows += ["", "# These are served once they have one; no client here names any yet."]
        rows += [f'#{name} = "auto"' for name in unnamed]
    return "\n".join(rows) + "\n"


def value(of: Any) -> str:
    """A setting as TOML; sizes and durations in the largest unit that says them exactly."""
    if isinstance(of, Bytes):
        factor, unit = next(
            (f, u) for f, u in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")) if of % f == 0
        )
        return f'"{of // factor} {unit}"'
    if isinstance(of, Seconds):
        units = ((86400, "d"), (3600, "h"), (60, "m"))
        factor, unit = next((u for u in units if of and of % u[0] == 0), (1, "s"))
        number = f"{of / factor:.6f}".rstrip("0").rstrip(".")
        return f'"{number}{unit}"'
    if isinstance(of, dict):
        return "{" + ", ".join(f"{value(k)} = {value(v)}" for k, v in of.items()) + "}"
    # JSON's texts, numbers, booleans and lists of texts are TOML, but for DEL and escaped surrogates.
    return json.dumps(of, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(words: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(words.split()))
