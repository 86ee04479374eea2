"""Which upstream each ecosystem has: what the operator chose, what this machine's clients use, what they have built in.

No host name stands here. The order is

1. `[upstream.registries]` in subak.toml or SUBAK_UPSTREAM_<REGISTRY>;
2. the variables and files in which this machine's clients name their registry, unless they name this gateway;
3. what was found there at an earlier start (`remember`), when the clients are silent today or point here: the
   very act of pointing pip at Subak must not make Subak forget where pip pointed before;
4. what a client or a well-kept library has built in.

What is wanted beside the address (`Hints.further`) is looked for in the same order, also when the address is chosen.

A setting that is there but cannot be understood ends the search with a problem instead of falling through to a
public registry: a company's index must not be replaced by another one because of a typing error.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from subak.config import Config, upstream_variable
from subak.ecosystems.base import Ecosystem, Hints
from subak.errors import ConfigError, StoreFailed
from subak.sources.builtin import Builtin, builtin, further
from subak.sources.clientfiles import pick, places, read, tidy
from subak.sources.urls import addresses, is_ours, origin, split, split_credentials

MEMORY = "upstreams.json"
"""The file in the data folder that remembers upstreams from start to start."""

CHOSEN, CLIENT, REMEMBERED, BUILTIN = "chosen", "client", "remembered", "builtin"
OFF, NOBODY = "off", "nobody"


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
    """Who named it: chosen | off | client | remembered | builtin | nobody."""
    credentialed: bool = False
    """It was named together with credentials (kept out of the memory)."""
    notes: tuple[str, ...] = ()
    """What was passed over on the way, in sentences."""
    further: Mapping[str, str] = field(default_factory=dict)
    """What was wanted beside the address and found (see `Hints.further`)."""

    @property
    def unnamed(self) -> bool:
        """Nobody named an upstream: nothing is wrong, the ecosystem is just not used here."""
        return not self.url and self.by == NOBODY

    @property
    def off(self) -> bool:
        """The operator switched it off."""
        return not self.url and self.by == OFF


def look_around(
    config: Config, ecosystems: Iterable[Ecosystem], environ: Mapping[str, str], home: Path
) -> tuple[Found, ...]:
    """The upstreams as this machine has them now, with what an earlier start remembers; nothing is written. Raises
    ConfigError."""
    own = addresses(config.server.host, config.server.port, config.server.public_url)
    remembered = recall(config.folder / MEMORY)
    return discover_all(ecosystems, config.upstream.registries, environ, home, own, remembered)


def discover_all(
    ecosystems: Iterable[Ecosystem],
    registries: Mapping[str, str],
    environ: Mapping[str, str],
    home: Path,
    own: Collection[str],
    remembered: Mapping[str, Found] | None = None,
) -> tuple[Found, ...]:
    """`discover` for each ecosystem; `registries` is [upstream.registries], `remembered` comes from `recall`."""
    founds = []
    for ecosystem in ecosystems:
        chosen, known = registries.get(ecosystem.name, "auto"), (remembered or {}).get(ecosystem.name)
        found = discover(ecosystem, chosen, environ, home, own, known)
        hints = tuple(_besides(_Here(ecosystem, environ, home, own), found, registries))
        founds.append(replace(found, notes=(*found.notes, *hints)))
    return tuple(founds)


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
    `urls.addresses`).
    """
    name = ecosystem.name
    if chosen == "off":
        return Found(name, where=_chosen_where(name, chosen, environ), problem="it is switched off", by=OFF)
    here = _Here(ecosystem, environ, home, own)
    found = _address(here, chosen, remembered)
    wanted = ecosystem.hints.further
    if not found.url or not wanted:
        return found
    try:
        said = further(wanted, environ, home)
    except ValueError as error:
        return Found(name, where=found.where, problem=str(error), by=CLIENT, notes=found.notes)
    known = found.further if found.by == REMEMBERED else here.builtin.further
    found = replace(found, further={key: value for key, value in (dict(known) | said).items() if value})
    if "sumdb" in wanted and not {"sumdb"} & (found.further.keys() | said.keys()):
        return replace(found, notes=(*found.notes, "no checksum database is known: set GOSUMDB"))
    return found


