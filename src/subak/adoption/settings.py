"""Which settings point which client here, and how each shell wants them written."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from subak.config import ServerConfig
from subak.ecosystems import ALL, family
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Skipped:
    """A client that cannot be pointed here now."""

    client: Client
    why: str
    """For people: 'oci has no upstream'."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Files of the machine that are copied with other addresses in them."""

    source: str
    """A path as in `SettingFile`."""
    to: str
    """Below the folder; a folder itself when it ends in '/'."""
    bases: tuple[tuple[str, str], ...]
    """An upstream's base URL, and ours in its place."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What has to be set so that these clients ask this gateway."""

    url: str
    clients: tuple[str, ...]
    environ: tuple[tuple[str, str], ...]
    """Names and values, in the order of the ecosystems."""
    folder: str = ""
    """Absolute path of the folder for `files` and `shims`, '' when there is none."""
    files: tuple[tuple[str, str], ...] = ()
    """Paths below `folder`, and texts. See adoption/clientfolder.py, which writes them."""
    shims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Programs, and the arguments that are put in front of a person's own."""
    copies: tuple[Copy, ...] = ()
    """See `clientfolder.copied`."""
    skipped: tuple[Skipped, ...] = ()


def url_of(server: ServerConfig) -> str:
    """Where clients on this machine reach the gateway, without trailing slash."""
    if server.public_url:
        return server.public_url.rstrip("/")
    # Listening on every address is no address to connect to.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(server.host, server.host)
    scheme = "https" if server.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"


_NO_URL = re.compile(r"[\s\x00-\x20\x7f\"'<>\\^`{|}?#$;&()!*]")
"""What no gateway's URL needs, and what would mean something else in the lines that people paste into a shell."""


def check_url(url: str) -> str:
    """The URL without trailing slash. Raises ConfigError unless it is an http(s) URL without credentials."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        usable = False
    if not usable or re.search(_NO_URL, url):
        raise ConfigError("the gateway's URL is not an http(s) URL", fix="Write it like http://127.0.0.1:8765")
    if parts.username is not None:
        raise ConfigError(
            "the gateway's URL must not hold credentials", fix="Put the key into the client's own settings."
        )
    return url.rstrip("/")


def known_clients(ecosystems: Iterable[Ecosystem] = ALL) -> tuple[str, ...]:
    """The names of all clients that can be pointed here."""
    return tuple(client.name for ecosystem in ecosystems for client in ecosystem.clients)


def settings_for(
    clients: Sequence[str],
    url: str,
    *,
    environ: Mapping[str, str] | None = None,
    ecosystems: Sequence[Ecosystem] = ALL,
    folder: Path | None = None,
    upstreams: Mapping[str, str] | None = None,
) -> Settings:
    """The variables and files for these clients (none named: for all), with the gateway at `url`.

    `environ` is the environment they will be added to: its NO_PROXY, PATH and options are kept and ours added.
    `folder` is where files may be written (`folder_for`), None for nowhere; `upstreams` are the gateway's, by
    name. Clients that need what is not there are skipped. Raises ConfigError for an unknown client or an
    unusable URL.
    """
    url = check_url(url)
    known = known_clients(ecosystems)
    unknown = [name for name in clients if name not in known]
    if unknown:
        raise ConfigError(f"unknown client {unknown[0]!r}", fix=f"Known clients: {', '.join(known)}.")
    environ, place = environ or {}, str(folder.absolute()) if folder else ""
    found: dict[str, str] = {}
    files: dict[str, str] = {}
    shims: dict[str, tuple[str, ...]] = {}
    copies: list[Copy] = []
    chosen: list[str] = []
    skipped: list[Skipped] = []
    for ecosystem, client in ((e, c) for e in ecosystems for c in e.clients if not clients or c.name in clients):
        upstream = (upstreams or {}).get(ecosystem.name, "")
        bases = _bases(ecosystem, url, upstreams or {}) if client.copies else ()
        why = _missing(client, ecosystem, place, upstream, bases)
        if why:
            skipped.append(Skipped(client, why))
            continue
        chosen.append(client.name)
        rows = client.environ + (client.plain_http if _plain(url) else ())
        found |= {name: _added(name, fill(value, url, place, upstream), environ) for name, value in rows}
        files |= {path: fill(text, url, place, upstream) for path, text in client.files}
        shims |= {name: tuple(fill(a, url, place, upstream) for a in arguments) for name, arguments in client.shims}
        copies += [Copy(source, to, bases) for source, to in client.copies]
    found |= _no_proxy(urlsplit(url).hostname or "", environ)
    if shims:
        found["PATH"] = ":".join((f"{place}/bin", *_path_without(environ.get("PATH", os.defpath), place)))
    return Settings(
        url, tuple(chosen), tuple(found.items()), place, tuple(files.items()), tuple(shims.items()), tuple(copies),
        tuple(skipped),
    )  # fmt: skip


def left_out(settings: Settings, concerns: Callable[[Client], bool]) -> list[str]:
    """For people: which clients were skipped and why, those that `concerns` them."""
    reasons = dict.fromkeys(skipped.why for skipped in settings.skipped)
    rows = {why: [s.client.name for s in settings.skipped if s.why == why and concerns(s.client)] for why in reasons}
    return [f"not pointed here: {', '.join(names)} ({why})" for why, names in rows.items() if names]


def installed(client: Client, environ: Mapping[str, str]) -> bool:
    """Is its program in PATH?"""
    return bool(shutil.which(program(client), path=environ.get("PATH", os.defpath)))


def folder_for(data: Path, url: str) -> Path:
    """Where the files and shims that point clients at `url` are kept."""
    return data.absolute() / "clients" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]


def needing_upstream(clients: Sequence[str] = (), ecosystems: Iterable[Ecosystem] = ALL) -> tuple[Ecosystem, ...]:
    """The ecosystems whose upstreams must be known to point these clients (none named: all) here."""
    named = ((e, [c for c in e.clients if not clients or c.name in clients]) for e in ecosystems)
    return tuple(e for e, chosen in named if any(c.copies or _names_upstream(c) for c in chosen))


def _names_upstream(client: Client) -> bool:
    return any("{upstream" in text for text in _templates(client))


def _bases(ecosystem: Ecosystem, url: str, upstreams: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Every upstream of this family that the gateway at `url` serves, and where it does."""
    own = {name: ecosystem.mount if name == ecosystem.name else f"/{name}" for name in upstreams}
    return tuple((u, url + own[name]) for name, u in upstreams.items() if u and family(name) == ecosystem.name)


