"""`subak doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from subak.adoption.asking import Who, probe
from subak.adoption.clientfolder import written
from subak.adoption.settings import folder_for, installed, line_for, settings_for
from subak.adoption.words import size
from subak.config import Config, upstream_variable
from subak.ecosystems import ALL
from subak.ecosystems.base import Client, Ecosystem, Route, Site
from subak.errors import SubakError
from subak.model.exchange import Kind, Subject
from subak.sources.discovery import Found

OK, WARN, FAIL = "ok", "warn", "fail"
EARLIEST = 1_767_225_600.0
"""2026-01-01: a clock that shows less was never set."""
SKEW = 300.0
"""Seconds that two clocks may differ before certificates and freshness suffer."""
FILES_FEW, FILES_ENOUGH = 256, 4096
"""Open files: below the first the gateway hardly runs, above the second nothing is in its way."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: str
    """ok | warn | fail"""
    text: str
    fix: str = ""
    """What to type or do, '' when nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined; filled in by the command, which alone reads clock and environment."""

    config: Config
    trouble: SubakError | None
    """Why the configuration could not be read; `config` is then the defaults."""
    upstreams: Sequence[Found]
    url: str
    environ: Mapping[str, str]
    now: Callable[[], float]
    """Unix time."""
    online: bool = True
    """Ask each upstream one cheap question."""
    ecosystems: Sequence[Ecosystem] = ALL


def examine(patient: Patient) -> list[Finding]:
    """Every check, in order. The slow ones (other programs, other machines) run side by side."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return [finding for found in pool.map(lambda check: list(check(patient)), CHECKS) for finding in found]


def worst(findings: Iterable[Finding]) -> str:
    """ok, warn or fail."""
    states = {finding.state for finding in findings}
    return next((state for state in (FAIL, WARN) if state in states), OK)


# ---------------------------------------------------------------- this machine


def settings(patient: Patient) -> Iterator[Finding]:
    """Can the configuration be read?"""
    if patient.trouble:
        yield Finding(
            "settings", FAIL, patient.trouble.detail, patient.trouble.fix or "Correct it, or write it anew: subak init"
        )
    else:
        yield Finding("settings", OK, f"read from {patient.config.source}")


def data_folder(patient: Patient) -> Iterator[Finding]:
    """Can the data folder be written, and is there room?"""
    folder, limits = patient.config.folder, patient.config.cache
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        yield Finding(
            "data folder",
            FAIL,
            f"{folder} cannot be written: {error.strerror}",
            "Set SUBAK_DATA, or repair its rights.",
        )
        return
    text = f"{folder}{'' if folder.exists() else ' (made at first start)'}, {size(free)} free"
    if free < limits.reserve:
        yield Finding(
            "data folder",
            FAIL,
            f"{text}: below the reserve, nothing new is kept",
            "Free space, or lower cache.reserve.",
        )
    elif free < limits.reserve + 2**30:
        yield Finding(
            "data folder", WARN, f"{text}: little above the reserve of {size(limits.reserve)}", "Free some space."
        )
    else:
        yield Finding("data folder", OK, text)


def open_files(patient: Patient) -> Iterator[Finding]:
    """May this machine's processes open enough files and connections?"""
    try:
        import resource
    except ImportError:
        return  # no such limit on this system
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    unlimited = limit in (resource.RLIM_INFINITY, -1)
    if unlimited or limit >= FILES_ENOUGH:
        yield Finding("open files", OK, "no limit" if unlimited else f"up to {limit}")
    else:
        state = WARN if limit >= FILES_FEW else FAIL
        yield Finding("open files", state, f"only {limit} at once, connections included", "ulimit -n 65536")


def clock(patient: Patient) -> Iterator[Finding]:
    """Was the clock ever set? Upstreams are compared in `upstreams`."""
    if patient.now() < EARLIEST:
        yield Finding(
            "clock", FAIL, "the clock of this machine was never set", "Set it; certificates and freshness need it."
        )
    else:
        yield Finding("clock", OK, "plausible")


def gateway(patient: Patient) -> Iterator[Finding]:
    """Does a gateway answer where clients will look for it?"""
    answer = probe(patient.url)
    if answer.who is Who.SUBAK and answer.status == 200:
        yield Finding("gateway", OK, f"answers at {patient.url}")
    elif answer.who is Who.SUBAK:
        yield Finding(
            "gateway", FAIL, f"answers {answer.status} at {patient.url}", "Look into what `subak serve` prints."
        )
    elif answer.who is Who.OTHER:
        yield Finding("gateway", FAIL, f"something else listens at {patient.url}", "Stop it, or set server.port.")
    else:
        yield Finding("gateway", WARN, f"none answers at {patient.url}", "subak serve")