def _besides(here: _Here, found: Found, registries: Mapping[str, str]) -> Iterator[str]:
    """What further registries this machine's clients name that could be served, in sentences."""
    for suffix, key in here.hints.besides if found.url else ():
        name = f"{here.name}-{suffix}"
        for file in (replace(f, keys=(key,)) for f in here.hints.files if name not in registries):
            for path in places(file.path, here.environ, here.home):
                try:
                    url = split_credentials(pick(read(path, file.syntax, here.environ), file))[0]
                except ValueError:
                    continue  # it names none
                if not url.startswith(found.url) and not is_ours(url, here.own):
                    yield f"{tidy(path, here.home)} names {url} as well: set {upstream_variable(name)} to serve it, too"
                    return


class _Here:
    """One ecosystem on this machine."""

    def __init__(self, ecosystem: Ecosystem, environ: Mapping[str, str], home: Path, own: Collection[str]) -> None:
        self.ecosystem, self.environ, self.home, self.own = ecosystem, environ, home, own
        self.name, self.hints = ecosystem.name, ecosystem.hints

    @cached_property
    def builtin(self) -> Builtin:
        """What is built in; asked once, for it may start a program."""
        return builtin(self.hints, self.environ, self.home)


def _address(here: _Here, chosen: str, remembered: Found | None) -> Found:
    """The upstream without what is wanted beside its address."""
    name = here.name
    if chosen not in ("", "auto"):
        return _credited(_chosen(here, chosen), here)
    notes: list[str] = []
    for said in _clients_say(here.hints, here.environ, here.home):
        if said.problem:
            return Found(name, where=said.where, problem=said.problem, by=CLIENT, notes=tuple(notes))
        if not said.value:
            notes.append(f"the setting {said.where} names no address and was passed over")
            continue
        try:
            url, authorization = split_credentials(said.value)
        except ValueError as error:
            problem = f"the address {said.where} {error}"
            return Found(name, where=said.where, problem=problem, by=CLIENT, notes=tuple(notes))
        if is_ours(url, here.own):
            notes.append(f"the address {said.where} is this gateway and was passed over")
            continue
        found = Found(name, url, said.where, "", authorization, CLIENT, bool(authorization), tuple(notes))
        return _credited(found, here)
    if remembered and remembered.url and not is_ours(remembered.url, here.own):
        return _recalled(remembered, notes, here)
    return replace(_builtin(here), notes=tuple(notes))


# ---------------------------------------------------------------- memory


def _recalled(remembered: Found, notes: Sequence[str], here: _Here) -> Found:
    """What the clients said at an earlier start, with the credentials they hold today."""
    where = f"remembered, {remembered.where}"
    found = _credited(replace(remembered, where=where, by=REMEMBERED, notes=tuple(notes)), here)
    if remembered.credentialed and not found.authorization:
        lost = f"its credentials are not remembered: set {upstream_variable(found.ecosystem)} to a URL with them"
        return replace(found, notes=(*found.notes, lost))
    return found