def _templates(client: Client) -> Iterable[str]:
    yield from (value for _, value in client.environ + client.plain_http)
    yield from (text for _, text in client.files)
    yield from (argument for _, arguments in client.shims for argument in arguments)


def _missing(
    client: Client, ecosystem: Ecosystem, folder: str, upstream: str, bases: tuple[tuple[str, str], ...]
) -> str:
    """Why this client cannot be pointed here, '' if it can."""
    if (not upstream and _names_upstream(client)) or (not bases and client.copies):
        return f"{ecosystem.name} has no upstream"
    if not folder and (client.files or client.shims or client.copies):
        return "it needs files, which are for this machine only"
    if client.shims and ":" in folder:
        return f"PATH cannot hold {folder}, because of the colon"
    return ""


_OPTIONS = ("_OPTS", "_OPT", "_ARGS")
"""Variables that hold a program's further arguments end so."""


def _added(name: str, value: str, environ: Mapping[str, str]) -> str:
    """Options are added to those that are there, behind them; other variables have one value."""
    there = environ.get(name, "")
    if not there or not name.endswith(_OPTIONS):
        return value
    return there if f" {value} " in f" {there} " else f"{there} {value}"


def _path_without(path: str, folder: str) -> list[str]:
    return [entry for entry in path.split(":") if entry != f"{folder}/bin"] if path else []


