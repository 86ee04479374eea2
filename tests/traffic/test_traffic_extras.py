"""What the generator adds when it is asked to: broken lines, published versions, npm's sessions."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tools.traffic import broken, releases
from tools.traffic.formats import FORMATS
from tools.traffic.generate import Order, generate


@dataclass(frozen=True)
class Made:
    """A log and its truth."""

    order: Order

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer; {lines}, {actors}, {requests}, {addresses} and {broken} name the tables."""
        names = ("lines", "actors", "requests", "addresses", "broken")
        with duckdb.connect() as engine:
            return engine.execute(query.format(**{t: f"'{self.order.truth}/{t}.parquet'" for t in names})).fetchall()


def make(folder: Path, **wanted: Any) -> Made:
    order = Order(**({"seed": 7, "lines": 5000} | wanted), out=folder / "made.log", truth=folder / "truth")
    generate(order)
    return Made(order)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("released")
    return make(folder, lines=30_000, published=folder / "published.csv")


# ---------------------------------------------------------------- broken lines


@pytest.mark.parametrize("form", FORMATS)
def test_broken_lines_lie_where_their_table_says(tmp_path: Path, form: str) -> None:
    made = make(tmp_path, format=form, broken=0.03)
    lines = made.order.out.read_bytes().split(b"\n")
    rows = made.rows("SELECT file_line, bytes, kind, fate FROM {broken} ORDER BY file_line")
    assert [len(lines[at - 1]) + 1 for at, *_ in rows] == [size for _, size, *_ in rows]
    assert {kind for *_, kind, _ in rows} == {*broken.REJECTED, *broken.ACCEPTED, "empty", "long"}
    heads = 2 if form == "cloudfront" else 0
    assert len(lines) - 1 == 5000 + heads + len(rows)
    assert 100 <= len(rows) <= 200


def test_sound_lines_stay_as_they_were(tmp_path: Path, plain: Made) -> None:
    made = make(tmp_path, broken=0.03)
    gone = {at for (at,) in made.rows("SELECT file_line FROM {broken}")}
    lines = made.order.out.read_bytes().split(b"\n")
    left = [line for number, line in enumerate(lines, 1) if number not in gone]
    assert b"\n".join(left) == plain.order.out.read_bytes()
    assert made.rows("FROM {lines} ORDER BY line") == plain.rows("FROM {lines} ORDER BY line")


def test_there_is_no_table_of_what_was_not_asked_for(plain: Made) -> None:
    assert not (plain.order.truth / "broken.parquet").exists()
    assert {"broken", "published"}.isdisjoint(json.loads((plain.order.truth / "about.json").read_text()))


# ---------------------------------------------------------------- published versions


def test_nobody_comes_before_a_version_is_there(released: Made) -> None:
    assert released.order.published
    with released.order.published.open(newline="") as file:
        published = {
            row["purl"]: (datetime.fromisoformat(row["time"]) - released.order.start).total_seconds()
            for row in csv.DictReader(file)
        }
    lags: defaultdict[str, list[float]] = defaultdict(list)
    asked = released.rows(
        "SELECT ecosystem, r.name, version, second, purpose FROM {lines} JOIN {requests} r USING (request) "
        "JOIN {actors} USING (actor) WHERE kind = 'artifact' AND r.name <> ''"
    )
    for ecosystem, name, version, second, purpose in asked:
        at = published.get(releases.purl(ecosystem, name, version))
        if at is not None:
            lags[purpose].append(second - at)
    assert set(lags) == {"mirror", "caching-proxy", "dev-install"}
    middle = {purpose: sorted(found)[len(found) // 2] for purpose, found in lags.items()}
    assert min(min(found) for found in lags.values()) > 0
    assert middle["mirror"] < 600 < 3600 < middle["caching-proxy"] < middle["dev-install"]
    assert len(published) >= 50


@pytest.mark.parametrize(
    ("ecosystem", "name", "version", "told"),
    [
        ("npm", "@a/b", "1.2.0", "pkg:npm/%40a/b@1.2.0"),
        ("maven", "org.example.a:b", "1.0", "pkg:maven/org.example.a/b@1.0"),
        ("go", "code.example/a/b", "v1.1.0", "pkg:golang/code.example/a/b@v1.1.0"),
        ("rubygems", "a", "2.0", "pkg:gem/a@2.0"),
    ],
)
def test_package_urls(ecosystem: str, name: str, version: str, told: str) -> None:
    assert releases.purl(ecosystem, name, version) == told


def test_releases_and_chasers_are_within_the_lines(released: Made) -> None:
    assert released.rows("SELECT count(*) FROM {lines}") == [(30_000,)]
    assert released.rows("SELECT sum(lines) FROM {actors}") == [(30_000,)]
    classes = Counter(name for (name,) in released.rows("SELECT class FROM {actors} WHERE class LIKE 'chase-%'"))
    assert set(classes) == {"chase-mirror", "chase-update-bot", "chase-proxy", "chase-dev"}
    shared = released.rows(
        "SELECT address FROM {lines} JOIN {actors} USING (actor) GROUP BY address "
        "HAVING bool_or(class LIKE 'chase-%') AND NOT bool_and(class LIKE 'chase-%')"
    )
    assert shared == []


# ---------------------------------------------------------------- sessions


def test_a_session_is_one_run_of_npm(tmp_path: Path) -> None:
    made = make(tmp_path, format="json")
    lines = [json.loads(text) for text in made.order.out.read_text().splitlines()]
    actors = made.rows("SELECT actor, family FROM {lines} ORDER BY line")
    runs: defaultdict[str, set[int]] = defaultdict(set)
    for line, (actor, family) in zip(lines, actors, strict=True):
        assert bool(line["npm_session"]) == (family in ("npm", "npm-ci"))
        if line["npm_session"]:
            runs[line["npm_session"]].add(actor)
    assert all(len(found) == 1 for found in runs.values())
    assert len(runs) > 20
