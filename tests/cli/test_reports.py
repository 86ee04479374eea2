"""`subak stats` and `subak explain`, from real readings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subak import app as wiring
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
    assert "\npkg:npm/left-pad\t3\t2\t" in text


@pytest.mark.parametrize("asked", ["/pypi/simple/numpy/", "/npm/@types%2fnode"])
def test_explain_tells_the_story_stage_by_stage(cli: Type, asked: str) -> None:
    stages = ["identify", "classify", "admit", "resolve", "verify", "serve", "meter"]
    said = cli("explain", asked)
    assert said.code == 0
    assert [line.split("\t")[0] for line in said.out.splitlines()] == stages
    assert isinstance(json.loads(cli("explain", asked, "--json").out), dict)
