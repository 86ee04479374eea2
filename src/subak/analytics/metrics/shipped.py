"""The compiled SQL that ships with the program, by dialect and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from subak.errors import BadRequest

DIALECTS: Final = ("duckdb", "clickhouse", "bigquery", "postgres", "snowflake", "trino")


@dataclass(frozen=True, slots=True)
class Sql:
    """One text, and the tables (of a step or query) or columns (of a fragment) it reads."""

    text: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shipped:
    """Everything for one dialect, in the order in which steps must be stored."""

    steps: Mapping[str, Sql]
    queries: Mapping[str, Sql]
    times: Mapping[str, Sql]
    measures: Mapping[str, Sql]

    def steps_for(self, queries: Iterable[str]) -> list[str]:
        """The steps that these queries need, directly or not, each after those it needs itself."""
        wanted: set[str] = {n for q in queries for n in self.queries[q].needs}
        for name in reversed(list(self.steps)):
            if name in wanted:
                wanted |= set(self.steps[name].needs)
        return [name for name in self.steps if name in wanted]


@cache
def shipped(dialect: str) -> Shipped:
    """The SQL of one of DIALECTS. Raises BadRequest for any other."""
    if dialect not in DIALECTS:
        raise BadRequest(f"there are no measures for the dialect {dialect!r}; known: {', '.join(DIALECTS)}")
    text = (files(__package__) / "queries" / f"{dialect}.sql").read_text("utf-8")
    return parse(text)


def parse(text: str) -> Shipped:
    """Read a file of `python -m tools.queries`: '-- kind name: needs', SQL, ';' on a line of its own."""
    found: dict[str, dict[str, Sql]] = {"step": {}, "query": {}, "time": {}, "measure": {}}
    for part in text.partition("\n\n")[2].split("\n;\n"):
        head, _, sql = part.strip().partition("\n")
        words = head.removeprefix("-- ").replace(":", "").split()
        if len(words) >= 2 and words[0] in found:
            found[words[0]][words[1]] = Sql(sql, tuple(words[2:]))
    return Shipped(found["step"], found["query"], found["time"], found["measure"])
