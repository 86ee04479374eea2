"""The generator: the same seed the same bytes, the truth exact, the published figures hit."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tools.traffic import agents, knobs, networks, popularity
from tools.traffic.chance import portions
from tools.traffic.figures import figures
from tools.traffic.formats import FORMATS
from tools.traffic.generate import Order, generate
from tools.traffic.population import MAKERS

from subak.ecosystems import ALL
from subak.errors import SubakError
from subak.pipeline.identify import identify

BY_NAME = {e.name: e for e in ALL}


@dataclass(frozen=True)
class Made:
    """A log and its truth."""

    log: Path
    truth: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer; {lines}, {actors}, {requests} and {addresses} name the tables."""
        tables = {t: f"'{self.truth}/{t}.parquet'" for t in ("lines", "actors", "requests", "addresses")}
        with duckdb.connect() as engine:
            return engine.execute(query.format(**tables)).fetchall()

    def told(self) -> list[tuple[Any, ...]]:
        """Client, method, path, status, bytes of each line, as the truth has them."""
        return self.rows(
            "SELECT client, method, path, status, sent FROM {lines} JOIN {requests} USING (request) "
            "JOIN {addresses} USING (address) ORDER BY line"
        )


def make(folder: Path, ending: str = "log", turned: knobs.Knobs | None = None, **wanted: Any) -> Made:
    made = Made(folder / f"made.{ending}", folder / "truth")
    generate(Order(**({"seed": 7, "lines": 5000} | wanted), out=made.log, truth=made.truth), turned)
    return made


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("large"), lines=200_000, seed=41)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("small"))


# ---------------------------------------------------------------- published figures


def test_the_published_figures_are_hit(large: Made) -> None:
    """Of a seed that no knob was turned for. Tolerances: a point on shares of all, eight on one registry's mix."""
    found = figures(large.truth)
    assert knobs.TOP[0] - 0.005 <= found["top_requests"] <= knobs.TOP[1] + 0.005
    assert found["cloud_addresses"] == pytest.approx(knobs.CLOUD_ADDRESSES, abs=0.01)
    assert knobs.CLOUD_DOWNLOADS[0] <= found["cloud_downloads"] <= knobs.CLOUD_DOWNLOADS[1]
    assert found["python_installers"] == pytest.approx(knobs.PYTHON_INSTALLERS, abs=0.08)
    assert found["python_mirrors"] == pytest.approx(knobs.PYTHON_MIRRORS, abs=0.05)


def test_the_even_profile_is_less_concentrated(tmp_path: Path) -> None:
    found = figures(make(tmp_path, lines=40_000, profile="even").truth)
    assert 0.2 <= found["top_downloads"] <= 0.45