def without(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """An environment less what these settings put into it; what names somebody else, and NO_PROXY, stays."""
    found = dict(environ)
    for name, value in settings.environ:
        there = found.get(name, "")
        if name == "PATH":
            found[name] = ":".join(_path_without(there, settings.folder))
        elif name.upper() != "NO_PROXY" and there == value:
            del found[name]
        elif name.endswith(_OPTIONS) and there.endswith(f" {value}"):
            found[name] = there.removesuffix(f" {value}")
    return found


_PLACEHOLDER = re.compile(r"\{(base|host|port|netloc|plain|folder|upstream|upstream_netloc)\}")


def fill(template: str, url: str, folder: str = "", upstream: str = "") -> str:
    """Put what is known into a template of `Client`; a placeholder for what is not known ('') stays."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    values = {
        "base": url,
        "host": parts.hostname or "",
        "port": str(port),
        "netloc": parts.netloc,
        "plain": "true" if parts.scheme == "http" else "false",
        "folder": folder,
        "upstream": upstream.rstrip("/"),
        "upstream_netloc": urlsplit(upstream).netloc,
    }
    return _PLACEHOLDER.sub(lambda match: values[match[1]] or match[0], template)


def line_for(client: Client, url: str, upstream: str = "") -> str:
    """The line a person types to point this client here for good; where that would take more than is known, one that
    points it here for now, '' if there is none."""
    line = fill(client.line, url, "", upstream)
    if not re.search(r"\{(?:folder|upstream|upstream_netloc)\}", line):
        return line
    return f"subak run -- {program(client)} …" if client.environ or client.files or client.shims else ""


def program(client: Client) -> str:
    """The command that a person types to use this client."""
    return client.version[0] if client.version else client.name


def is_loopback(host: str) -> bool:
    """Is this a name or address of this machine that no other machine can mean?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _no_proxy(host: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Our host added to NO_PROXY: npm and others send even http://127.0.0.1 to a proxy that is set.

    Both spellings are set, because where both exist clients disagree on which one counts.
    """
    rows = (environ.get("NO_PROXY", "") + "," + environ.get("no_proxy", "")).split(",")
    listed = list(dict.fromkeys(row.strip() for row in rows if row.strip()))
    if host not in listed and "*" not in listed:
        listed.append(host)
    return {"NO_PROXY": ",".join(listed), "no_proxy": ",".join(listed)}


# ---------------------------------------------------------------- shells


def render(settings: Settings, shell: str) -> str:
    """The settings as text for `shell`: bash, fish, powershell, github or gitlab. Ends with a newline."""
    before, row = SHELLS[shell]
    for name, _ in settings.environ:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} is no variable that a shell can set")
    return before + "".join(row(name, value) + "\n" for name, value in settings.environ)


def how_to_apply(shell: str) -> str:
    """How a person uses the output of `subak env --shell …`, as one line."""
    return _APPLY[shell]


def shell_of(environ: Mapping[str, str]) -> str:
    """The shell a person most likely types into."""
    if environ.get("SHELL", "").rpartition("/")[2] == "fish":
        return "fish"
    # PSModulePath is set on Windows everywhere; elsewhere only inside PowerShell.
    return "powershell" if environ.get("PSModulePath") and not environ.get("SHELL") else "bash"


def _bash(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    # PowerShell reads the typographic single quotes as quotes, too; each is doubled.
    doubled = re.sub("['\u2018-\u201b]", lambda match: match[0] * 2, value)
    return f"$env:{name} = '{doubled}'"


def _github(name: str, value: str) -> str:
    if "\n" not in value and "\r" not in value:
        return f"{name}={value}"
    end = "END"
    while end in value:
        end += "_"
    return f"{name}<<{end}\n{value}\n{end}"


def _gitlab(name: str, value: str) -> str:
    # A JSON text is a YAML text; GitLab expands $NAME unless the dollar is doubled.
    return f"  {name}: {json.dumps(value.replace('$', '$$'))}"


SHELLS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "bash": ("", _bash),
    "fish": ("", _fish),
    "powershell": ("", _powershell),
    "github": ("", _github),
    "gitlab": ("variables:\n", _gitlab),
}
"""What comes first, and one variable, in each shell's spelling."""

_APPLY: dict[str, str] = {
    "bash": 'eval "$(subak env)"',
    "fish": "subak env --shell fish | source",
    "powershell": "subak env --shell powershell | Out-String | Invoke-Expression",
    "github": 'subak env --shell github >> "$GITHUB_ENV"',
    "gitlab": "copy into .gitlab-ci.yml",
}
