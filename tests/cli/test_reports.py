"""`subak stats` and `subak explain`, from real readings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from subak import app as wiring
from subak.cli import reports, saying
from subak.model.exchange import Asked, Caller, Exchange, Kind, Origin, Sent, Subject
from subak.model.reading import meter

Type = Callable[..., Any]


def test_stats_without_readings(cli: Type) -> None:
    assert "No registry traffic" in cli("stats").out
    assert json.loads(cli("stats", "--json").out)["overall"]["requests"] == 0
    assert cli("stats", "--url", "http://127.0.0.1:9").code == 1


def test_stats_of_a_days_readings(cli: Type, tmp_path: Path) -> None:
    now = wiring.now()
    subject = Subject("npm", Kind.ARTIFACT, purl="pkg:npm/left-pad@1.3.0")
    miss = Exchange(
        Asked("GET", "/x", at=now - 5), subject, Caller(), origin=Origin.UPSTREAM, sent=Sent(200, 1000, 1000, True)
    )
    hit = replace(miss, origin=Origin.CACHE, sent=Sent(200, 1000, 0, True))
    folder = tmp_path / "data" / "readings" / "journal"
    folder.mkdir(parents=True)
    hour = time.strftime("%Y-%m-%dT%H", time.gmtime(now))
    (folder / f"{hour}-w-1.jsonl").write_bytes(b"".join(meter(x) + b"\n" for x in (miss, hit, hit)))
    overall = json.loads(cli("stats", "--json").out)["overall"]
    assert (overall["requests"], overall["hits"], overall["bytes_spared"]) == (3, 2, 2000)
    text = cli("stats", "--since", "7d").out
    assert "Last 7d: 3 requests, 66.7 % from copies; 2 outside requests avoided, 2.0 kB spared\n" in text
    assert "\npkg:npm/left-pad\t3\t2\t2\t0\t1\t" in text
    by_ecosystem = text.partition("# By ecosystem\n")[2].splitlines()
    assert by_ecosystem[0].startswith("ecosystem\trequests\tavoided\thits\t")
    assert by_ecosystem[1].startswith("npm\t3\t2\t")


def test_what_matters_fits_a_narrow_terminal(cli: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = Subject("debian-security", Kind.ARTIFACT, purl="pkg:deb/debian/" + "long-name-" * 6 + "@1.0")
    sent = Sent(200, 1_000_000_000, 1_000_000_000, True)
    row = meter(Exchange(Asked("GET", "/x", at=wiring.now() - 5), subject, Caller(), origin=Origin.CACHE, sent=sent))
    folder = tmp_path / "data" / "readings" / "journal"
    folder.mkdir(parents=True)
    hour = time.strftime("%Y-%m-%dT%H", time.gmtime(wiring.now()))
    (folder / f"{hour}-w-1.jsonl").write_bytes(row + b"\n")
    monkeypatch.setattr(reports, "pretty", lambda: True)
    monkeypatch.setattr(saying, "pretty", lambda: True)
    for columns, there, gone in (
        (60, (), "p95 ms"),
        (80, ("from copies", "hits"), "refused"),
        (140, ("refused", "p95 ms"), "x"),
    ):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = cli("stats").out.splitlines()
        (heading, figures) = next((a, b) for a, b in pairwise(lines) if a.startswith("ecosystem "))
        assert figures.startswith("debian-security "), "the name is never left out"
        assert all(word in heading for word in ("requests", "avoided", "spared", *there))
        assert gone not in heading
        assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("asked", ["/pypi/simple/numpy/", "/npm/@types%2fnode"])
def test_explain_tells_the_story_stage_by_stage(cli: Type, asked: str) -> None:
    stages = ["identify", "classify", "admit", "resolve", "verify", "serve", "meter"]
    said = cli("explain", asked)
    assert said.code == 0
    assert [line.split("\t")[0] for line in said.out.splitlines()] == stages
    assert isinstance(json.loads(cli("explain", asked, "--json").out), dict)
