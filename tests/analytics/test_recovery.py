"""What was planted is found again: by `subak analyze` on logs of both generators, with seeds that nobody tuned on."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from recovery_world import World, make, shards, top_share
from subak.analytics.facts.gather import Options, gather
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Names, canonical
from subak.analytics.ranges import load_ranges
from subak.analytics.report.model import Report, decode

SEEDS = {"traffic": 901, "replica": 902}
LINES = 40_000
ADVERSE = {"abuse", "ai-training"}
"""A wrong label harms: precision at least 0.98. Of all others but these at least 0.90."""
ABSTAINED = {"unknown", "script-unknown"}


@dataclass(frozen=True)
class Found:
    """A world and what is said about it."""

    world: World
    report: Report


def analyze(folder: Path, *arguments: str, stdin: bytes = b"") -> Report:
    """The report, by the very command that people run."""
    done = subprocess.run(
        [sys.executable, "-m", "subak", "analyze", *arguments, "--json", "--data", str(folder / "data")],
        input=stdin, capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return decode(done.stdout, "stdout")


@pytest.fixture(scope="module", params=sorted(SEEDS))
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp(request.param)
    world = make(folder, request.param, SEEDS[request.param], LINES)
    return Found(world, analyze(folder, str(world.log), "--ranges", str(world.ranges)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make(tmp_path_factory.mktemp("small"), "traffic", 903, 12_000)


# ---------------------------------------------------------------- figures


@pytest.mark.parametrize("weight", ["requests", "bytes"])
@pytest.mark.parametrize("level", ["address", "network"])
def test_top_shares_are_recovered(found: Found, level: str, weight: str) -> None:
    requests, sizes = found.world.weights(level)
    (told,) = [c for c in found.report.concentration if (c.level, c.weight) == (level, weight)]
    assert told.n == len(requests)
    assert told.top_share == pytest.approx(top_share(requests if weight == "requests" else sizes), abs=0.005)


@pytest.mark.parametrize("level", ["address", "network"])
def test_what_a_cache_would_spare_equals_a_cache_that_was_played_through(found: Found, level: str) -> None:
    (requests, sizes), (document_requests, document_sizes) = found.world.spared(level)
    (told,) = [a for a in found.report.avoidable if (a.level, a.cache) == (level, "ideal")]
    assert told.bytes == pytest.approx(sizes, rel=0.01)
    assert told.requests == pytest.approx(requests, rel=0.01)
    assert told.document_requests == pytest.approx(document_requests, rel=0.01)
    assert told.document_bytes == pytest.approx(document_sizes, rel=0.02)  # which of two within a second is spared


def test_every_request_and_byte_is_counted(found: Found) -> None:
    assert found.report.meta.accepted.lines == LINES
    assert sum(row.requests for row in found.report.purposes.rows) == LINES
    assert sum(row.requests for row in found.report.ecosystems.rows) == LINES
    told = sum(row.bytes for row in found.report.ecosystems.rows)
    assert told == sum(line.sent for line in found.world.lines)


def test_origins_are_those_of_the_range_pack(found: Found) -> None:
    with duckdb.connect() as engine:
        rows = engine.execute(
            f"SELECT origin, count(*) FROM '{found.world.truth}/lines.parquet' "
            f"JOIN '{found.world.truth}/addresses.parquet' USING (address) GROUP BY 1"
        ).fetchall()
    assert {row.name: row.requests for row in found.report.origins.rows} == dict(rows)


# ---------------------------------------------------------------- classes


@dataclass(frozen=True)
class Labels:
    """Requests by label, and those of them that the truth bears out; streams likewise."""

    requests: Counter[str]
    right: Counter[str]
    streams: Counter[str]
    right_streams: Counter[str]

    def precision(self, names: set[str]) -> float:
        return sum(self.right[n] for n in names) / sum(self.requests[n] for n in names)

    def precision_of_streams(self, names: set[str]) -> float:
        return sum(self.right_streams[n] for n in names) / sum(self.streams[n] for n in names)


@pytest.fixture(scope="module")
def labels(found: Found) -> Labels:
    """Labels of the streams against the truth of their addresses.

    An address with several purposes bears out as many requests of a label as it truly has; streams are counted only
    where an address has one purpose.
    """
    keys = derive(bytes(range(32)), "2026-10")
    names = Names(keys)
    truth: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in found.world.lines:
        truth[names.client(canonical(line.client).client)][line.purpose] += 1
    options = Options(keys=keys, ranges=load_ranges([found.world.ranges], 1_795_000_000.0))
    with gather([str(found.world.log)], options) as analysis:
        rows = analysis.engine.execute(
            "SELECT c.name, s.purpose, count(*), count(DISTINCT stream) FROM facts f JOIN streams s USING (stream) "
            "JOIN clients c ON c.client = f.client GROUP BY ALL"
        ).fetchall()
    told = Labels(Counter(), Counter(), Counter(), Counter())
    for client, purpose, requests, streams in rows:
        told.requests[purpose] += requests
        told.right[purpose] += min(requests, truth[client][purpose])
        if len(truth[client]) == 1:
            told.streams[purpose] += streams
            told.right_streams[purpose] += streams if purpose in truth[client] else 0
    assert sum(told.requests.values()) == LINES
    return told


def test_adverse_labels_are_right(labels: Labels) -> None:
    assert labels.precision(ADVERSE) >= 0.98
    assert labels.precision_of_streams(ADVERSE) >= 0.98


def test_informative_labels_are_right(labels: Labels) -> None:
    informative = set(labels.requests) - ADVERSE - ABSTAINED
    assert len(informative) >= 8
    assert labels.precision(informative) >= 0.90
    assert labels.precision_of_streams(informative) >= 0.90


# ---------------------------------------------------------------- one log, however it comes


def content(report: Report) -> Any:
    """Everything but how the log came."""
    plain = msgspec.to_builtins(report)
    del plain["meta"]["made"], plain["meta"]["sources"]
    return plain


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Places at which two reports differ; sums of fractions may differ in the last digits."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [d for key in one for d in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return [d for i, (a, b) in enumerate(zip(one, other, strict=True)) for d in differences(a, b, f"{where}[{i}]")]
    same = one == pytest.approx(other, rel=1e-9) if isinstance(one, float) else one == other
    return [] if same else [f"{where}: {one!r} | {other!r}"]


@pytest.fixture(scope="module")
def whole(small: World) -> Report:
    return analyze(small.log.parent, str(small.log))


def test_shards_in_any_order_say_the_same(small: World, whole: Report, tmp_path: Path) -> None:
    first, second, third = (str(path) for path in shards(small.log, tmp_path, 3))
    assert differences(content(analyze(small.log.parent, third, first, second)), content(whole)) == []


def test_gzip_and_standard_input_say_the_same(small: World, whole: Report, tmp_path: Path) -> None:
    packed = tmp_path / "access.log.gz"
    packed.write_bytes(gzip.compress(small.log.read_bytes(), 1))
    assert differences(content(analyze(small.log.parent, str(packed))), content(whole)) == []
    piped = analyze(small.log.parent, "-", stdin=small.log.read_bytes())
    assert differences(content(piped), content(whole)) == []


@pytest.mark.parametrize("form", ["combined", "json"])
def test_every_byte_is_accepted_rejected_or_skipped(tmp_path: Path, form: str) -> None:
    world = make(tmp_path, "traffic", 904, 5000, "--broken", "0.02", "--format", form)
    with duckdb.connect() as engine:
        broken = dict(
            engine.execute(f"SELECT fate, count(*) FROM '{world.truth}/broken.parquet' GROUP BY 1").fetchall()
        )
    meta = analyze(tmp_path, str(world.log)).meta
    assert meta.accepted.bytes + meta.rejected.bytes + meta.skipped.bytes == world.log.stat().st_size
    assert meta.accepted.lines == 5000 + broken["accepted"]
    assert (meta.rejected.lines, meta.skipped.lines) == (broken["rejected"], broken["skipped"])
