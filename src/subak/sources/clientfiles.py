"""What package managers' own configuration files say; small parsers, no opinion."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

from subak.ecosystems.base import SettingFile

LARGEST = 2**20
"""Bytes of a configuration file that are read."""


def locate(path: str, environ: Mapping[str, str], home: Path) -> Path | None:
    """Where a hinted file is: '~/' is `home` ('~/.config/' obeys XDG_CONFIG_HOME), '$NAME' a variable's value.

    None when the variable is not set: then there is no such file.
    """
    if path.startswith("$"):
        variable, _, rest = path[1:].partition("/")
        if not environ.get(variable):
            return None
        found = Path(environ[variable])
        return found / rest if rest else found
    if path.startswith("~/.config/") and environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"]) / path.removeprefix("~/.config/")
    return home / path.removeprefix("~/") if path.startswith("~/") else Path(path)


def tidy(path: Path, home: Path) -> str:
    """A path for people: below the home folder it begins with '~/'."""
    return f"~/{path.relative_to(home).as_posix()}" if PurePath(path).is_relative_to(home) else str(path)


def read(path: Path, syntax: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting of a file as {dotted key: value}; empty when there is no such file. Of an array of TOML tables
    only the one with `default = true` counts: 'index[default=true].url'.

    Raises ValueError, without quoting the file (it may hold credentials), when it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as error:
        raise ValueError(error.strerror or "it cannot be read") from error
    return parse(raw.decode("utf-8", "replace"), syntax, environ)


def parse(text: str, syntax: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Settings of `text` written in one of the syntaxes of `SettingFile`. Raises ValueError."""
    return _PARSERS[syntax](text, environ)


def pick(settings: Mapping[str, str], file: SettingFile) -> str:
    """The first of the file's keys that is set, '' if none is."""
    if file.syntax == "ini":  # pip reads index_url and Index-URL as index-url
        settings = {_ini_key(key): value for key, value in settings.items()}
    keys = (_ini_key(key) if file.syntax == "ini" else key for key in file.keys)
    return next((settings[key].strip() for key in keys if settings.get(key, "").strip()), "")


def _ini_key(key: str) -> str:
    return key.lower().replace("_", "-")


def _ini(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, AttributeError) as error:  # AttributeError: cpython#79571, a stray continuation
        raise ValueError("it is not a valid ini file") from error
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser.items(section)}


def _npmrc(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith((";", "#", "[")):
            found[_filled(key.strip(), environ)] = _filled(_unquoted(value.strip()), environ)
    return found


def _yarnrc(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Yarn 1: one `key value` a line, either may be quoted."""
    rows = re.findall(r"^[ \t]*(\"[^\"\n]*\"|[^\s#\"]\S*)[ \t]+(\S.*)$", text, re.MULTILINE)
    return {_unquoted(key): _filled(_unquoted(value.strip()), environ) for key, value in rows}


def _yaml_line(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The scalars at the top level of a YAML file; nested ones are not ours to read."""
    rows = re.findall(r"^(\"[^\"\n]*\"|'[^'\n]*'|[A-Za-z][\w.-]*)[ \t]*:[ \t]+(\S.*)$", text, re.MULTILINE)
    return {_unquoted(key): _filled(_unquoted(_uncommented(value)), environ) for key, value in rows}


def _toml(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    try:
        return dict(_flat(tomllib.loads(text), ""))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError("it is not valid TOML") from error


def _flat(tree: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, list):  # uv's [[index]]: the one that replaces the built-in index
            chosen = next((v for v in value if isinstance(v, dict) and v.get("default") is True), {})
            rows += _flat(chosen, f"{prefix}{key}[default=true].")
        elif isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            rows.append((f"{prefix}{key}", value))
    return rows


def _uncommented(value: str) -> str:
    quoted = re.match(r"\s*(\"[^\"]*\"|'[^']*')", value)
    return quoted[1] if quoted else re.split(r"\s#", value, maxsplit=1)[0].strip()


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value


def _filled(value: str, environ: Mapping[str, str]) -> str:
    """Fill `${X}`, `${X?}` (npm), `${X-default}` and `${X:-default}` (Yarn). An unset `${X}` stays, as in npm."""

    def fill(match: re.Match[str]) -> str:
        name, optional, default = match[1], match[2], match[3]
        if environ.get(name) or (name in environ and default is None):
            return environ[name]
        return default if default is not None else "" if optional else match[0]

    return re.sub(r"(?<!\\)\$\{(\w+)(?:(\?)|:?-([^}]*))?\}", fill, value)


_PARSERS: dict[str, Callable[[str, Mapping[str, str]], dict[str, str]]] = {
    "ini": _ini,
    "npmrc": _npmrc,
    "toml": _toml,
    "yaml-line": _yaml_line,
    "yarnrc": _yarnrc,
}
