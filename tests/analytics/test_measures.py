"""Every measure and dimension against plain Python over the same readings."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subak.analytics.compact import compact
from subak.analytics.measures import DIMENSIONS, MEASURES
from subak.analytics.stats import Value, stats
from subak.model.exchange import Kind, Origin
from subak.model.reading import Reading
from subak.store.journal import Journal

NOON = 1_790_078_400.0
COPIES = ("hit", "stale", "peer")

purls = st.sampled_from([
    "", "pkg:npm/demo", "pkg:npm/demo@1.0.0", "pkg:npm/demo@2.0.0-rc.1", "pkg:npm/%40types/node@20.1.0",
    "pkg:npm/@types/node", "pkg:pypi/demo@1.0?file_name=demo-1.0.tar.gz", "pkg:pypi/demo#sub@dir",
    "pkg:deb/debian/demo@1:2.3~rc1?arch=amd64",
])  # fmt: skip
texts = st.text(max_size=8) | st.sampled_from(["npm", "pip", "\x00", '"', "\\", "'; DROP", "𝄞"])
readings = st.builds(
    Reading,
    at=st.floats(NOON - 90_000, NOON).map(lambda at: round(at, 3)),
    ecosystem=st.sampled_from(["npm", "pypi", ""]),
    kind=st.sampled_from([str(kind) for kind in Kind]),
    purl=purls,
    consumer=texts,
    tier=st.just("anonymous"),
    agent=texts,
    agent_version=texts,
    ci=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
    status=st.sampled_from([0, 200, 206, 304, 403, 404, 429, 500, 504]),
    sent=st.integers(0, 2**45),
    fetched=st.integers(0, 2**45),
    origin=st.sampled_from([str(origin) for origin in Origin]),
    ms=st.floats(0, 1e6).map(lambda ms: round(ms, 3)),
    rule=st.sampled_from(["", "", "deny"]),
    error=st.sampled_from(["", "", "Mismatch", "NotFound"]),
)


def quantile(values: Sequence[float], q: float) -> float:
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ratio(rows: list[Reading]) -> float | None:
    copies = sum(r.origin in COPIES for r in rows)
    answered = copies + sum(r.origin == "miss" for r in rows)
    return copies / answered if answered else None


BRUTE: dict[str, Callable[[list[Reading]], Value]] = {
    "requests": len,
    "hits": lambda rows: sum(r.origin in ("hit", "peer") for r in rows),
    "stale": lambda rows: sum(r.origin == "stale" for r in rows),
    "misses": lambda rows: sum(r.origin == "miss" for r in rows),
    "refused": lambda rows: sum(r.rule != "" for r in rows),
    "errors": lambda rows: sum(r.status >= 500 or (r.status < 400 and r.error not in ("", "ClientGone")) for r in rows),
    "bytes_sent": lambda rows: sum(r.sent for r in rows),
    "bytes_fetched": lambda rows: sum(r.fetched for r in rows),
    "bytes_spared": lambda rows: sum(r.sent for r in rows if r.origin in COPIES),
    "outside_requests_avoided": lambda rows: sum(
        r.origin in ("hit", "peer") and r.kind not in ("relay", "own", "unknown", "made") for r in rows
    ),
    "hit_ratio": ratio,
    "p50_ms": lambda rows: quantile([r.ms for r in rows], 0.5),
    "p95_ms": lambda rows: quantile([r.ms for r in rows], 0.95),
}


def package(purl: str) -> str:
    bare = purl.split("#")[0].split("?")[0]
    head, at, version = bare.rpartition("@")
    return head if at and "/" not in version else bare


def moment(at: float) -> str:
    return datetime.datetime.fromtimestamp(int(at), datetime.UTC).isoformat()


GROUPED: dict[str, Callable[[Reading], Value]] = {
    "ecosystem": lambda r: r.ecosystem,
    "kind": lambda r: r.kind,
    "agent": lambda r: r.agent,
    "consumer": lambda r: r.consumer,
    "origin": lambda r: r.origin,
    "status": lambda r: r.status,
    "hour": lambda r: moment(r.at)[:13],
    "day": lambda r: moment(r.at)[:10],
    "purl": lambda r: r.purl,
    "package": lambda r: package(r.purl),
    "ci": lambda r: r.ci,
}


def test_every_name_has_its_brute_force() -> None:
    assert list(BRUTE) == list(MEASURES)
    assert list(GROUPED) == list(DIMENSIONS)
    assert all(m.definition.endswith(".") and m.unit for m in MEASURES.values())
    assert all(d.definition.endswith(".") for d in DIMENSIONS.values())


def keep(folder: Path, rows: list[Reading], at: float) -> None:
    journal = Journal(folder, "w0", lambda: at, 0.5, 10**6)
    journal.note_many(msgspec.json.encode(row._asdict()) for row in rows)
    journal.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(old=st.lists(readings, max_size=25), new=st.lists(readings, max_size=15), since=st.floats(NOON - 90_000, NOON))
def test_measures_equal_brute_force(
    tmp_path_factory: pytest.TempPathFactory, old: list[Reading], new: list[Reading], since: float
) -> None:
    folder = tmp_path_factory.mktemp("readings")
    keep(folder, old, NOON)
    assert compact(folder, NOON, 0).rows == len(old)
    keep(folder, new, NOON + 1)
    rows = [row for row in old + new if row.at >= since]
    whole = stats(folder, since, NOON + 1, [], list(MEASURES)).rows[0]
    check(dict(zip(MEASURES, whole, strict=True)), rows)
    for dimension, of in GROUPED.items():
        groups: dict[Value, list[Reading]] = defaultdict(list)
        for row in rows:
            groups[of(row)].append(row)
        table = stats(folder, since, NOON + 1, [dimension], list(MEASURES))
        assert {row[0] for row in table.rows} == set(groups)
        assert len(table.rows) == len(groups)
        for found in table.dicts():
            check(found, groups[found[dimension]])


def check(found: dict[str, Value], rows: list[Reading]) -> None:
    for name, brute in BRUTE.items():
        if name.startswith("p") and not rows:
            assert found[name] is None
        else:
            assert found[name] == (pytest.approx(brute(rows)) if brute(rows) is not None else None), name
