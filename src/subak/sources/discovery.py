"""Which upstream each ecosystem has: what the operator chose, what this machine's clients use, what they have built in.

No host name stands here. The order is

1. `[upstream.registries]` in subak.toml or SUBAK_UPSTREAM_<ECOSYSTEM>;
2. the variables and files in which this machine's clients name their registry, unless they name this gateway;
3. what was found there at an earlier start (`remember`), when the clients are silent today or point here: the
   very act of pointing pip at Subak must not make Subak forget where pip pointed before;
4. what a client or a well-kept library has built in.

A setting that is there but cannot be understood ends the search with a problem instead of falling through to a
public registry: a company's index must not be replaced by another one because of a typing error.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import ipaddress
import json
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from subak.ecosystems.base import Ecosystem, Hints
from subak.errors import ConfigError, StoreFailed
from subak.sources.clientfiles import locate, pick, read, tidy

MEMORY = "upstreams.json"
"""The file in the data folder that remembers upstreams from start to start."""

CHOSEN, CLIENT, REMEMBERED, BUILTIN, NOBODY = "chosen", "client", "remembered", "builtin", "nobody"


@dataclass(frozen=True, slots=True)
class Found:
    """One ecosystem's upstream, or why there is none. Neither `repr` nor any text holds credentials."""

    ecosystem: str
    url: str = ""
    """The index's base URL, ending in '/', without credentials; '' when there is none."""
    where: str = ""
    """For people: 'from PIP_INDEX_URL', 'from ~/.npmrc', 'built into pip', 'from subak.toml'."""
    problem: str = ""
    """One sentence when `url` is ''."""
    authorization: str = field(default="", repr=False)
    """The Authorization header for exactly this URL's origin, '' for none."""
    by: str = NOBODY
    """Who named it: chosen | client | remembered | builtin | nobody."""
    credentialed: bool = False
    """It was named together with credentials (kept out of the memory)."""
    notes: tuple[str, ...] = ()
    """What was passed over on the way, in sentences."""


def discover_all(
    ecosystems: Iterable[Ecosystem],
    registries: Mapping[str, str],
    environ: Mapping[str, str],
    home: Path,
    own: Collection[str],
    remembered: Mapping[str, Found] | None = None,
) -> tuple[Found, ...]:
    """`discover` for each ecosystem; `registries` is [upstream.registries], `remembered` comes from `recall`."""
    return tuple(
        discover(e, registries.get(e.name, "auto"), environ, home, own, (remembered or {}).get(e.name))
        for e in ecosystems
    )


def discover(
    ecosystem: Ecosystem,
    chosen: str,
    environ: Mapping[str, str],
    home: Path,
    own: Collection[str],
    remembered: Found | None = None,
) -> Found:
    """The upstream of one ecosystem; never raises, a failure is a Found with a `problem`.

    `chosen` is a URL, 'auto' or 'off'. `own` lists where this gateway is reached, as 'host:port' or URLs (see
    `addresses`).
    """
    name = ecosystem.name
    if chosen == "off":
        return Found(name, where=_chosen_where(name, chosen, environ), problem="it is switched off", by=CHOSEN)
    if chosen not in ("", "auto"):
        return _credited(_chosen(ecosystem, chosen, environ, own), ecosystem, environ, home)
    notes: list[str] = []
    for said in _clients_say(ecosystem.hints, environ, home):
        if said.problem:
            return Found(name, where=said.where, problem=said.problem, by=CLIENT, notes=tuple(notes))
        try:
            url, authorization = split_credentials(said.value)
        except ValueError as error:
            return Found(
                name, where=said.where, problem=f"the address {said.where} {error}", by=CLIENT, notes=tuple(notes)
            )
        if is_ours(url, own):
            notes.append(f"the address {said.where} is this gateway and was passed over")
            continue
        found = Found(name, url, said.where, "", authorization, CLIENT, bool(authorization), tuple(notes))
        return _credited(found, ecosystem, environ, home)
    if remembered and remembered.url and not is_ours(remembered.url, own):
        return _recalled(remembered, notes, ecosystem, environ, home)
    return replace(_builtin(ecosystem, own), notes=tuple(notes))


# ---------------------------------------------------------------- memory


def _recalled(
    remembered: Found, notes: Sequence[str], ecosystem: Ecosystem, environ: Mapping[str, str], home: Path
) -> Found:
    """What the clients said at an earlier start, with the credentials they hold today."""
    where = f"remembered, {remembered.where}"
    found = _credited(replace(remembered, where=where, by=REMEMBERED, notes=tuple(notes)), ecosystem, environ, home)
    if remembered.credentialed and not found.authorization:
        lost = f"its credentials are not remembered: set SUBAK_UPSTREAM_{found.ecosystem.upper()} to a URL with them"
        return replace(found, notes=(*found.notes, lost))
    return found


