"""Installs of every ecosystem but Python and JavaScript, by their own clients: through a warm gateway, and directly."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench import local_registries, real_registries
from bench.errands import Asked, Done, Errand, absent, run
from bench.gateway import Subak
from bench.places import Ground
from bench.processes import Unavailable
from bench.table import Row

ERRANDS: tuple[Errand, ...] = (*real_registries.ERRANDS, *local_registries.ERRANDS)


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'ecosystems'. Every run begins with an empty home and empty client caches."""
    for errand in ERRANDS:
        try:
            yield _errand(errand, ground, times=1 if quick else 3)
        except (Unavailable, OSError, RuntimeError, subprocess.SubprocessError) as reason:
            yield Row("ecosystems", errand.what, missing=str(reason)[-400:])


def _errand(errand: Errand, ground: Ground, *, times: int) -> Row:
    """A cold run fills the gateway; then direct and warm runs in turn."""
    missing = absent(errand)
    if missing:
        raise Unavailable(f"{missing} NOT INSTALLED; tests/clients/prepare.sh says how")
    counted = ground.folder("outside") / "requests"
    direct: list[Done] = []
    warm: list[Done] = []
    outside: list[int] = []
    with errand.upstream(ground.folder("registry")) as upstream:
        home = ground.folder("home") if upstream else Path.home()
        local = {errand.ecosystem: upstream} if upstream else {}
        settings = {"SUBAK_CACHE_FRESH": "0"}  # as fresh as each registry's own time says
        with Subak(ground.folder("subak"), local, counted=counted, home=home, settings=settings) as subak:
            through, past = Asked(subak.url, upstream), Asked(upstream=upstream)
            cold = run(errand, ground.folder(errand.ecosystem), through)
            first, asked, files = _lines(counted), 0, 0
            for number in range(times):
                direct.append(run(errand, ground.folder(errand.ecosystem), past))
                if not number:  # by now every reading of the cold run has reached the disk
                    asked, files = subak.asked(errand.ecosystem), subak.files_fetched(errand.ecosystem)
                before = _lines(counted)
                warm.append(run(errand, ground.folder(errand.ecosystem), through))
                outside.append(_lines(counted) - before)
            files = subak.files_fetched(errand.ecosystem) - files
    if {done.files for done in (*direct, *warm)} != {cold.files}:
        raise Unavailable(f"runs brought different numbers of files: {cold}, {direct}, {warm}")
    plain, later = (statistics.median(done.seconds for done in runs) for runs in (direct, warm))
    raw = {
        "direct": [done.seconds for done in direct], "warm": [done.seconds for done in warm], "cold": cold.seconds,
        "outside": [first, *outside], "asked": asked, "files": cold.files, "bytes": cold.bytes,
        "files_fetched_warm": files,
    }  # fmt: skip
    again = f", BUT {files} files fetched again" if files else ""
    return Row(
        "ecosystems", f"{errand.what}, {cold.files} files of {cold.bytes / 1e6:.1f} MB",
        f"warm {later:.2f} s, {max(outside)} outside requests", f"direct {plain:.2f} s, {asked} requests",
        later / plain, "×", note=f"direct: {errand.direct}{again}", raw=raw,
    )  # fmt: skip


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0