def recall(file: Path) -> dict[str, Found]:
    """What `remember` wrote; empty if there is no such file. Raises ConfigError if it cannot be understood:
    going on without it could swap a company's index for a public one."""
    try:
        tree = json.loads(file.read_bytes())
        if tree["version"] != 1:
            raise ValueError("it was written by another version")
        return {name: _remembered(name, row) for name, row in tree["upstreams"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", fix="Make it readable, or delete it.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} cannot be understood", fix="Delete it to look for upstreams afresh.") from error


def _remembered(name: str, row: Mapping[str, Any]) -> Found:
    further = {str(key): str(value) for key, value in row.get("further", {}).items()}
    return Found(
        name, str(row["url"]), str(row["where"]), by=CLIENT, credentialed=bool(row["credentialed"]), further=further
    )


def remember(founds: Iterable[Found], file: Path) -> None:
    """Note what the clients say today, atomically; nothing is written when nothing is new. Raises StoreFailed.

    Only finds that a later search could miss are kept: not what is built in (the next version may know better),
    not what subak.toml says, never credentials. A memory that was used, or not needed today, stays.
    """
    old = recall(file)
    new = old | {f.ecosystem: f for f in founds if f.by == CLIENT and f.url}
    if not new:
        return
    rows = {
        name: {"url": f.url, "where": f.where, "credentialed": f.credentialed, "further": dict(f.further)}
        for name, f in sorted(new.items())
    }
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


# ---------------------------------------------------------------- places to look


@dataclass(frozen=True, slots=True)
class _Said:
    """What one place says."""

    value: str
    where: str
    problem: str = ""


def _clients_say(hints: Hints, environ: Mapping[str, str], home: Path) -> Iterator[_Said]:
    """What each variable and file says, '' for one that is set and names no address ('direct')."""
    for variable in hints.environ:
        if environ.get(variable, "").strip():
            yield _cleaned(hints, environ[variable].strip(), f"from {variable}")
    for file in hints.files:
        for path in places(file.path, environ, home):
            where = f"from {tidy(path, home)}"
            try:
                value = pick(read(path, file.syntax, environ), file)
            except ValueError as error:
                yield _Said("", where, f"{tidy(path, home)} may name an upstream, but {error}")
                continue
            if value:
                yield _cleaned(hints, value, where)


def _cleaned(hints: Hints, text: str, where: str) -> _Said:
    try:
        return _Said(hints.clean(text), where)
    except ValueError as error:
        reason = str(error)
        # Words of ours say why; those of a library might quote a password.
        plain = re.fullmatch(r"[a-z]+(?: [a-zA-Z]+,?)+", reason) and text not in reason
        return _Said("", where, f"the address {where} {reason if plain else 'is not a URL'}")


def _chosen_where(name: str, chosen: str, environ: Mapping[str, str]) -> str:
    variable = upstream_variable(name)
    return f"from {variable}" if environ.get(variable) == chosen else "from subak.toml"


def _chosen(here: _Here, chosen: str) -> Found:
    where = _chosen_where(here.name, chosen, here.environ)
    try:
        url, authorization = split_credentials(chosen)
    except ValueError as error:
        return Found(here.name, where=where, problem=f"the address {where} {error}", by=CHOSEN)
    if is_ours(url, here.own):
        return Found(here.name, where=where, problem=f"the address {where} is this gateway itself", by=CHOSEN)
    return Found(here.name, url, where, "", authorization, CHOSEN, bool(authorization))


def _builtin(here: _Here) -> Found:
    built = here.builtin
    if built.url:
        return Found(here.name, built.url, built.where, by=BUILTIN)
    set_one = f"set {upstream_variable(here.name)}, or {here.name} under [upstream.registries] in subak.toml"
    return Found(here.name, problem=f"no client here names one and {built.problem}; {set_one}")


# ---------------------------------------------------------------- credentials


def _credited(found: Found, here: _Here) -> Found:
    """Add the credentials that this machine's clients hold for the same address.

    Never for the built-in registry: a developer's personal token there opens private packages, which would then
    be served to everybody who uses this gateway.
    """
    if not found.url or found.authorization or found.url == here.builtin.url:
        return found
    for said in _clients_say(here.hints, here.environ, here.home):
        try:
            url, authorization = split_credentials(said.value)
        except ValueError:
            continue  # `discover` reports it if it matters
        if authorization and origin(split(url)) == origin(split(found.url)):
            return _with(found, authorization, said.where)
    for file in (f for f in here.hints.files if f.syntax == "npmrc"):
        for path in places(file.path, here.environ, here.home):
            authorization = _npm_token(found.url, read(path, "npmrc", here.environ))
            if authorization:
                return _with(found, authorization, f"from {tidy(path, here.home)}")
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