def recall(file: Path) -> dict[str, Found]:
    """What `remember` wrote; empty if there is no such file. Raises ConfigError if it cannot be understood:
    going on without it could swap a company's index for a public one."""
    try:
        tree = json.loads(file.read_bytes())
        if tree["version"] != 1:
            raise ValueError("it was written by another version")
        return {
            name: Found(name, str(row["url"]), str(row["where"]), by=CLIENT, credentialed=bool(row["credentialed"]))
            for name, row in tree["upstreams"].items()
        }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", fix="Make it readable, or delete it.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} cannot be understood", fix="Delete it to look for upstreams afresh.") from error


def remember(founds: Iterable[Found], file: Path) -> None:
    """Note what the clients say today, atomically; nothing is written when nothing is new. Raises StoreFailed.

    Only finds that a later search could miss are kept: not what is built in (the next version may know better),
    not what subak.toml says, never credentials. A memory that was used, or not needed today, stays.
    """
    old = recall(file)
    new = old | {f.ecosystem: f for f in founds if f.by == CLIENT and f.url}
    if not new:
        return
    rows = {n: {"url": f.url, "where": f.where, "credentialed": f.credentialed} for n, f in sorted(new.items())}
    body = json.dumps({"version": 1, "upstreams": rows}, indent=2) + "\n"
    try:
        if file.exists() and file.read_text("utf-8") == body:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".upstreams-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(body)
        os.replace(temporary, file)
    except OSError as error:
        raise StoreFailed(f"cannot write {file}: {error.strerror}", fix="Make the data folder writable.") from error


# ---------------------------------------------------------------- URLs


def split_credentials(text: str) -> tuple[str, str]:
    """'https://user:pw@host/simple?x' → (normalised URL ending in '/', Authorization value or '').

    Raises ValueError with a reason that does not quote the text. uv's 'name=https://…' is understood.
    """
    parts = _split(re.sub(r"^[\w.-]+=(?=https?://)", "", text.strip()))
    authorization = ""
    if parts.username is not None or parts.password is not None:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return f"{_origin(parts)}{parts.path.rstrip('/')}/", authorization


def addresses(host: str, port: int, public_url: str = "") -> tuple[str, ...]:
    """The `own` of `discover`, from where the gateway listens and how clients see it."""
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return (netloc, public_url) if public_url else (netloc,)


def is_ours(url: str, own: Collection[str]) -> bool:
    """Does the URL lead back to one of our own addresses, whichever name of this machine it uses?"""
    theirs = _split(url)
    for entry in own:
        ours = _split(entry if "://" in entry else f"http://{entry}")
        same_host = ours.hostname == theirs.hostname
        # Whatever address we listen on, the loopback names with our port are not somebody else's index.
        by_loopback = _is_here(theirs.hostname or "") and ("://" not in entry or _is_here(ours.hostname or ""))
        below = f"{theirs.path.rstrip('/')}/".startswith(f"{ours.path.rstrip('/')}/")
        if _port(ours) == _port(theirs) and (same_host or by_loopback) and below:
            return True
    return False


def _split(text: str) -> SplitResult:
    if re.search(r"[\x00-\x20\x7f\\<>\"]", text):
        raise ValueError("holds characters that no URL has")
    try:
        parts = urlsplit(text)
        _ = parts.port
        if parts.hostname:
            parts.hostname.encode("idna")
    except ValueError as error:  # urlsplit's own text quotes the URL, which may hold a password
        raise ValueError("is not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http(s) URL")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _origin(parts: SplitResult) -> str:
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{netloc}" + ("" if _port(parts) == default else f":{_port(parts)}")


def _is_here(host: str) -> bool:
    if host.rstrip(".") == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# ---------------------------------------------------------------- places to look


@dataclass(frozen=True, slots=True)
class _Said:
    """What one place says."""

    value: str
    where: str
    problem: str = ""


def _clients_say(hints: Hints, environ: Mapping[str, str], home: Path) -> Iterator[_Said]:
    for variable in hints.environ:
        if environ.get(variable, "").strip():
            yield _Said(environ[variable], f"from {variable}")
    for file in hints.files:
        path = locate(file.path, environ, home)
        if path is None:
            continue
        where = f"from {tidy(path, home)}"
        try:
            value = pick(read(path, file.syntax, environ), file)
        except ValueError as error:
            yield _Said("", where, f"{tidy(path, home)} may name an upstream, but {error}")
            continue
        if value:
            yield _Said(value, where)


