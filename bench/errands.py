"""What one ecosystem's row runs: a client with an empty home, once pointed at the gateway and once not."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cold import PAUSE, RATE
from bench.places import installed
from bench.processes import Unavailable

from registry.weather import Weather
from subak.adoption.clientfolder import write
from subak.adoption.settings import settings_for

LINE = Weather(delay=PAUSE, piece=RATE // 1000, drip=0.001)
"""What stands between a client and a local registry: the pause of paced misses, and their rate, a millisecond's worth
of bytes at a time. A loopback that answers at once is no registry."""

NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there, for everything but loopback: what goes round the gateway fails."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a client is pointed."""

    gateway: str = ""
    """Its URL, '' for a direct run."""
    upstream: str = ""
    """The local registry behind it, '' where the client's own registry is asked."""

    def base(self, mount: str) -> str:
        """The registry's address for the client, ending in '/': the mount, or the local registry itself."""
        return f"{self.gateway}/{mount}/" if self.gateway else self.upstream


@dataclass(frozen=True, slots=True)
class Steps:
    """What is timed: commands in turn, in one folder and with one environment."""

    commands: tuple[tuple[str, ...], ...]
    environ: Mapping[str, str]
    folder: Path


@contextmanager
def real() -> Iterator[str]:
    """The registry that this machine's own client asks."""
    yield ""


@dataclass(frozen=True, slots=True)
class Errand:
    """One install. `prepare(folder, asked)` writes into an empty folder what it needs there."""

    ecosystem: str
    what: str
    programs: tuple[str, ...]
    """Without them in PATH it cannot run."""
    brings: str
    """A pattern below the folder for the files that must be there afterwards."""
    prepare: Callable[[Path, Asked], Steps]
    upstream: Callable[[Path], AbstractContextManager[str]] = lambda _: real()
    """Starts a local registry; gives its URL, '' for the real one."""
    direct: str = "the registry"
    """For people: what a direct run asks."""
    modules: tuple[str, ...] = ()
    """Python modules without which it cannot run."""


@dataclass(frozen=True, slots=True)
class Done:
    """One run."""

    seconds: float
    files: int
    bytes: int


def run(errand: Errand, folder: Path, asked: Asked) -> Done:
    """Prepare, time, look what came, and clean up. Raises Unavailable when a step fails."""
    steps = errand.prepare(folder, asked)
    try:
        seconds = sum(_step(command, steps, asked) for command in steps.commands)
        sizes = [file.stat().st_size for file in folder.glob(errand.brings) if file.is_file()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not sizes:
        raise Unavailable(f"{errand.what} brought no {errand.brings}")
    return Done(seconds, len(sizes), sum(sizes))


def _step(command: tuple[str, ...], steps: Steps, asked: Asked) -> float:
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=steps.folder, env=steps.environ, capture_output=True, text=True, timeout=600, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} takes more than {error.timeout:.0f} s") from error
    took = time.perf_counter() - began
    if done.returncode:
        where = f"through {asked.gateway}" if asked.gateway else "directly"
        raise Unavailable(f"{' '.join(command[:2])} fails {where}: {(done.stdout + done.stderr).strip()[-300:]}")
    return took


# ---------------------------------------------------------------- environments


def kept(*prefixes: str, **more: str) -> dict[str, str]:
    """This process's environment without Subak's settings and without variables that begin so, and with `more`."""
    foreign = re.compile("|".join(("SUBAK", "CI$", "XDG_", *prefixes)))
    return {name: value for name, value in os.environ.items() if not foreign.match(name)} | more


def astray() -> dict[str, str]:
    """Settings under which only loopback can be reached."""
    rows = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    return {**rows, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def pointed(client: str, folder: Path, gateway: str, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` as `subak run` would change it for this client; its files are written below `folder`."""
    settings = settings_for((client,), gateway, environ=environ, folder=folder / "subak")
    if settings.skipped:
        raise Unavailable(f"{client} cannot be pointed: {settings.skipped[0].why}")
    write(settings, environ)
    return {**environ, **dict(settings.environ)}


def absent(errand: Errand) -> str:
    """For people: which clients this machine lacks, '' if none."""
    programs = [program for program in errand.programs if not installed(program)]
    modules = [f"Python's {module}" for module in errand.modules if importlib.util.find_spec(module) is None]
    return " and ".join(programs + modules)
