"""From a log to a report, with all that can be asked for beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from subak.analytics.facts.gather import Options
from subak.analytics.limits import parse_tiers
from subak.analytics.privacy.epochs import derive
from subak.analytics.report import files
from subak.analytics.report.model import About
from subak.analytics.report.order import Order, analyse, explained
from subak.errors import BadRequest, NotFound

KEYS = derive(bytes(32), "2026-10")
ABOUT = About(made=0, subak="1", epoch="2026-10")
AGENT = "npm/11.0.0 node/v24.0.0 linux x64 workspaces/false"


def log(folder: Path, people: int = 25) -> Path:
    """Each of `people` addresses fetches the same file twice."""
    path = folder / "access.log"
    path.write_text(
        "".join(
            f'240.{n}.0.1 - - [05/Oct/2026:0{again}:00:{n:02} +0000] "GET /left-pad/-/left-pad-1.3.0.tgz HTTP/1.1" '
            f'200 1000 "-" "{AGENT}"\n'
            for again in range(2)
            for n in range(people)
        )
    )
    return path


def order(folder: Path, **more: object) -> Order:
    return Order(sources=(str(log(folder)),), options=Options(keys=KEYS), about=ABOUT, chance=bytes, **more)  # type: ignore[arg-type]


def test_a_log_becomes_a_report(tmp_path: Path) -> None:
    found = analyse(order(tmp_path))
    assert found.figures["requests"].value == 50
    assert [(row.level, row.requests, row.bytes) for row in found.avoidable] == [
        (level, 25, 25_000) for level in ("address", "network", "consumer")
    ]
    assert found.meta.packs.agents
    assert found.meta.packs.classes
    assert [row.name for row in found.packages.rows] == ["pkg:npm/left-pad"]


def test_a_table_that_was_asked_for(tmp_path: Path) -> None:
    (one,) = analyse(order(tmp_path, by=("ecosystem",), show=("requests", "bytes"), where="status = 200")).slices
    assert (one.by, one.show, one.units) == (["ecosystem"], ["requests", "bytes"], ["requests", "bytes"])
    assert one.rows == [["npm", 50, 50_000]]


def test_limits_and_publishing(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("pkg:npm/left-pad@1.3.0,2026-10-05T00:00:00Z\n")
    found = analyse(order(tmp_path, rules=parse_tiers(["limit=1/day per=address"]), published=tmp_path / "p.csv"))
    assert (found.simulations[0].units_hit, found.simulations[0].refused) == (25, 25)
    assert found.figures["published_within_hour"].n == 50


def test_what_is_left_on_the_disk(tmp_path: Path) -> None:
    found = analyse(
        order(tmp_path, parquet=tmp_path / "tables", rejects=tmp_path / "r.csv", sketch=tmp_path / "sketch.json")
    )
    assert files.read_report(tmp_path / "tables") == found
    assert (tmp_path / "r.csv").read_text() == "source,line,bytes,reason,sample\n"
    for path in (tmp_path / "tables", tmp_path / "sketch.json"):
        for file in [*path.iterdir()] if path.is_dir() else [path]:
            assert b"240.1" not in file.read_bytes()


def test_a_folder_in_use_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "mine").write_text("")
    with pytest.raises(BadRequest, match="is not empty"):
        analyse(order(tmp_path, parquet=tmp_path / "tables"))


def test_one_consumer_is_explained(tmp_path: Path) -> None:
    made = order(tmp_path)
    name = analyse(made).consumers.rows[0].name
    (one,) = explained(made.sources, made.options, name)
    assert one.requests == 2
    assert one.sentences()
    with pytest.raises(NotFound, match="no consumer 'c-nobody'"):
        explained(made.sources, made.options, "c-nobody")
