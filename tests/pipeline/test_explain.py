"""The story of a request: told as the pipeline would decide, without doing anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_world import BASE, LIMITS, SMALL, STATUS, TOY, Answer, World, announced, index, sha256
from subak.errors import BadRequest, UpstreamDown
from subak.model.exchange import Agent, Asked, Caller, Verdict
from subak.model.reading import parse
from subak.pipeline.explain import STAGES, Explanation, Known, explain, read_question

NOW = 1_700_000_000.0


# ---------------------------------------------------------------- questions


@pytest.mark.parametrize(
    ("text", "method", "path", "query", "agent", "client"),
    [
        ("/toy/index/a/", "GET", "/toy/index/a/", "", "asker", "127.0.0.1"),
        ("  HEAD /toy/x?y=1 ", "HEAD", "/toy/x", "y=1", "asker", "127.0.0.1"),
        ("post /toy/search", "POST", "/toy/search", "", "asker", "127.0.0.1"),
        ("http://127.0.0.1:8765/toy/index/a/?q", "GET", "/toy/index/a/", "q", "asker", "127.0.0.1"),
        ("https://gateway.example", "GET", "/", "", "asker", "127.0.0.1"),
        ("http://[broken/x", "GET", "/x", "", "asker", "127.0.0.1"),
        (
            '10.0.0.7 - - [06/May/2024:07:08:09 +0000] "GET /toy/files/a HTTP/1.1" 200 5 "-" "pip/25.0 {\\"ci\\":1}"',
            "GET", "/toy/files/a", "", 'pip/25.0 {\\"ci\\":1}', "10.0.0.7",
        ),
        ('::1 - - [x] "HEAD /toy/a?b=c HTTP/2.0" 200 5', "HEAD", "/toy/a", "b=c", "asker", "::1"),
        ('10.0.0.7 - - [x] "GET /toy/a HTTP/1.1" 200 5 "-" "-"', "GET", "/toy/a", "", "", "10.0.0.7"),
    ],
)  # fmt: skip
def test_questions(text: str, method: str, path: str, query: str, agent: str, client: str) -> None:
    asked = read_question(text, "asker", NOW)
    assert (asked.method, asked.path, asked.query, asked.agent, asked.client) == (method, path, query, agent, client)
    assert asked.at == NOW


@pytest.mark.parametrize("text", ["", "numpy", "what is this", "ftp://x/y", "GET", "200 /x"])
def test_what_is_no_question(text: str) -> None:
    with pytest.raises(BadRequest, match="neither a path"):
        read_question(text, "", NOW)


# ---------------------------------------------------------------- stories


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish("a/1/a.whl")
    return made


def told(world: World, path: str, method: str = "GET") -> Explanation:
    known = Known(
        {"toy": TOY}, world.gatekeeper, world.catalogue, world.blobs, LIMITS, world.upstream.base, lambda: world.now
    )
    return explain(Asked(method, path, at=world.now), known)


def story(world: World, path: str) -> dict[str, str]:
    explanation = told(world, path)
    assert not explanation.refused
    assert [stage for stage, _ in explanation.stages] == list(STAGES)
    return dict(explanation.stages)


async def test_nothing_is_asked_and_nothing_changes(world: World) -> None:
    await world.ask("/toy/files/a/1/a.whl")
    await world.settled()
    before = len(world.upstream.asked), world.catalogue.totals(), len(world.meter.lines)
    for path in ("/", "/toy", "/toy/index/a/", "/toy/files/a/1/a.whl", "/toy/files/b/1/b.whl", "/toy/search"):
        told(world, path)
    assert (len(world.upstream.asked), world.catalogue.totals(), len(world.meter.lines)) == before


async def test_a_document_from_nothing_to_stale(world: World) -> None:
    path = "/toy/index/a/"
    first = story(world, path)
    assert "index of a (pkg:toy/a), route index, stored as index/a/" in first["identify"]
    assert first["resolve"] == f"we hold nothing: ask {BASE}index/a/ without a validator"
    await world.ask(path)
    world.now += 10
    held = story(world, path)["resolve"]
    assert "confirmed 10 s ago (good for 300 s): served at once" in held
    world.now += 300
    assert "marked stale, upstream asked behind" in story(world, path)["resolve"]
    world.now += 300
    old = story(world, path)
    assert f"ask {BASE}index/a/ with its validator; if that fails, our copy marked stale" in old["resolve"]
    assert "form plain by default (of plain, loud)" in old["serve"]


async def test_an_absence(world: World) -> None:
    path = "/toy/index/none/"
    await world.ask(path)
    explanation = told(world, path)
    assert explanation.refused
    assert "the upstream has no index/none/" in dict(explanation.stages)["resolve"]
    world.now += 100
    text = story(world, path)["resolve"]
    assert "we hold an absence" in text
    assert "marked stale" not in text  # an absence is not served instead


async def test_a_removed_document(world: World) -> None:
    await world.ask("/toy/index/a/")
    world.now += 1000
    world.upstream.pages[f"{BASE}index/a/"] = Answer(status=404)
    await world.ask("/toy/index/a/")
    assert "gone upstream since" in story(world, "/toy/index/a/")["resolve"]


async def test_a_file_from_unknown_to_held(world: World) -> None:
    path = "/toy/files/a/1/a.whl"
    assert "read index/a/, index/a-elsewhere/ first" in story(world, path)["resolve"]
    await world.ask("/toy/index/a/")
    known = story(world, path)
    assert known["resolve"].startswith("not held: fetch https://files.example/")
    assert known["verify"] == f"pinned by its index: sha256:{sha256(SMALL)}"
    await world.ask(path)
    await world.settled()
    assert story(world, path)["resolve"] == f"held as sha256 {sha256(SMALL)}, {len(SMALL)} bytes"
    world.blobs.remove(sha256(SMALL))
    assert story(world, path)["resolve"].startswith("not held")


async def test_an_unpinned_file(world: World) -> None:
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index(announced("a/1/a.whl", None)))
    await world.ask("/toy/index/a/")
    assert "first digest seen will be remembered" in story(world, "/toy/files/a/1/a.whl")["verify"]
    await world.ask("/toy/files/a/1/a.whl")
    await world.settled()
    assert "must match what was first seen: sha256:" in story(world, "/toy/files/a/1/a.whl")["verify"]


@pytest.mark.parametrize(
    ("path", "identified", "resolved"),
    [
        ("/", "one of this gateway's own pages", "made here"),
        ("/toy", "a misspelling, redirected to the front page", "made here"),
        ("/toy/index/Big/", "a misspelling, redirected to index/big/", "made here"),
        ("/toy/search", "relay, route search", f"passed on to {BASE}search"),
        (f"/toy/status/{STATUS.name}", "config of status", "we hold nothing"),
    ],
)
def test_other_kinds(world: World, path: str, identified: str, resolved: str) -> None:
    stages = story(world, path)
    assert identified in stages["identify"]
    assert resolved in stages["resolve"]


def test_who_asks_and_what_is_withheld(world: World) -> None:
    world.gatekeeper.caller = Caller(Agent("pip", "25.0", True), "key:k1", "gold")
    world.gatekeeper.hides = frozenset({"2", "1"})
    stages = story(world, "/toy/index/a/")
    assert stages["classify"] == "agent pip 25.0, in CI by its own word; consumer key:k1; tier gold"
    assert stages["admit"] == "no rule objects; withheld versions: 1, 2"


@pytest.mark.parametrize(
    ("path", "method", "stage", "said"),
    [
        ("/nothing", "GET", "identify", "no registry is served at /nothing"),
        ("/toy/../x", "GET", "identify", "refused: "),
        ("/toy/index/a/", "PUT", "identify", "is not offered"),
    ],
)
def test_the_story_ends_where_it_is_refused(world: World, path: str, method: str, stage: str, said: str) -> None:
    explanation = told(world, path, method)
    assert explanation.refused
    assert [s for s, _ in explanation.stages] == [stage, "meter"]
    assert said in explanation.stages[0][1]


def test_a_rule_that_refuses_is_named(world: World) -> None:
    world.gatekeeper.verdict = Verdict(False, "deny", "on the list")
    explanation = told(world, "/toy/index/a/")
    assert [s for s, _ in explanation.stages] == ["identify", "classify", "admit", "meter"]
    assert explanation.stages[2][1] == "refused by rule deny: on the list"


def test_no_upstream_and_bad_keys_are_told(world: World) -> None:
    world.upstream.known = False
    assert "no upstream is set" in dict(told(world, "/toy/index/a/").stages)["resolve"]
    world.gatekeeper.error = UpstreamDown("odd", fix="Mend it.")
    assert dict(told(world, "/toy/index/a/").stages)["classify"] == "refused: odd. Mend it."


def test_for_machines(world: World) -> None:
    explanation = told(world, "/toy/index/a/")
    row = json.loads(json.dumps(explanation.as_dict()))
    assert (row["method"], row["path"], row["refused"]) == ("GET", "/toy/index/a/", False)
    assert [s["stage"] for s in row["stages"]] == list(STAGES)
    assert parse(row["stages"][-1]["text"].encode()).purl == "pkg:toy/a"
