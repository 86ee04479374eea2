"""A log of the second generator, written and read by the analysis itself, with the truth of each line at its stream."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random

import duckdb
from tools.classes.world import CI, Wanted
from tools.replica.__main__ import main as replica

from subak.analytics.facts.gather import Options, gather
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Names, canonical
from subak.analytics.ranges import NO_RANGES, load_ranges
from subak.analytics.software.pack import built_in
from subak.analytics.software.parse import parse
from subak.analytics.software.record import Software

HELD = {
    "installer": "installer", "scanner": "scanner", "mirror": "mirror", "caching-proxy": "proxy", "search": "crawler",
    "ai-training": "crawler", "ai-agent": "crawler", "update-bot": "bot", "monitor": "monitor", "library": "library",
    "script": "library",
}  # fmt: skip
"""Kinds of software by the groups from which families are drawn."""
_AGENT = re.compile(r'^(.* ")((?:[^"\\]|\\.)*)"$')
_KEYS = derive(bytes(range(32)), "2026-09")
_NOW = 1_795_000_000.0


@contextmanager
def piped(wanted: Wanted, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables, classified by the built-in pack, and `truth`: stream, purpose, class, masked, family; one row a line.

    `folder` keeps the log, so that the same world need not be made twice. What is hidden is hidden in the text of a
    log of its own.
    """
    place = folder / f"replica-{wanted.seed}-{wanted.lines}"
    log = place / "a.log"
    if not (place / "about.json").exists():
        place.mkdir(parents=True, exist_ok=True)
        asked = ["--seed", str(wanted.seed), "--lines", str(wanted.lines), "--out", str(log), "--truth", str(place)]
        replica(asked)
    agents = agents_of(log)
    hidden = frozenset(wanted.masked) | (drawn(wanted.draw) if wanted.draw is not None else frozenset())
    shown = {agent: _shown(agent, hidden, mask_ci=wanted.mask_ci) for agent in set(agents)}
    told = place / "told.log"
    _rewrite(log, told, shown)
    ranges = load_ranges([place / "networks.csv"], _NOW) if wanted.ranges else NO_RANGES
    try:
        with gather([str(told)], Options(keys=_KEYS, ranges=ranges)) as analysis:
            _truth(analysis.engine, place, agents, shown, hidden)
            yield analysis.engine
    finally:
        told.unlink()


def agents_of(log: Path) -> list[str]:
    """The agent of each line of a combined log."""
    found = []
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            known = _AGENT.match(line)
            if known is None:
                raise ValueError("a line without an agent")
            found.append(known[2])
    return found


@cache
def drawn(seed: int) -> frozenset[str]:
    """A third of the pack's families of each group, by lot; whatever log they are in."""
    groups: dict[str, set[str]] = {}
    for rule in built_in().rules:
        if rule.kind in HELD:
            groups.setdefault(HELD[rule.kind], set()).add(rule.family)
    lot = Random(seed)
    return frozenset(
        name for group in sorted(groups) for name in lot.sample(sorted(groups[group]), -(-len(groups[group]) // 3))
    )


def _parsed(text: str) -> Software:
    return parse(text.replace('\\"', '"').replace("\\\\", "\\"))


def _shown(text: str, hidden: Collection[str], *, mask_ci: bool) -> str:
    """The agent as the analysis gets to see it."""
    software = _parsed(text)
    if software.family in hidden:
        return f"w{Random(software.family).getrandbits(40):010x}z"  # one name a family, and none that says anything
    if mask_ci and software.kind == "installer":
        plain = text.replace('\\"', '"')
        plain = CI.sub("", plain).replace(',"ci":null', "").replace('"ci":null,', "")
        return re.sub(r"\bci/[\w,]+ ?", "", plain).replace('"', '\\"')
    return text


def _rewrite(log: Path, told: Path, shown: dict[str, str]) -> None:
    with log.open(encoding="utf-8") as lines, told.open("w", encoding="utf-8") as out:
        for line in lines:
            known = _AGENT.match(line)
            out.write(f'{known[1]}{shown[known[2]]}"\n' if known else line)


def _truth(
    engine: duckdb.DuckDBPyConnection, place: Path, agents: list[str], shown: dict[str, str], hidden: Collection[str]
) -> None:
    names = Names(_KEYS)
    numbers = {text: number for number, text in enumerate(shown)}
    seen = [
        (number, _parsed(shown[text]).family, _parsed(text).family in hidden, _parsed(text).family)
        for text, number in numbers.items()
    ]
    where = engine.execute(f"SELECT address, client FROM '{place}/addresses.parquet'").fetchall()
    clients = [(address, names.client(canonical(client).client)) for address, client in where]
    _table(engine, "t_seen", ("number BIGINT", "software VARCHAR", "masked BOOLEAN", "family VARCHAR"), seen)
    _table(engine, "t_clients", ("address BIGINT", "name VARCHAR"), clients)
    _table(engine, "t_lines", ("line BIGINT", "number BIGINT"), [(n, numbers[a]) for n, a in enumerate(agents, 1)])
    engine.execute(
        "CREATE TABLE truth AS SELECT s.stream, a.purpose, a.class, masked, v.family"
        f" FROM '{place}/lines.parquet' l JOIN t_lines USING (line) JOIN t_seen v USING (number)"
        f" JOIN '{place}/actors.parquet' a USING (actor) JOIN t_clients n USING (address)"
        " JOIN clients c ON c.name = n.name JOIN streams s ON s.client = c.client AND s.software = v.software"
    )
    joined, facts = (engine.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in ("truth", "facts"))
    if joined != facts:
        raise AssertionError(f"truth of {joined} lines, {facts} facts")


def _table(
    engine: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]
) -> None:
    """A table of these rows, sent column by column."""
    sent = ", ".join(f"unnest(${n}::{c.split()[1]}[]) AS {c.split()[0]}" for n, c in enumerate(columns, 1))
    engine.execute(f"CREATE TABLE {name} AS SELECT {sent}", [list(column) for column in zip(*rows, strict=True)])
