"""From logs to tables: what becomes of lines, in whatever order and form they come."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import duckdb
import pytest

from subak.analytics import slices
from subak.analytics.facts import gather as gather_module
from subak.analytics.facts.gather import Analysis, Options, gather, opened
from subak.analytics.metrics.lanes import Board, Task
from subak.analytics.privacy.epochs import derive
from subak.analytics.ranges import load_consumers, load_ranges
from subak.analytics.schema import TABLES
from subak.analytics.workers.staff import hired

KEYS = derive(b"k" * 32, "2026-10")
PICTURE = """
    SELECT f."at", c.name, n.name, o.name, o.grade, s.software, s.purpose, a.* EXCLUDE (agent), f.run, f.ecosystem,
        f.kind, i.purl, i.version, i.key, d.key, p.purl, f.method, f.status, f.sent, f.cache::VARCHAR
    FROM facts f LEFT JOIN clients c USING (client) LEFT JOIN networks n ON f.network = n.network
    LEFT JOIN consumers o ON f.consumer = o.consumer JOIN streams s USING (stream) JOIN agents a ON f.agent = a.agent
    LEFT JOIN items i USING (item) LEFT JOIN documents d USING (document)
    LEFT JOIN packages p ON f.package = p.package"""


def line(
    path: str = "/simple/demo/",
    client: str = "192.0.2.1",
    agent: str = "uv/0.9.9",
    user: str = "-",
    second: int = 0,
    status: int = 200,
) -> str:
    return f'{client} - {user} [05/Oct/2026:08:00:{second:02} +0000] "GET {path} HTTP/1.1" {status} 100 "-" "{agent}"\n'


WHEEL = "/packages/aa/bb/cc/demo_pkg-1.4.0-py3-none-any.whl"
TARBALL = "/@scope/left-pad/-/left-pad-1.3.0.tgz"
LINES = [
    line(WHEEL),
    line(WHEEL, "192.0.2.7", r"pip/26.0 {\"ci\":true,\"installer\":{\"name\":\"pip\",\"version\":\"26.0\"}}", second=1),
    line(TARBALL, "2001:db8:1:2::3", "npm/11.0.0 node/v22.3.0 linux x64 workspaces/false", second=2),
    line("/left-pad", "2001:db8:1:2:aaaa::4", "npm/11.0.0 node/v22.3.0 linux x64 workspaces/false", second=3),
    line(TARBALL, "203.0.113.9", "npm/11.0.0 node/v22.3.0 linux x64 workspaces/false", user="deploy", second=4),
    line("/wp-login.php", "203.0.113.9", "-", second=5, status=404),
    line("/left-pad", "203.0.113.9", "curl/8.5.0", second=6),
]


def picture(analysis: Analysis) -> Counter[tuple[object, ...]]:
    """All facts with every number replaced by its meaning."""
    return Counter(analysis.engine.execute(PICTURE).fetchall())


def gathered(sources: Sequence[Path | str], **options: object) -> Counter[tuple[object, ...]]:
    with gather([str(source) for source in sources], Options(KEYS, **options)) as analysis:  # type: ignore[arg-type]
        return picture(analysis)


def one(analysis: Analysis, query: str) -> object:
    return analysis.engine.execute(query).fetchall()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_text("".join(LINES))
    return path


def test_what_lines_become(log: Path) -> None:
    with gather([str(log)], Options(KEYS)) as analysis:
        assert one(analysis, 'SELECT ecosystem, kind, method, status, sent FROM facts ORDER BY "at"') == [
            ("pypi", "artifact", "GET", 200, 100),
            ("pypi", "artifact", "GET", 200, 100),
            ("npm", "artifact", "GET", 200, 100),
            ("npm", "index", "GET", 200, 100),
            ("npm", "artifact", "GET", 200, 100),
            ("", "unknown", "GET", 404, 100),
            ("npm", "index", "GET", 200, 100),
        ]
        assert analysis.window == (1791187200.0, 1791187206.0)
        assert one(analysis, "SELECT count(DISTINCT item) FILTER (item >= 0), count(DISTINCT document) FROM facts") == [
            (2, 2)
        ]
        assert one(analysis, "SELECT purl FROM packages ORDER BY 1") == [
            ("pkg:npm/%40scope/left-pad",), ("pkg:npm/left-pad",), ("pkg:pypi/demo-pkg",),
        ]  # fmt: skip
        assert one(analysis, "SELECT count(*) FROM clients WHERE version = 6") == [(1,)]
        assert one(analysis, "SELECT count(*) FROM networks") == [(3,)]
        assert one(analysis, "SELECT software, ci FROM agents ORDER BY 1") == [
            ("curl", False), ("none", False), ("npm", False), ("pip", True), ("uv", False),
        ]  # fmt: skip


@pytest.mark.parametrize("text", ["".join(LINES), "".join(line(f"/simple/demo-{n % 9_000}/") for n in range(60_000))])
def test_processes_of_their_own_find_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "access.log").write_text(text)
    with hired(KEYS, apart=True) as staff:
        apart = gathered([tmp_path / "access.log"], staff=staff)
    assert apart == gathered([tmp_path / "access.log"])
    assert sum(apart.values()) == text.count("\n")


def test_every_table_has_its_columns(log: Path) -> None:
    with gather([str(log)], Options(KEYS)) as analysis:
        for table, columns in TABLES.items():
            found = one(analysis, f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{table}'")
            assert [name for (name,) in found] == list(columns), table  # type: ignore[attr-defined]


def test_no_address_is_left(log: Path) -> None:
    with gather([str(log)], Options(KEYS)) as analysis:
        tables = one(analysis, "SELECT table_name FROM duckdb_tables()")
        told = [str(analysis.engine.execute(f'FROM "{name}"').fetchall()) for (name,) in tables]  # type: ignore[attr-defined]
    assert told
    for address in ("192.0.2.1", "192.0.2.7", "203.0.113.9", "2001:db8:1:2", "deploy"):
        assert not any(address in text for text in told)


def test_who_is_accounted_for(log: Path, tmp_path: Path) -> None:
    ranges, consumers = tmp_path / "ranges.csv", tmp_path / "consumers.csv"
    ranges.write_text("prefix,network,origin\n192.0.2.0/24,companies,enterprise\n203.0.113.0/24,cloud,hyperscaler\n")
    consumers.write_text("prefix,name\n2001:db8::/32,Example University\n")
    options = Options(KEYS, ranges=load_ranges([ranges], 1.79e9), consumers=load_consumers(consumers))
    with gather([str(log)], options) as analysis:
        rows = one(
            analysis,
            "SELECT DISTINCT c.provider, c.origin, o.name[:2], o.grade, f.consumer = c.consumer FROM facts f "
            "JOIN clients c USING (client) JOIN consumers o ON f.consumer = o.consumer ORDER BY ALL",
        )
        assert rows == [
            ("", "", "Ex", "C", True),
            ("cloud", "hyperscaler", "c-", "A", False),  # the user 'deploy'
            ("cloud", "hyperscaler", "c-", "D", True),
            ("companies", "enterprise", "c-", "D", True),
        ]
        assert one(analysis, "SELECT count(DISTINCT f.consumer) FROM facts f JOIN clients USING (client) "
                             "WHERE origin = 'enterprise'") == [(1,)]  # fmt: skip


def test_shards_in_any_order_say_the_same(log: Path, tmp_path: Path) -> None:
    whole = gathered([log])
    parts = []
    for number, part in enumerate((LINES[4:], LINES[:2], LINES[2:4])):
        path = tmp_path / f"part{number}.log.gz"
        path.write_bytes(gzip.compress("".join(part).encode()))
        parts.append(path)
    assert sum(whole.values()) == len(LINES)
    assert gathered(parts) == gathered(parts[::-1]) == whole
    assert gathered(["-"], stdin=io.BytesIO(log.read_bytes())) == whole


def test_the_window(log: Path) -> None:
    got = gathered([log], since=1791187202.0, until=1791187205.0)
    assert sorted(row[0] for row in got) == [1791187202.0, 1791187203.0, 1791187204.0]


def test_other_formats_say_the_same(log: Path, tmp_path: Path) -> None:
    with duckdb.connect() as engine:
        from subak.analytics.logs.read import read

        read(engine, [str(log)])
        path = tmp_path / "fastly.log"
        engine.execute(
            f"""COPY (SELECT sent AS bytes, client AS ip, method, status, target AS url, "at" AS date_time,
                {{'useragent': agent, 'referer': NULL}} AS http FROM events) TO '{path}' (FORMAT json)"""
        )
    with_users = [row for row in gathered([log]) if row[4] != "A"]
    got = [row for row in gathered([path]) if row[0] != 1791187204.0]
    assert Counter(got) == Counter(with_users)


def test_an_empty_log(tmp_path: Path) -> None:
    path = tmp_path / "empty.log"
    path.write_text("")
    with gather([str(path)], Options(KEYS)) as analysis:
        assert analysis.window == (0, 0)
        assert one(analysis, "SELECT count(*) FROM facts") == [(0,)]


def test_a_line_that_is_none_is_told(log: Path) -> None:
    with log.open("a") as file:
        file.write("hello\n")
    with gather([str(log)], Options(KEYS)) as analysis:
        assert analysis.ledger.total("rejected").lines == 1
        assert one(analysis, "SELECT line, reason FROM rejects") == [(8, "no address, user and [time] in front")]


def test_facts_that_are_too_many_for_memory_are_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(LINES))
    wanted = gathered([log])
    monkeypatch.setattr(slices, "REQUEST_BYTES", 10**9)
    with gather([str(log)], Options(KEYS)) as analysis:
        tables = analysis.engine.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'large'")
        assert ("facts",) in tables.fetchall()
        assert picture(analysis) == wanted
    folder = tmp_path / "spill"
    folder.mkdir()
    with opened(str(folder), Options(KEYS)) as engine:
        engine.execute('CREATE TABLE facts AS SELECT i AS "at" FROM range(1000) r(i)')
        slices.settle(engine)
        assert [*folder.iterdir()]
    assert not [*folder.iterdir()]


def test_what_breaks_the_classes_is_told_though_something_else_is_being_done(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = Event()

    def count(hand: duckdb.DuckDBPyConnection) -> None:
        begun.set()
        hand.execute("SELECT sum(hash(range)) FROM range(30000000)")

    def broken(engine: duckdb.DuckDBPyConnection, **rest: object) -> None:
        assert begun.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(gather_module, "classify", broken)
    tasks = [Task("count", frozenset(), count), Task("never", frozenset({"spells"}), count)]
    with (
        pytest.raises(KeyboardInterrupt),
        gather([str(log)], Options(KEYS), lambda engine: Board(tasks, ["spells"])),
    ):
        pytest.fail("there is nothing to analyse")


def test_what_breaks_beside_is_told(log: Path) -> None:
    def broken(hand: duckdb.DuckDBPyConnection) -> None:
        raise ValueError("broken")

    tasks = [Task("broken", frozenset(), broken), Task("never", frozenset({"spells"}), broken)]
    with (
        pytest.raises(ValueError, match="broken"),
        gather([str(log)], Options(KEYS), lambda engine: Board(tasks, ["spells"])),
    ):
        pytest.fail("there is nothing to analyse")
