"""Requests become rows of numbers as they are read; every text goes to `Naming` once, whatever number of lines has it.

Numbers are the scanner's, or hashes of 64 bits for lines that were read exactly; `tables` gives dense ones.
A text with two numbers is named twice and is one client, agent or good all the same. Of 100 million hashes two are the
same with a chance of one in 4,000.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import duckdb

from subak.analytics.facts.columns import insert
from subak.analytics.logs import fields
from subak.analytics.logs.combined import cache
from subak.analytics.logs.desk import Scanned
from subak.analytics.schema import CACHES, as_columns
from subak.analytics.workers.batch import Agent, Asked, Batch, Logged

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner

HITS: Final = {
    "at": "DOUBLE",
    "asker": "UBIGINT",  # see `ASKERS`
    "asked": "UBIGINT",
    "run": "UBIGINT",  # 0 none, or the agent tells
    "status": "SMALLINT",
    "sent": "BIGINT",
    "cache": "cache_state",
}
SCANNED: Final = {
    "at": "DOUBLE",
    "asker": "UINTEGER",
    "what": "UINTEGER",
    "status": "SMALLINT",
    "sent": "BIGINT",
    "word": "USMALLINT",
}
"""Hits as the scanner tells them, in half the room: most logs have no others."""
ASKERS: Final = {"id": "UBIGINT", "client": "UBIGINT", "agent": "UBIGINT", "user": "UBIGINT"}
"""Who asks with what, as whom; `user` is 0 for none."""
_TOLD: Final = {"id": "UBIGINT", **dict.fromkeys(("client", "agent", "user"), "UINTEGER")}
_SEEN: Final = ("client", "asked", "agent", "user")

TOGETHER: Final = 400_000
"""Requests that go to the engine at a time."""

_RUN = r"'^(bundler/.*) ([0-9a-f]{16})( |$)'"
_SPOKEN = f"CASE WHEN starts_with(agent, 'bundler/') THEN regexp_replace(agent, {_RUN}, '\\1\\3') ELSE agent END"
"""Bundler invents a name for every run; without it, its agents are few."""
_RUN_OF = (
    f"CASE WHEN starts_with(agent, 'bundler/') AND regexp_matches(agent, {_RUN}) "
    f"THEN CAST('0x' || regexp_extract(agent, {_RUN}, 2) AS UBIGINT) ELSE 0::UBIGINT END"
)
_BUNDLER = re.compile(_RUN.strip("'"))


def number(*texts: str) -> str:
    """SQL: a number of 64 bits for texts, by their SQL.

    The engine's own hash is no good for texts: differences in two places cancel out, and `/0.3.1/demo-0.3.1.jar` may be
    `/0.3.2/demo-0.3.2.jar`. MD5's 128 bits are mixed well, and that is all that is asked of them.
    """
    return f"hash(md5_number(concat_ws(chr(31), {', '.join(texts)})))"


def asker(client: str, agent: str, user: str) -> str:
    """SQL: the number of who asks, by the SQL of three other numbers."""
    return f"hash({client}, {agent}, {user})"


class Coding:
    """The `Coder` and `Absorb` of the log readers: fills `hits`, `scanned` and `askers`; `requests` shows all hits."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        since: float,
        until: float,
        scanner: Scanner | None = None,
        most: int = 2**27,
        take: Callable[[Batch], None] | None = None,
    ) -> None:
        """`most`: bytes that the scanner's numbers may take; what is new then is read without it. `take` is given
        every batch, to be named; without it they wait in `fresh`."""
        self._engine = engine
        self.since, self.until = since, until
        """Unix times; hits outside are left out."""
        self._window = f'"at" >= {since!r} AND "at" < {until!r}'
        self._scanner, self._most = scanner, most
        self._states = [""]
        self._writer = ThreadPoolExecutor(1, "hits")
        self._written: Future[None] = Future()
        self._written.set_result(None)
        self._askers = array("I")
        self._first = 0
        self.fresh: list[Batch] = []
        self._take = take or self.fresh.append
        states = ", ".join(f"'{state}'" for state in CACHES)
        engine.execute(f"CREATE TYPE cache_state AS ENUM ({states})")
        for table, columns in (("hits", HITS), ("scanned", SCANNED), ("askers", ASKERS)):
            engine.execute(f"CREATE TABLE {table} ({as_columns(columns)})")
        self._show()
        for kind in _SEEN:
            engine.execute(f"CREATE TABLE seen_{kind} (id UBIGINT)")

    # ------------------------------------------------------------ lines

    def scan(self, lines: bytes) -> Scanned | None:
        """See `logs.desk.Coder`."""
        scanner = self._scanner
        if scanner is None or scanner.memory > self._most:
            return None
        doubtful = scanner.scan(lines)
        batch = Batch()
        batch.clients = scanner.clients.new(lines)
        batch.agents = [_agent(number, text) for number, text in scanner.agents.new(lines)]
        batch.users = [(number + 1, text) for number, text in scanner.users.new(lines)]
        batch.asked = Logged(*scanner.requests(lines))
        self._take(batch)
        self._states += [cache(text) if text.isupper() else "" for _, text in scanner.words.new(lines)]
        first, who = scanner.askers
        if not self._askers:
            self._first = first
        self._askers.frombytes(who.cast("B"))
        if scanner.rows >= TOGETHER:
            self.flush()
        return Scanned(scanner.lines, scanner.size, doubtful)

    def flush(self) -> None:
        """Have what waits written; once more when all was read. Raises what writing earlier ones raised."""
        self._written.result()
        if self._scanner and self._scanner.rows:
            if len(self._states) > 1:
                self._show()
            self._written = self._writer.submit(self._write, self._scanner.take(), self._first, self._askers)
            self._askers = array("I")

    def _show(self) -> None:
        """Make the view of all hits."""
        states = ", ".join(f"'{state}'" for state in self._states)
        cache = f"([{states}]::cache_state[])[word + 1]" if len(self._states) > 1 else "''::cache_state"
        self._engine.execute(
            'CREATE OR REPLACE VIEW requests AS SELECT "at", asker::UBIGINT AS asker, what::UBIGINT AS asked, '
            f"0::UBIGINT AS run, status, sent, {cache} AS cache FROM scanned UNION ALL FROM hits"
        )

    def _write(self, hits: dict[str, memoryview], first: int, askers: array[int]) -> None:
        """Beside the scanner, which leaves a processor idle now and then."""
        with self._engine.cursor() as engine:
            insert(engine, "scanned", SCANNED, hits.values())
            if askers:
                ids = range(first, first + len(askers) // 3)
                insert(engine, "askers", _TOLD, (ids, *(askers[place::3] for place in range(3))))

    def close(self) -> None:
        """Wait for what is being written. Raises what that raised."""
        self._writer.shutdown()
        self._written.result()

    # ------------------------------------------------------------ whole events

    def absorb(self, table: str) -> None:
        """Take over a table with the columns of `events`."""
        batch = Batch()
        rows = f"FROM {table} WHERE {self._window}"
        client, agent, what = number("client"), number(_SPOKEN), number("method", "host", "target")
        user = f"CASE username WHEN '' THEN 0::UBIGINT ELSE {number('username')} END"
        who = asker(client, agent, user)
        batch.agents += self._texts("agent", agent, "any_value(agent), 0", rows)
        batch.clients += self._texts("client", client, "any_value(client)", rows)
        batch.users += self._texts("user", user, "any_value(username)", f"{rows} AND username <> ''")
        if asked := self._texts("asked", what, "any_value(method), any_value(host), any_value(target)", rows):
            batch.asked = Asked(*zip(*asked, strict=True))
        told = f'{who} AS id, {client} AS client, {agent} AS agent, {user} AS "user"'
        self._engine.execute(f"INSERT INTO askers FROM (SELECT DISTINCT {told} {rows}) ANTI JOIN askers USING (id)")
        self._engine.execute(
            f'INSERT INTO hits SELECT "at", {who}, {what}, '
            f"CASE session WHEN '' THEN {_RUN_OF} ELSE {number('session')} END, status, sent, "
            f"coalesce(TRY_CAST(cache AS cache_state), ''::cache_state) {rows}"
        )
        self._take(batch)

    def _texts(self, kind: str, number: str, columns: str, rows: str) -> list[Any]:
        found = f"FROM (SELECT {number} AS id, {columns} {rows} GROUP BY 1) ANTI JOIN seen_{kind} USING (id)"
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE unseen AS {found}")
        self._engine.execute(f"INSERT INTO seen_{kind} SELECT id FROM unseen")
        return self._engine.execute("FROM unseen").fetchall()


def _agent(number: int, logged: str) -> Agent:
    """An agent as the scanner found it; what tells of the run only is taken out."""
    text = fields.dash(fields.unescape(logged))
    if text.startswith("bundler/") and (found := _BUNDLER.match(text)):
        return number, f"{found[1]}{found[3]}{text[found.end() :]}", int(found[2], 16)
    return number, text, 0
