"""Which settings point which client here, and how each shell wants them written."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import subak
from subak.config import Config, ServerConfig
from subak.ecosystems import ALL
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import ConfigError
from subak.sources.discovery import Found


@dataclass(frozen=True, slots=True)
class Settings:
    """What has to be set so that these clients ask this gateway."""

    url: str
    clients: tuple[str, ...]
    environ: tuple[tuple[str, str], ...]
    """Names and values, in the order of the ecosystems."""


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
) -> Settings:
    """The variables for these clients (none named: for all), with the gateway at `url`.

    `environ` is the environment they will be added to: its NO_PROXY is kept and ours appended. Raises ConfigError
    for an unknown client or an unusable URL.
    """
    url = check_url(url)
    known = known_clients(ecosystems)
    unknown = [name for name in clients if name not in known]
    if unknown:
        raise ConfigError(f"unknown client {unknown[0]!r}", fix=f"Known clients: {', '.join(known)}.")
    found: dict[str, str] = {}
    chosen = [c for e in ecosystems for c in e.clients if not clients or c.name in clients]
    for client in chosen:
        rows = client.environ + (client.plain_http if _plain(url) else ())
        found |= {name: fill(value, url) for name, value in rows}
    found |= _no_proxy(urlsplit(url).hostname or "", environ or {})
    return Settings(url, tuple(c.name for c in chosen), tuple(found.items()))


def fill(template: str, url: str) -> str:
    """Put our address into a template of `Client`: {base}, {host}, {port}, {netloc}."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    values = {"base": url, "host": parts.hostname or "", "port": str(port), "netloc": parts.netloc}
    return re.sub(r"\{(base|host|port|netloc)\}", lambda match: values[match[1]], template)


def line_for(client: Client, url: str) -> str:
    """The line a person types to point this client here for good."""
    return fill(client.line, url)


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


# ---------------------------------------------------------------- the banner of `subak serve`


def banner(url: str, upstreams: Sequence[Found], config: Config, ecosystems: Sequence[Ecosystem] = ALL) -> str:
    """What `subak serve` prints when it is ready: where it listens, what it fetches from, how to point clients here."""
    rows = [
        f"Subak {subak.__version__} listens on {url}",
        f"  data       {config.folder} (up to {config.cache.limit / 2**30:.0f} GiB)",
        f"  settings   {config.source}",
        "",
        "Upstreams",
    ]
    for found in upstreams:
        rows.append(f"  {found.ecosystem:<10} {found.url or 'none: ' + found.problem}")
        rows += [f"  {'':<10} {text}" for text in (f"{found.where}" if found.url else "", *found.notes) if text]
    rows += ["", "Point a client here"]
    rows += [f"  {c.name:<10} {line_for(c, url)}" for e in ecosystems for c in e.clients]
    rows += ["", "Or try it first", "  subak run -- COMMAND", ""]
    return "\n".join(rows)
