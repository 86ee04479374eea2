"""Classifying tables: the same as deciding one by one, and right on planted truth that nobody tuned for."""

from __future__ import annotations

from math import comb
from pathlib import Path

import duckdb
import pytest
from tools.classes.table import cells as cells_of
from tools.classes.table import scores
from tools.classes.world import Wanted, build

from subak.analytics.classes import traits
from subak.analytics.classes.classify import classify, evidence_of, packed, unpacked
from subak.analytics.classes.decide import NOTHING, decide
from subak.analytics.classes.pack import ADVERSE, built_in
from subak.analytics.schema import TABLES, as_columns
from subak.analytics.software.record import PURPOSES

LINES = 60_000
SEED = 900


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(Wanted(seed=SEED, lines=LINES), id="with a range pack"),
        pytest.param(Wanted(seed=SEED, lines=LINES, ranges=False), id="without one"),
        pytest.param(Wanted(seed=SEED, lines=LINES, masked=("nexus", "trivy", "wget", "bandersnatch")), id="held out"),
    ],
)
def test_precision_on_a_blind_seed(wanted: Wanted, folder: Path) -> None:
    with build(wanted, folder) as engine:
        classify(engine)
        found = scores(cells_of(engine))
    labelled = {score.purpose: score for score in found if score.purpose != "unknown" and score.labelled}
    assert len(labelled) >= 8, "abstaining from everything is no answer"
    for purpose, score in labelled.items():
        if purpose in ADVERSE:
            assert score.precision >= 0.98, score
        else:
            assert not implausible(score.labelled, round(score.labelled * (1 - score.precision))), score
    informative = [score for purpose, score in labelled.items() if purpose not in ADVERSE]
    right = sum(score.precision * score.labelled for score in informative)
    assert right / sum(score.labelled for score in informative) >= 0.90


def implausible(labelled: int, wrong: int, precision: float = 0.90) -> bool:
    """Whether so many mistakes happen to a label of that precision once in twenty logs at most.

    A log of this size has a dozen streams of some purposes: of these two may be wrong by chance.
    """
    chances = (comb(labelled, k) * (1 - precision) ** k * precision ** (labelled - k) for k in range(wrong))
    return 1 - sum(chances) < 0.05


def test_what_chance_may_do() -> None:
    assert not implausible(14, 2)
    assert implausible(14, 5)
    assert not implausible(300, 30)
    assert implausible(300, 45)


def test_the_whole_table_is_decided_as_one_by_one(folder: Path) -> None:
    pack = built_in()
    with build(Wanted(seed=SEED, lines=LINES), folder) as engine:
        classify(engine)
        given = engine.execute("SELECT stream, purpose, posterior, flags FROM streams ORDER BY stream").fetchall()
        traits.measure(engine, pack)
        keys = dict(engine.execute("SELECT stream, key FROM x_traits").fetchall())
        agents = dict(engine.execute("SELECT stream, agent FROM streams").fetchall())
        said: dict[int, dict[str, float]] = {}
        for agent, purpose, weight in engine.execute("FROM declared").fetchall():
            said.setdefault(agent, {})[purpose] = weight
    assert len(given) == len(keys)
    for stream, purpose, posterior, flags in given[::7]:
        declared = said.get(agents[stream], {})
        decision = decide(evidence_of(traits.words(keys[stream], pack), declared, pack), pack)  # type: ignore[arg-type]
        assert (purpose, flags) == (decision.verdict.purpose, ",".join(decision.flags))
        assert posterior == pytest.approx(decision.verdict.posterior, abs=1e-12)


def test_tables_without_rows_and_logs_without_addresses() -> None:
    with duckdb.connect() as engine:
        for name, columns in TABLES.items():
            engine.execute(f"CREATE TABLE {name} ({as_columns(columns)})")
        classify(engine)
        engine.execute(
            "INSERT INTO agents BY NAME SELECT 0 AS agent, 'curl' AS software, 'library' AS kind, false AS ci"
        )
        engine.execute("INSERT INTO streams VALUES (0, -1, 'curl', 'library', 0, '', 0, '')")
        engine.execute(
            "INSERT INTO facts BY NAME SELECT 1e9 + i AS \"at\", -1 AS client, 0 AS stream, 'artifact' AS kind,"
            " 0 AS item, -1 AS document, 0 AS package, 'GET' AS method, 200::SMALLINT AS status FROM range(50) t(i)"
        )
        classify(engine)
        assert engine.execute("SELECT purpose <> '', posterior > 0, flags FROM streams").fetchall() == [
            (True, True, "")
        ]
        kept = {name for (name,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert kept == {*TABLES, "spells"}, "nothing else is left behind"


def test_sums_in_one_number() -> None:
    ends = tuple(400 if place % 2 else -400 for place in range(len(PURPOSES)))
    assert unpacked(packed(ends)) == ends
    assert unpacked(20 * packed(ends)) == tuple(20 * one for one in ends)
    assert unpacked(packed(ends) + packed(tuple(-one for one in ends))) == NOTHING