# ---------------------------------------------------------------- upstreams


def upstreams(patient: Patient) -> Iterator[Finding]:
    """Has each ecosystem an upstream, and does it answer?"""
    by_name = {e.name: e for e in patient.ecosystems}
    asked = [found for found in patient.upstreams if found.ecosystem in by_name]
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield from pool.map(lambda found: _upstream(by_name[found.ecosystem], found, patient), asked)


def _upstream(ecosystem: Ecosystem, found: Found, patient: Patient) -> Finding:
    name = f"upstream {found.ecosystem}"
    if not found.url:
        fix = f"export {upstream_variable(found.ecosystem)}=URL"
        if found.off:
            return Finding(name, OK, found.problem)
        if not found.unnamed:
            return Finding(name, FAIL, found.problem, fix)
        users = [client.name for client in ecosystem.clients if installed(client, patient.environ)]
        if not users:
            return Finding(name, OK, f"not used here: {found.problem}")
        return Finding(name, WARN, f"{', '.join(users)} might use it, but {found.problem}", fix)
    beside = (f"{name} {value}" for name, value in found.further.items())
    text = "; ".join((f"{found.url} ({found.where})", *beside, *found.notes))
    if not patient.online:
        return Finding(name, OK, f"{text} (not asked)")
    try:
        status, date = _knock(_sample(ecosystem, found), found.authorization)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding(name, FAIL, f"{text} does not answer: {reason}", "Check the network, the proxy and the address.")
    asks_for_token = status == 401 and ecosystem.tokens and not found.authorization
    if status in (401, 403, 407) and not asks_for_token:
        fix = f"Put credentials into the URL of {upstream_variable(found.ecosystem)}"
        return Finding(name, FAIL, f"{text} answers {status}", fix)
    if status >= 500 or status == 429:
        return Finding(name, FAIL, f"{text} answers {status}", "Ask whoever runs it, or try later.")
    skew = _skew(date, patient.now())
    if abs(skew) > SKEW:
        return Finding(name, WARN, f"{text} answers; its clock differs by {skew:.0f} s", "Set this machine's clock.")
    return Finding(name, OK, f"{text} answers")


def _sample(ecosystem: Ecosystem, found: Found) -> str:
    """A small page to ask for: the one that tells where the rest is, or the project of the ecosystem's first client,
    which any such registry is likely to have (and a 404 is an answer as well); the base itself if there is none."""
    site = Site(found.url, further=found.further)
    name = ecosystem.clients[0].name if ecosystem.clients else ""
    routes = [route for route in ecosystem.routes if route.kind is Kind.INDEX] if name else []
    for subject in (ecosystem.signpost(site), *(_subject(ecosystem, route, name) for route in routes)):
        if subject:
            try:
                return ecosystem.source(subject, site)
            except SubakError:
                continue  # this upstream has no such page
    return found.url


def _subject(ecosystem: Ecosystem, route: Route, name: str) -> Subject | None:
    parameters = re.findall(r"\{([a-z_]+)\+?\}", route.pattern)
    if len(parameters) != 1 or route.query:
        return None
    try:
        subject = ecosystem.subject(route, {parameters[0]: name})
    except SubakError:
        return None
    return subject if isinstance(subject, Subject) else None


def _knock(url: str, authorization: str) -> tuple[int, str]:
    """Status and Date of one HEAD, or of a GET whose body is not read where HEAD is not offered. Raises OSError,
    HTTPException, ValueError. The proxies of the environment are used, as the gateway uses them."""
    for method in ("HEAD", "GET"):
        request = urllib.request.Request(url, method=method, headers={"User-Agent": "subak-doctor", "Accept": "*/*"})
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        try:
            with urllib.request.urlopen(request, timeout=15, context=ssl.create_default_context()) as response:
                return int(response.status), str(response.headers.get("Date", ""))
        except urllib.error.HTTPError as error:
            with error:
                if method == "GET" or error.code not in (400, 403, 405, 501):
                    return error.code, str(error.headers.get("Date", ""))
    raise AssertionError("GET returns")


def _skew(date: str, now: float) -> float:
    """Seconds by which an HTTP Date is ahead of `now`; 0 when it cannot be read."""
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (TypeError, ValueError):
        return 0.0