def test_figures_equal_an_independent_count(large: Made) -> None:
    """From the log's own text, with dictionaries instead of an engine."""
    line = re.compile(r'(\S+) - - \[[^]]+\] "(\S+) (\S+) [^"]+" (\d+) (\S+) ')
    actors = [row[0] for row in large.rows("SELECT actor FROM {lines} ORDER BY line")]
    organisation = dict(large.rows("SELECT actor, organisation FROM {actors}"))
    files = {row[0] for row in large.rows("SELECT DISTINCT path FROM {requests} WHERE kind = 'artifact'")}
    asked: Counter[str] = Counter()
    largest: dict[tuple[str, str], int] = {}
    counted: Counter[tuple[str, str]] = Counter()
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for actor, text in zip(actors, large.log.read_text().splitlines(), strict=True):
        found = line.match(text)
        assert found
        client, method, path, status, sent = found.groups()
        asked[client] += 1
        if method == "GET" and status == "200" and path in files:
            key = (organisation[actor], path)
            counted[key] += 1
            sums[key] += int(sent)
            largest[key] = max(largest.get(key, 0), int(sent))
    heaviest = sorted(asked.values(), reverse=True)[: -(-len(asked) // 100)]
    told = figures(large.truth)
    assert told["addresses"] == len(asked)
    assert told["top_requests"] == pytest.approx(sum(heaviest) / 200_000)
    assert told["avoidable_downloads_organisation"] == sum(counted.values()) - len(counted)
    assert told["avoidable_bytes_organisation"] == sum(sums.values()) - sum(largest.values())


# ---------------------------------------------------------------- the same seed


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, small: Made) -> None:
    again = make(tmp_path)
    assert again.log.read_bytes() == small.log.read_bytes()
    assert again.rows("FROM {lines} ORDER BY line") == small.rows("FROM {lines} ORDER BY line")


def test_another_seed_gives_others(tmp_path: Path, small: Made) -> None:
    assert make(tmp_path, seed=8).log.read_bytes() != small.log.read_bytes()


def test_a_turned_knob_leaves_everybody_else_alone(tmp_path: Path, small: Made) -> None:
    turned = make(tmp_path, turned=replace(knobs.Knobs(), cached=0.9))
    of_class = (
        "SELECT second, client, path, status FROM {{lines}} JOIN {{actors}} USING (actor) JOIN {{requests}} "
        "USING (request) JOIN {{addresses}} USING (address) WHERE class {} ORDER BY ALL"
    )
    others = of_class.format("NOT LIKE '%ci%'")
    assert turned.rows(others) == small.rows(others)
    assert turned.rows(of_class.format("LIKE '%ci%'")) != small.rows(of_class.format("LIKE '%ci%'"))


# ---------------------------------------------------------------- formats


def combined(text: str, quote: str) -> tuple[Any, ...]:
    found = re.fullmatch(r'(\S+) - - \[([^]]+)\] "(\S+) (\S+) (HTTP/\S+)" (\d+) (\d+|-) "-" "(.*)"', text)
    assert found
    client, _, method, path, _, status, sent, agent = found.groups()
    assert '"' not in agent.replace(quote, "")
    return client, method, path, int(status), 0 if sent == "-" else int(sent)


def fastly(text: str) -> tuple[Any, ...]:
    row = json.loads(text.partition("]: ")[2])
    path = "/" + row["url"].split("/", 3)[3]
    assert row["url"] == f"https://{row['host']}{path}"
    return row["ip"], row["method"], path, row["status"], row["bytes"]


def nginx_json(text: str) -> tuple[Any, ...]:
    row = json.loads(text)
    told = ("remote_addr", "request_method", "request_uri", "status", "body_bytes_sent")
    return tuple(row[name] for name in told)


def cloudfront(text: str, names: list[str]) -> tuple[Any, ...]:
    fields = text.split("\t")
    assert len(fields) == len(names) == 33
    row = dict(zip(names, fields, strict=True))
    assert " " not in row["cs(User-Agent)"]
    assert unquote(row["cs(User-Agent)"]).isprintable()
    query = "" if row["cs-uri-query"] == "-" else "?" + row["cs-uri-query"]
    return row["c-ip"], row["cs-method"], row["cs-uri-stem"] + query, int(row["sc-status"]), int(row["sc-bytes"])


def read(form: str, text: str) -> Iterator[tuple[Any, ...]]:
    lines = text.splitlines()
    if form == "cloudfront":
        assert lines[0] == "#Version: 1.0"
        names = lines[1].removeprefix("#Fields: ").split(" ")
        return (cloudfront(line, names) for line in lines[2:])
    if form == "fastly":
        return map(fastly, lines)
    if form == "json":
        return map(nginx_json, lines)
    return (combined(line, "\\x22" if form == "nginx" else '\\"') for line in lines)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_what_the_truth_tells(tmp_path: Path, form: str) -> None:
    made = make(tmp_path, format=form)
    found = list(read(form, made.log.read_text()))
    assert len(found) == 5000
    assert found == made.told()


def test_endings_choose_the_compression(tmp_path: Path, small: Made) -> None:
    plain = small.log.read_bytes()
    assert gzip.decompress(make(tmp_path / "gz", "log.gz").log.read_bytes()) == plain
    packed = make(tmp_path / "zst", "log.zst").log.read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == plain


@pytest.mark.parametrize("profile", sorted(knobs.PROFILES))
def test_every_profile_gives_its_lines(tmp_path: Path, profile: str) -> None:
    made = make(tmp_path, profile=profile)
    assert made.log.read_bytes().count(b"\n") == 5000
    spoken = {row[0] for row in made.rows("SELECT DISTINCT ecosystem FROM {lines} JOIN {requests} USING (request)")}
    assert spoken <= set(knobs.PROFILES[profile].ecosystems)


# ---------------------------------------------------------------- what the truth says


def gateway_path(ecosystem: str, host: str, path: str) -> str:
    """The same request as the gateway would be asked."""
    match ecosystem, host.startswith("files."):
        case "pypi", True:
            return f"/pypi/files{path}"
        case "cargo", False:
            return f"/cargo/index{path}"
        case "maven", _:
            return path.replace("/maven2", "/maven", 1)
        case "debian", _:
            return path
    return f"/{ecosystem}{path}"


def test_paths_mean_what_the_truth_says(large: Made) -> None:
    """The registries' own paths, put behind our mounts, through the very function that serves requests."""
    wrong = []
    rows = large.rows("SELECT ecosystem, host, method, path, kind, name, version FROM {requests} WHERE kind <> 'other'")
    for ecosystem, host, method, path, *truth in rows:
        try:
            subject = identify(method, gateway_path(ecosystem, host, path), BY_NAME)
        except SubakError as error:
            wrong.append((path, error))
            continue
        told = [str(subject.kind), subject.name, subject.version]
        if told != truth and ".orig.tar" not in path:  # a Debian source file does not tell its package's version
            wrong.append((path, told))
    assert len(rows) > 20_000
    assert wrong == []


def test_lines_add_up(large: Made) -> None:
    assert large.rows("SELECT sum(lines) FROM {actors}") == [(200_000,)]
    differing = large.rows(
        "SELECT a.actor FROM {actors} a LEFT JOIN (SELECT actor, count(*) AS n FROM {lines} GROUP BY 1) USING (actor) "
        "WHERE n IS DISTINCT FROM lines"
    )
    assert differing == []
    assert large.rows("SELECT min(line), max(line), count(DISTINCT line) FROM {lines}") == [(1, 200_000, 200_000)]


def test_lines_are_in_order_of_time(large: Made) -> None:
    seconds = [row[0] for row in large.rows("SELECT second FROM {lines} ORDER BY line")]
    assert seconds == sorted(seconds)


def test_every_class_occurs(small: Made) -> None:
    assert {row[0] for row in small.rows("SELECT DISTINCT class FROM {actors}")} == set(knobs.GROUPS)
    assert set(knobs.GROUPS) == set(MAKERS)


@pytest.mark.parametrize("purpose", ["caching-proxy", "mirror"])
def test_caches_and_mirrors_take_a_file_once(large: Made, purpose: str) -> None:
    most = large.rows(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM {lines} JOIN {actors} USING (actor) JOIN {requests} "
        f"USING (request) WHERE purpose = '{purpose}' AND item >= 0 AND method = 'GET' GROUP BY actor, item)"
    )
    assert most == [(1,)]


def test_builds_take_files_again_and_again(large: Made) -> None:
    repeated = large.rows(
        "SELECT count(*) / count(DISTINCT (actor, item)) FROM {lines} JOIN {actors} USING (actor) JOIN {requests} "
        "USING (request) WHERE purpose IN ('ci-hosted', 'ci-selfhosted', 'build-infra') AND kind = 'artifact'"
    )
    assert repeated[0][0] > 3


def test_shadows_have_a_proxy_that_exists(large: Made) -> None:
    rows = large.rows(
        "SELECT s.organisation, p.organisation FROM {actors} s LEFT JOIN {actors} p ON p.name = s.behind WHERE s.shadow"
    )
    assert rows
    assert all(mine == theirs for mine, theirs in rows)


def test_impostors_come_from_elsewhere(large: Made) -> None:
    rows = large.rows("SELECT poses_as, network FROM {actors} WHERE poses_as <> ''")
    assert rows
    assert all(networks.VERIFIED.get(poses) != network for poses, network in rows)


def test_one_address_may_hold_people_and_builds(large: Made) -> None:
    mixed = large.rows(
        "SELECT address FROM {lines} JOIN {actors} USING (actor) WHERE organisation LIKE 'office-%' GROUP BY address "
        "HAVING count(DISTINCT purpose) > 1 AND count(DISTINCT family) > 3"
    )
    assert mixed


def test_offices_rest_at_the_weekend(large: Made) -> None:
    days = dict(large.rows(
        "SELECT second // 86400 >= 5, count(*) FROM {lines} JOIN {actors} USING (actor) WHERE rhythm = 'office' "
        "GROUP BY 1"
    ))  # fmt: skip
    assert days[False] / 5 > 5 * days[True] / 2


def test_no_address_can_be_anybodys(large: Made) -> None:
    clients = [row[0] for row in large.rows("SELECT client FROM {addresses}")]
    assert any(":" in c for c in clients)
    assert all(c.startswith("2001:db8:") or 240 <= int(c.split(".")[0]) <= 253 for c in clients)
    assert all(0 <= int(part) <= 255 for c in clients if ":" not in c for part in c.split("."))


# ---------------------------------------------------------------- parts


def test_the_popularity_table_is_small_and_sorted() -> None:
    assert popularity.FILE.stat().st_size <= 300_000
    names, weights = popularity.ranking("npm")
    assert (names[0], len(names)) == ("semver", 15_000)
    assert weights == sorted(weights, reverse=True)
    assert popularity.ranking("pypi")[0][0] == "boto3"


def test_every_installer_has_an_agent() -> None:
    assert {f for pairs in agents.INSTALLERS.values() for f, _ in pairs} <= agents.families()


@given(st.integers(0, 10**7), st.lists(st.floats(0.001, 1000), min_size=1, max_size=50))
def test_portions_add_up(total: int, weights: list[float]) -> None:
    found = portions(total, weights)
    assert sum(found) == total
    assert all(part >= 0 for part in found)
