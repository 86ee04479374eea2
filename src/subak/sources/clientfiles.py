"""What package managers' own configuration files say; small parsers, no opinion."""

from __future__ import annotations

import configparser
import glob
import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath

from subak.ecosystems.base import SettingFile
from subak.sources.trees import from_json, from_toml, from_xml

LARGEST = 2**20
"""Bytes of a configuration file that are read."""


def places(path: str, environ: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Where a hinted file is: '~/' is `home` ('~/.config/' obeys XDG_CONFIG_HOME), '$NAME' a variable's value. A path
    whose last part is a glob means every such file there is, in the order of their names.

    Empty when the variable is not set: then there is no such file.
    """
    if path.startswith("$"):
        variable, _, rest = path[1:].partition("/")
        if not environ.get(variable):
            return ()
        found = Path(environ[variable])
        found = found / rest if rest else found
    elif path.startswith("~/.config/") and environ.get("XDG_CONFIG_HOME"):
        found = Path(environ["XDG_CONFIG_HOME"]) / path.removeprefix("~/.config/")
    else:
        found = home / path.removeprefix("~/") if path.startswith("~/") else Path(path)
    last = path.rpartition("/")[2]
    if not glob.has_magic(last):
        return (found,)
    try:
        return tuple(sorted(found.parent.glob(last)))
    except PermissionError:
        return ()  # the client, which runs as we do, finds none either


def tidy(path: Path, home: Path) -> str:
    """A path for people: below the home folder it begins with '~/'."""
    return f"~/{path.relative_to(home).as_posix()}" if PurePath(path).is_relative_to(home) else str(path)


def read(path: Path, syntax: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting of a file as {dotted key: value}; empty when there is no such file. How keys are written:

    - ini 'section.key'; npmrc, yarnrc, env and yaml-line 'KEY' (yaml: at the top level);
    - yaml-list 'key': the first item of a list at the top level;
    - json, toml and xml as in sources/trees.py;
    - apt 'deb': the first binary source that is fetched by http(s); 'deb-security': the first such source with a
      suite for security updates.

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
    return _PARSERS[syntax](text.removeprefix("\ufeff"), environ)


def pick(settings: Mapping[str, str], file: SettingFile) -> str:
    """The first of the file's keys that is set, '' if none is.

    A whole segment '*' of a key stands for any name, and '{key}' for that key's value: with '{a.use}.url' the name
    is what `use` says in `a`.
    """
    if file.syntax == "ini":  # pip reads index_url and Index-URL as index-url
        settings = {_ini_key(key): value for key, value in settings.items()}
    for key in file.keys:
        wanted = _ini_key(key) if file.syntax == "ini" else key
        wanted = re.sub(r"\{([^{}]+)\}", lambda match: settings.get(match[1], match[0]), wanted)
        fitting = [wanted]
        if _ANY.search(wanted):
            pattern = re.compile(".+?".join(re.escape(part) for part in _ANY.split(wanted)))
            fitting = [known for known in settings if pattern.fullmatch(known)]
        value = next((settings[known].strip() for known in fitting if settings.get(known, "").strip()), "")
        if value:
            return value
    return ""


_ANY = re.compile(r"(?<![^.])\*(?![^.\[])")
"""'*' where a name would stand; in 'mirror[mirrorOf=*]' it is a star."""


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


def _yaml_list(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The first item of each list at the top level, in either notation: `key: [a, b]`, or `key:` and `- a` below."""
    found: dict[str, str] = {}
    key = ""
    for line in text.splitlines():
        head = re.match(r"(\"[^\"]*\"|'[^']*'|[\w:.-]*[\w.-])[ \t]*:(?:[ \t]+(.*))?$", line)
        item = re.match(r"[ \t]*-[ \t]+(\S.*)$", line)
        if head:
            key, rest = _unquoted(head[1]), (head[2] or "").strip()
            item = re.match(r"\[\s*(\"[^\"]*\"|'[^']*'|[^\s,\]]+)", rest)
        elif not item and line.startswith((" ", "\t")) and not line.lstrip().startswith("#"):
            key = ""  # a table, whose lists are not ours to read
        if item and key:
            found.setdefault(key, _filled(_unquoted(_uncommented(item[1])), environ))
    return found


def _env(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """KEY=value lines, as the go command and many others keep them."""
    rows = re.findall(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)$", text, re.MULTILINE)
    return {key: _unquoted(value.strip()) for key, value in rows}


def _apt(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """sources.list(5): one line a source, `deb [options] URI suite…`, or paragraphs with Types, URIs and Enabled."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    rows = (re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", line) for line in lines)
    sources = [(row[1], [row[2]]) for row in rows if row]
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines)):
        named = re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", paragraph, re.MULTILINE)
        fields = {name.lower(): value.split() for name, value in named}
        if "deb" in fields.get("types", ()) and fields.get("enabled", [""])[0].lower() not in ("no", "false", "0"):
            sources += [(uri, fields.get("suites", [])) for uri in fields.get("uris", ())]
    served = [(uri, suites) for uri, suites in sources if uri.startswith(("http://", "https://"))]
    secure = [uri for uri, suites in served if any(suite.endswith(("-security", "/updates")) for suite in suites)]
    return {"deb": served[0][0]} | ({"deb-security": secure[0]} if secure else {}) if served else {}


def _json(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    return from_json(text)


def _xml(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Maven fills `${env.NAME}`, NuGet `%NAME%`."""

    def fill(match: re.Match[str]) -> str:
        return environ.get(match[1] or match[2], match[0])

    return {key: re.sub(r"\$\{env\.(\w+)\}|%(\w+)%", fill, value) for key, value in from_xml(text).items()}


def _toml(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    return from_toml(text)


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
    "yaml-list": _yaml_list,
    "json": _json,
    "xml": _xml,
    "env": _env,
    "apt": _apt,
}