# ---------------------------------------------------------------- clients

ASK: dict[str, tuple[str, ...]] = {
    "pip": ("pip", "config", "get", "global.index-url"),
    "pdm": ("pdm", "config", "pypi.url"),
    "npm": ("npm", "config", "get", "registry"),
    "pnpm": ("pnpm", "config", "get", "registry"),
    "yarn": ("yarn", "config", "get", "registry"),
    "yarn-berry": ("yarn", "config", "get", "npmRegistryServer"),
    "go": ("go", "env", "GOPROXY"),
    "gem": ("gem", "sources", "--list"),
    "bundler": ("bundle", "config", "list"),
    "composer": ("composer", "--no-interaction", "config", "--global", "repositories"),
    "apt": ("apt-get", "indextargets", "--format", "$(SITE)"),
    "dotnet": ("dotnet", "nuget", "list", "source"),
    "conda": ("conda", "config", "--show", "channel_alias", "channels", "default_channels"),
}
"""How clients tell which registry they use; the others are judged by variables, files and shims alone."""


def clients(patient: Patient) -> Iterator[Finding]:
    """Which clients are installed, and do they point here?"""
    known = [(e, c) for e in patient.ecosystems for c in e.clients if c.version and installed(c, patient.environ)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        for found in pool.map(lambda row: _client(row[0], row[1], patient), known):
            yield from found


def _client(ecosystem: Ecosystem, client: Client, patient: Patient) -> list[Finding]:
    version = _version(_output(client.version, patient.environ))
    name = f"client {client.name}"
    if client.version[0] == "yarn" and (client.name == "yarn") != version.startswith(("0.", "1.")):
        return []  # two clients share one command: yarn 1 and its successor
    if not version:
        return [
            Finding(
                name, WARN, f"`{' '.join(client.version)}` does not work here", "Repair it, or remove it from PATH."
            )
        ]
    if _points_here(client, patient):
        return [Finding(name, OK, f"{version}, points here")]
    upstream = _upstreams(patient).get(ecosystem.name, "")
    if not upstream:
        return [Finding(name, OK, f"{version}, left alone: {ecosystem.name} has no upstream")]
    return [Finding(name, WARN, f"{version}, does not point here", line_for(client, patient.url, upstream))]


def _upstreams(patient: Patient) -> dict[str, str]:
    return {found.ecosystem: found.url for found in patient.upstreams if found.url}


def _points_here(client: Client, patient: Patient) -> bool:
    """By its variables, files and shims, or by what it says itself."""
    ours = settings_for(
        (client.name,), patient.url, ecosystems=patient.ecosystems,
        folder=folder_for(patient.config.folder, patient.url), upstreams=_upstreams(patient),
    )  # fmt: skip
    telling = {name for name, value in client.environ if re.search(r"\{(base|netloc|folder)\}", value)}
    rows = [(name, value) for name, value in ours.environ if name in telling]
    set_here = (rows or ours.shims) and all(_says(patient.environ.get(n, ""), v) for n, v in rows)
    if set_here and written(ours, patient.environ):
        return True
    if client.name not in ASK:
        return False
    told = _output(ASK[client.name], patient.environ)
    return any(_same(address, patient.url) for address in re.findall(r"https?://[^\s\"',|<>]+", told))


def _says(there: str, wanted: str) -> bool:
    return there.rstrip("/") == wanted.rstrip("/") or f" {wanted} " in f" {there} "


def _same(address: str, url: str) -> bool:
    try:
        return urlsplit(address).netloc == urlsplit(url).netloc and address.startswith(url)
    except ValueError:
        return False


def _output(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a command prints, '' when it fails. Corepack's shims are kept from fetching what they stand for."""
    quiet = {
        "COREPACK_ENABLE_NETWORK": "0",
        "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "COMPOSER_ALLOW_SUPERUSER": "1",
        "GOTOOLCHAIN": "local",
        "DOTNET_NOLOGO": "1",
    }
    program = shutil.which(command[0], path=environ.get("PATH", os.defpath))
    try:
        done = subprocess.run(
            [program or command[0], *command[1:]], env={**environ, **quiet}, capture_output=True, timeout=20,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _version(output: str) -> str:
    found = re.search(r"\d+(?:\.\d+)+(?:[-+.]?\w+)*", output)
    return found[0] if found else ""


CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    settings, data_folder, open_files, clock, gateway, upstreams, clients,
)  # fmt: skip