def _chosen_where(name: str, chosen: str, environ: Mapping[str, str]) -> str:
    variable = f"SUBAK_UPSTREAM_{name.upper()}"
    return f"from {variable}" if environ.get(variable) == chosen else "from subak.toml"


def _chosen(ecosystem: Ecosystem, chosen: str, environ: Mapping[str, str], own: Collection[str]) -> Found:
    where = _chosen_where(ecosystem.name, chosen, environ)
    try:
        url, authorization = split_credentials(chosen)
    except ValueError as error:
        return Found(ecosystem.name, where=where, problem=f"the address {where} {error}", by=CHOSEN)
    if is_ours(url, own):
        return Found(ecosystem.name, where=where, problem=f"the address {where} is this gateway itself", by=CHOSEN)
    return Found(ecosystem.name, url, where, "", authorization, CHOSEN, bool(authorization))


def _builtin(ecosystem: Ecosystem, own: Collection[str]) -> Found:
    hints, name = ecosystem.hints, ecosystem.name
    set_one = f"set SUBAK_UPSTREAM_{name.upper()}, or {name} under [upstream.registries] in subak.toml"
    if not hints.builtin:
        return Found(name, problem=f"no client here names one and none is built in; {set_one}")
    try:
        url, where = _builtin_url(hints)
    except (ImportError, AttributeError, ValueError) as error:
        return Found(
            name, problem=f"no client here names one and {hints.builtin!r} does not either ({error}); {set_one}"
        )
    return Found(name, url, where, by=BUILTIN)


def _builtin_url(hints: Hints) -> tuple[str, str]:
    """Raises ImportError, AttributeError or ValueError when the library does not know."""
    if hints.builtin == "pip":
        return split_credentials(importlib.import_module("pip._internal.models.index").PyPI.simple_url)[
            0
        ], "built into pip"
    purl_type = hints.builtin.removeprefix("purl:")
    library = importlib.import_module("packageurl.contrib.purl2url")
    example = library.get_download_url(f"pkg:{purl_type}/a@1") or library.get_repo_url(f"pkg:{purl_type}/a@1") or ""
    root = _origin(_split(example))
    return split_credentials(f"{root}/{hints.path.lstrip('/')}")[0], "built into packageurl-python"


# ---------------------------------------------------------------- credentials


def _credited(found: Found, ecosystem: Ecosystem, environ: Mapping[str, str], home: Path) -> Found:
    """Add the credentials that this machine's clients hold for the same address.

    Never for the built-in registry: a developer's personal token there opens private packages, which would then
    be served to everybody who uses this gateway.
    """
    if not found.url or found.authorization or found.url == _builtin(ecosystem, ()).url:
        return found
    for said in _clients_say(ecosystem.hints, environ, home):
        try:
            url, authorization = split_credentials(said.value)
        except ValueError:
            continue  # `discover` reports it if it matters
        if authorization and _origin(_split(url)) == _origin(_split(found.url)):
            return _with(found, authorization, said.where)
    for file in (f for f in ecosystem.hints.files if f.syntax == "npmrc"):
        path = locate(file.path, environ, home)
        authorization = _npm_token(found.url, read(path, "npmrc", environ)) if path else ""
        if authorization:
            return _with(found, authorization, f"from {tidy(path, home)}" if path else "")
    return found


def _with(found: Found, authorization: str, where: str) -> Found:
    note = "" if where == found.where else f"credentials for it are taken {where}"
    notes = (*found.notes, note) if note else found.notes
    return replace(found, authorization=authorization, credentialed=True, notes=notes)


def _npm_token(url: str, settings: Mapping[str, str]) -> str:
    """The Authorization value npm would send to `url`: settings named '//host/path/:_authToken', nearest path first."""
    parts = urlsplit(url)
    place = f"//{parts.netloc}{parts.path.rstrip('/')}/"
    while len(place) > 2:
        token, basic = settings.get(f"{place}:_authToken", ""), settings.get(f"{place}:_auth", "")
        user, password = settings.get(f"{place}:username", ""), settings.get(f"{place}:_password", "")
        if token and "${" not in token:
            return f"Bearer {token}"
        if basic and "${" not in basic:
            return f"Basic {basic}"
        if user and password:
            return _npm_basic(user, password)
        place = place.rstrip("/").rpartition("/")[0] + "/"
    return ""


def _npm_basic(user: str, password: str) -> str:
    """npm keeps the password in base64."""
    try:
        secret = base64.b64decode(password, validate=True)
    except binascii.Error:
        return ""
    return "Basic " + base64.b64encode(user.encode() + b":" + secret).decode()
