"""Real installs from the registries that this machine uses: directly, through a cold gateway, through a warm one."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.gateway import Subak
from bench.places import ROOT, Ground
from bench.processes import Unavailable
from bench.table import Row

TREE = ROOT / "bench" / "tree"

PYTHON = (TREE / "requirements.txt").read_text().count("==")
JAVASCRIPT = (TREE / "package-lock.json").read_text().count('"integrity":')

FOREIGN = re.compile(r"(PIP_FIND_LINKS|PIP_INDEX_URL|UV_DEFAULT_INDEX|UV_INDEX_URL|UV_CACHE_DIR|npm_config_registry)$")
"""Settings that would lead a client elsewhere than its command line says; a direct run keeps the index ones."""


@dataclass(frozen=True, slots=True)
class Client:
    """One package manager and its install. `{base}` in `index` is the gateway's address."""

    name: str
    what: str
    command: tuple[str, ...]
    index: tuple[str, ...]
    files: tuple[str, ...] = ()
    """Files of bench/tree that its folder begins with."""


CLIENTS = (
    Client(
        "pip", f"pip install, {PYTHON} packages",
        (sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--target", "out", "--ignore-installed",
         "--only-binary", ":all:", "--disable-pip-version-check", "--no-compile", "-r", "requirements.txt"),
        ("--index-url", "{base}/pypi/simple/"), ("requirements.txt",),
    ),
    Client(
        "uv", f"uv pip install, {PYTHON} packages",
        ("uv", "pip", "install", "-q", "--no-cache", "--no-config", "--target", "out", "--only-binary", ":all:",
         "--python", sys.executable, "-r", "requirements.txt"),
        ("--default-index", "{base}/pypi/simple/"), ("requirements.txt",),
    ),
    Client(
        "npm", f"npm ci, {JAVASCRIPT} packages",
        ("npm", "ci", "--loglevel", "error", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", "cache"),
        ("--registry", "{base}/npm/"), ("package.json", "package-lock.json"),
    ),
)  # fmt: skip


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'installs'. Every run begins with an empty client cache."""
    for client in CLIENTS:
        try:
            yield from _client(client, ground, times=1 if quick else 3)
        except (Unavailable, OSError, subprocess.TimeoutExpired) as reason:
            yield Row("installs", client.what, missing=str(reason)[:300])


def _client(client: Client, ground: Ground, *, times: int) -> Iterator[Row]:
    """Direct and warm runs in turn; a cold run has a gateway of its own, the last one is then the warm one."""
    if not shutil.which(client.command[0]):
        raise Unavailable(f"{client.name} is not installed")
    cold, direct, warm, outside = [], [], [], []
    counted = ground.folder("outside") / "requests"
    for _ in range(min(times, 2) - 1):
        with _gateway(ground, counted) as spare:
            cold.append(_install(client, ground, spare.url))
    counted.write_text("")
    with _gateway(ground, counted) as subak:
        cold.append(_install(client, ground, subak.url))
        outside.append(_lines(counted))
        asked = subak.asked()
        for _ in range(times):
            direct.append(_install(client, ground, ""))
            before = _lines(counted)
            warm.append(_install(client, ground, subak.url))
            outside.append(_lines(counted) - before)
    plain, first, later = (statistics.median(seconds) for seconds in (direct, cold, warm))
    raw = {"direct": direct, "cold": cold, "warm": warm, "outside": outside, "asked": asked}
    for what, seconds, requests in (("cold", first, outside[0]), ("warm", later, outside[-1])):
        yield Row(
            "installs", f"{client.what}: {what} gateway", f"{seconds:.1f} s, {requests} outside requests",
            f"direct {plain:.1f} s, {asked} outside requests", seconds / plain, "×", raw=raw,
        )  # fmt: skip


def _gateway(ground: Ground, counted: Path) -> Subak:
    """A cold gateway that fetches from where this machine's clients would."""
    return Subak(ground.folder("subak"), counted=counted, home=Path.home(), settings={"SUBAK_CACHE_FRESH": "0"})


def _install(client: Client, ground: Ground, base: str) -> float:
    """Seconds of one install into an empty folder. Raises Unavailable when it fails."""
    folder = ground.folder(client.name)
    for file in client.files:
        shutil.copy(TREE / file, folder)
    index = [word.format(base=base) for word in client.index] if base else []
    began = time.perf_counter()
    done = subprocess.run(
        [*client.command, *index], cwd=folder, env=_environment(direct=not base), capture_output=True, text=True,
        timeout=900,
    )  # fmt: skip
    took = time.perf_counter() - began
    shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        where = f"through {base}" if base else "directly"
        raise Unavailable(f"{client.name} fails {where}: {(done.stderr or done.stdout).strip()[-300:]}")
    return took


def _environment(*, direct: bool) -> Mapping[str, str]:
    """What the client sees: a direct run keeps the machine's index, a run through us has ours alone."""
    foreign = re.compile("PIP_FIND_LINKS$") if direct else FOREIGN
    return {name: value for name, value in os.environ.items() if not foreign.match(name)}


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0
