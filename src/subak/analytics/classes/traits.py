"""What streams do, measured in SQL: a few passes over `facts`, then a handful of words a stream.

A stream with many requests is looked at by a part of its packages only, all requests of these: how often a file is
asked again and how many versions are taken stay what they are, and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import duckdb

from subak.analytics.classes.pack import Pack, Trait
from subak.analytics.slices import cut, drop, roomy, store

RUN: Final = 120
"""Seconds: what a stream asks within such a slot counts as one run."""
_DAY: Final = 86_400
_TURN: Final = _DAY / 6.283185307179586
_PART: Final = 18
"""Digits of a BIGINT."""
_CRAWLERS: Final = "('search', 'ai-training', 'ai-agent', 'preview')"

LITTLE: Final = 8
"""A stream of fewer requests has no traits but those of QUIET."""
QUIET: Final = frozenset({
    "requests", "runs", "burst", "heads", "families", "systems", "fleet", "origin", "ci_around", "ci_near",
    "system_packages", "standing", "nameless",
})  # fmt: skip
_SPEAKS: Final = "('installer', 'library')"

SPELLS: Final = (
    'SELECT floor("at" / 60)::INTEGER AS minute, stream, client, network, consumer, ecosystem, kind, method, status,'
    " cache, count(*) AS requests, sum(greatest(sent, 0)::DOUBLE)::BIGINT AS bytes, count_if(sent < 0)::BIGINT AS"
    ' unsized, min("at") AS began, min(package) FILTER (package >= 0) AS low, max(package) AS high FROM facts GROUP BY'
    " minute, stream, client, network, consumer, ecosystem, kind, method, status, cache"
)
"""The step `spells` of the measures, which a report need not make again; a test compares the two."""

_SUMS: Final = {
    "files": "kind IN ('artifact', 'metadata', 'derived')",
    "documents": "kind IN ('index', 'listing', 'config')",
    "strange": "kind = 'unknown'",
    "heads": "method = 'HEAD'",
    "same": "status = 304",
    "refused": "status >= 400",
}
"""Requests of a stream that are counted by themselves."""

_STEPS: Final = (
    (  # packages are numbered in the order of their names: a run through a list of names stays within few numbers
        "x_runs",
        "SELECT stream, minute // 2 AS slot, sum(requests::INTEGER)::BIGINT AS n, min(began) AS began,"
        " min(low) AS low, max(high) AS high FROM spells GROUP BY stream, slot",
    ),
    (
        "x_sums",
        "SELECT *, CASE WHEN n < 100 THEN 0 WHEN n < 1000 THEN 3 WHEN n < 8000 THEN 15 ELSE 63 END AS mask FROM"
        " (SELECT stream, sum(requests::INTEGER)::BIGINT AS n, "
        + ", ".join(f"sum(if({which}, requests::INTEGER, 0))::BIGINT AS {name}" for name, which in _SUMS.items())
        + " FROM spells GROUP BY stream) JOIN (SELECT stream, count(*) AS runs FROM x_runs GROUP BY stream)"
        " USING (stream)",
    ),
)  # fmt: skip
"""How much streams ask for; each table is made of those before."""

_RHYTHM: Final = (
    (
        "x_gaps",
        f"SELECT stream, n, low, high, began - lag(began) OVER runs AS gap, slot::BIGINT * {RUN} AS moment,"
        f" lag(slot) OVER runs IS NOT DISTINCT FROM NULL OR slot * {RUN} // {_DAY} <> lag(slot) OVER runs * {RUN}"
        f" // {_DAY} AS morning FROM x_runs SEMI JOIN (SELECT stream FROM x_sums WHERE n >= {LITTLE} AND runs > 1)"
        " USING (stream) WINDOW runs AS (PARTITION BY stream ORDER BY slot)",
    ),
    (
        "x_rhythm",
        "SELECT stream, count_if(morning) AS days,"
        f" count_if((moment // {_DAY} + 3) % 7 >= 5) / count(*) AS weekend,"
        f" sqrt(sum(cos(moment % {_DAY} / {_TURN})) ** 2 + sum(sin(moment % {_DAY} / {_TURN})) ** 2) / count(*)"
        " AS daily,"
        " stddev_pop(gap) / nullif(avg(gap), 0) AS clock, avg(high - low) FILTER (n >= 8)"
        " / nullif(max(high) - min(low), 0) AS spread,"
        " count_if(n >= 8) AS sizable FROM x_gaps GROUP BY stream",
    ),
    (  # what others of the same name do; one client is no custom
        "x_customs",
        "SELECT software, avg(x.strange / x.n) AS strange, count(*) AS clients FROM streams"
        " JOIN x_sums x USING (stream) GROUP BY software",
    ),
    (
        "x_span",
        f"SELECT count_if((day + 3) % 7 >= 5) / count(*) AS weekend FROM (SELECT unnest(range(min(slot) * {RUN} //"
        f" {_DAY}, max(slot) * {RUN} // {_DAY} + 1)) AS day FROM (SELECT slot::BIGINT AS slot FROM x_runs))",
    ),
)  # fmt: skip
"""When."""

_TASTES: Final = (
    (
        "x_pairs",
        f"SELECT stream, package, item, count(*) AS n FROM facts JOIN (SELECT stream, mask FROM x_sums WHERE n >="
        f" {LITTLE}) USING (stream) WHERE package >= 0 AND ((package * 2654435761) >> 13) & mask = 0"
        " GROUP BY stream, package, item",
    ),
    (
        "x_tastes",
        "SELECT stream, count(*) AS packages, count_if(items > 0) AS taken, sum(items) AS items, sum(n) AS n,"
        " sum(versions) AS versions, sum(pages) AS pages, count_if(pages > 0) AS paged FROM"
        " (SELECT stream, x_pairs.package, bit_count(bit_or(bit) FILTER (x_pairs.item >= 0)) AS versions,"
        " count_if(x_pairs.item >= 0) AS items, sum(if(x_pairs.item >= 0, n, 0)::DOUBLE) AS n,"
        " sum(if(x_pairs.item < 0, n, 0)::DOUBLE) AS pages FROM x_pairs LEFT JOIN"
        " (SELECT item, 1::UBIGINT << (hash(version) & 63) AS bit FROM items) USING (item)"
        " GROUP BY stream, x_pairs.package) GROUP BY stream",
    ),
)  # fmt: skip
"""What."""

_SURROUNDINGS: Final = (
    (  # silence about CI counts of tools that say CI elsewhere
        "x_agents",
        "SELECT agent, kind = 'installer' AS installs, ci, self_hosted = 'yes' AS own, self_hosted = 'no' AS hosted,"
        f" kind IN {_SPEAKS} AS speaks, ecosystem IN ('debian', 'rpm', 'apk') AS packs,"
        " software IN (SELECT software FROM agents WHERE ci) AS elsewhere, CASE WHEN os <> '' AND kind = 'installer'"
        " THEN 1::UBIGINT << (dense_rank() OVER (ORDER BY os) & 63) END AS os FROM agents",
    ),
    (  # a client has one stream of each software
        "x_around",
        "SELECT s.client, count(*) AS families, bit_count(bit_or(a.os)) AS systems,"
        " CASE WHEN count_if(installs) < 2 THEN NULL WHEN count_if(ci) = 0 THEN 'none'"
        " WHEN count_if(own) > count_if(hosted) THEN 'self-hosted' WHEN count_if(hosted) > 0 THEN 'hosted'"
        " ELSE 'either' END AS ci,"
        " CASE WHEN count_if(installs) < 2 THEN NULL WHEN count_if(packs) = 0 THEN 'none'"
        " WHEN count_if(ci) > 0 THEN 'with-ci' WHEN count_if(elsewhere) > 0 THEN 'beside' END AS system_packages,"
        " count_if(speaks) > 0 AS speaks, count_if(speaks AND ci AND hosted) > 0 AS hosted,"
        " count_if(speaks AND ci AND own) > 0 AS own, count_if(speaks AND ci) > 0 AS said"
        " FROM streams s JOIN x_agents a USING (agent) GROUP BY s.client",
    ),
    (  # who in the neighbourhood says CI, and on whose machines: clients by network
        "x_near",
        "SELECT c.network, count(*) AS clients, count_if(hosted) AS hosted, count_if(own) AS own,"
        " count_if(said) AS said FROM x_around JOIN clients c USING (client) WHERE speaks GROUP BY c.network",
    ),
    (
        "x_fleets",
        "SELECT network, software, count(*) AS members FROM streams JOIN clients USING (client)"
        " GROUP BY network, software",
    ),
    (
        "x_places",
        "SELECT provider, software, software_kind, any_value(origin) AS origin, count(*) AS n FROM streams"
        " JOIN clients USING (client) WHERE provider <> '' GROUP BY provider, software, software_kind",
    ),
    (  # networks in which hardly anything but crawlers lives are the ones that their owners publish for them
        "x_homes",
        f"SELECT provider, sum(n) >= 2 AND coalesce(sum(n) FILTER (software_kind IN {_CRAWLERS}), 0) / sum(n) >= 0.9"
        " AND any_value(origin) NOT IN ('vpn-tor', 'residential') AS home FROM x_places GROUP BY provider",
    ),
    (
        "x_crawlers",
        "SELECT software, sum(n) FILTER (home) >= 2 AND sum(n) FILTER (home) * 2 >= sum(n) AS settled FROM x_places"
        f" JOIN x_homes USING (provider) WHERE software_kind IN {_CRAWLERS} GROUP BY software",
    ),
    (
        "x_kinds",
        "SELECT software_kind, sum(n) FILTER (home) >= 4 AND sum(n) FILTER (home) * 2 >= sum(n) AS settled"
        " FROM x_places JOIN x_homes USING (provider) GROUP BY software_kind",
    ),
)  # fmt: skip
"""Who else is at an address, in a network, with a provider: known without a look at `facts`."""

MEASURES: Final = {
    "requests": "x.n::DOUBLE",
    "runs": "x.runs::DOUBLE",
    "burst": "CASE WHEN x.runs >= 2 OR x.n >= 8 THEN x.n / x.runs END",
    "pace": "CASE WHEN x.n >= 20 AND r.days >= 2 THEN x.n / r.days END",
    "repeats": "CASE WHEN t.items >= 3 AND t.n >= 10 THEN t.n / t.items END",
    "polling": "CASE WHEN t.paged >= 1 AND t.pages >= 8 THEN t.pages / t.paged END",
    "breadth": "CASE WHEN x.n >= 8 THEN coalesce(t.packages, 0) * (x.mask + 1) END",
    "versions": "CASE WHEN t.taken >= 4 THEN t.versions / t.taken END",
    "documents": "CASE WHEN x.documents + x.files >= 8 THEN x.documents / (x.documents + x.files) END",
    "conditional": "CASE WHEN x.documents >= 8 THEN x.same / x.documents END",
    "heads": "CASE WHEN x.n >= 5 THEN x.heads / x.n END",
    "refused": "CASE WHEN x.n >= 8 THEN x.refused / x.n END",
    "strange": "CASE WHEN x.n >= 8 THEN x.strange / x.n END",
    "daily": "CASE WHEN x.runs >= 10 AND r.days >= 2 THEN r.daily END",
    "weekend": "CASE WHEN x.runs >= 15 AND w.weekend BETWEEN 0.1 AND 0.6 THEN r.weekend / w.weekend END",
    "clock": "CASE WHEN x.runs >= 8 THEN r.clock END",
    "alphabet": "CASE WHEN r.sizable >= 4 AND t.packages * (x.mask + 1) >= 30 THEN r.spread END",
    "families": "o.families::DOUBLE",
    "systems": "CASE WHEN o.systems >= 1 THEN o.systems::DOUBLE END",
    "fleet": "f.members::DOUBLE",
    "origin": "nullif(c.origin, '')",
    "ci_around": "CASE WHEN a.ci THEN NULL WHEN s.software_kind IN ('installer', 'library') THEN o.ci END",
    "ci_near": (  # neighbours only; what is said at the address itself has its own traits
        "CASE WHEN s.software_kind NOT IN ('installer', 'library') OR v.clients < 4 THEN NULL"
        " WHEN v.hosted - (coalesce(o.ci, '') = 'hosted' OR a.ci AND a.self_hosted = 'no')::INTEGER >= 2"
        " AND v.hosted >= 2 * v.own THEN 'hosted'"
        " WHEN v.own - (coalesce(o.ci, '') = 'self-hosted' OR a.ci AND a.self_hosted = 'yes')::INTEGER >= 2"
        " AND v.own >= 2 * v.hosted THEN 'self-hosted' WHEN v.said = 0 THEN 'none' END"
    ),
    "system_packages": "CASE WHEN s.software_kind IN ('installer', 'library') THEN o.system_packages END",
    "standing": (
        f"CASE WHEN s.software_kind NOT IN {_CRAWLERS} OR c.provider = '' THEN NULL WHEN h.home THEN 'home'"
        " WHEN s.software_kind = 'ai-agent' THEN NULL WHEN k.settled THEN 'elsewhere'"
        " WHEN c.origin = 'vpn-tor' THEN 'veiled' WHEN q.settled THEN 'unconfirmed' END"
    ),
    "nameless": "s.software_kind",
    "manner": (
        "CASE WHEN s.software_kind = 'installer' AND x.n >= 20 AND u.clients >= 10 AND u.strange < 0.05"
        " AND x.strange / x.n >= 0.15 THEN 'not-its-own' END"
    ),
}
"""Each trait of the pack as SQL over one stream; NULL where there is too little to say."""


def measure(engine: duckdb.DuckDBPyConnection, pack: Pack, spelled: Callable[[], None] = lambda: None) -> None:
    """Make the table `x_traits`: stream, agent, and `key`, from which `words` reads the words of all traits.

    Leaves the table `spells` too, see SPELLS, and calls `spelled` as soon as it is there. Two threads share the work,
    if there is room for it.
    """
    streams = "streams s JOIN x_sums x USING (stream)"
    quiet = ("x_quiet", _keyed(pack, streams + _AROUND, QUIET))
    busy = ("x_busy", _keyed(pack, streams + _ABOUT, frozenset(MEASURES) - QUIET, f"x.n >= {LITTLE}"))
    with engine.cursor() as other, ThreadPoolExecutor(1) as pool:
        together = roomy(engine)
        slices = {"at": cut(engine), "stream": []}
        slices["minute"] = [time // 60 for time in slices["at"]]
        for here, beside in ((_STEPS, _SURROUNDINGS), (_TASTES, (quiet, *_RHYTHM))):
            meanwhile = pool.submit(_made, other, beside, slices)
            if not together:
                meanwhile.result()
            if here is _STEPS:
                _made(engine, (("spells", SPELLS),), slices)
                spelled()
            _made(engine, here, slices)
            meanwhile.result()
            if here is _STEPS:
                slices["stream"] = cut(engine, _BY_STREAM)
    _made(engine, (busy, ("x_traits", _BOTH)), slices)


def _made(
    engine: duckdb.DuckDBPyConnection, tables: Iterable[tuple[str, str]], slices: Mapping[str, Sequence[int]]
) -> None:
    """Make tables, in slices what may have as many rows as there are requests."""
    for name, sql in tables:
        source, column = _SLICED.get(name, ("facts", ""))
        store(engine, name, sql, slices.get(column, ()), source, column)


_SLICED: Final = {
    "spells": ("facts", "at"),
    "x_runs": ("spells", "minute"),
    "x_gaps": ("x_runs", "stream"),
    "x_pairs": ("facts", "stream"),
    "x_tastes": ("x_pairs", "stream"),
}
"""What is cut if a log is large, for which tables: what they put together is of one stream, or of one slot."""
_BY_STREAM: Final = "SELECT stream AS place, n FROM x_sums"
_AROUND: Final = (
    " LEFT JOIN clients c USING (client) JOIN x_around o ON o.client = s.client JOIN agents a ON a.agent = s.agent"
    " LEFT JOIN x_near v ON v.network = c.network"
    " LEFT JOIN x_fleets f ON f.network = c.network AND f.software = s.software"
    " LEFT JOIN x_homes h ON h.provider = c.provider LEFT JOIN x_crawlers k ON k.software = s.software"
    " LEFT JOIN x_kinds q ON q.software_kind = s.software_kind"
)
_ABOUT: Final = (
    " LEFT JOIN x_rhythm r USING (stream) LEFT JOIN x_tastes t USING (stream)"
    " JOIN x_customs u ON u.software = s.software, x_span w"
)
_BOTH: Final = (
    "SELECT q.stream, q.agent, q.key + coalesce(b.key, 0) AS key FROM x_quiet q LEFT JOIN x_busy b USING (stream)"
)


def _keyed(pack: Pack, rows: str, only: frozenset[str], where: str = "true") -> str:
    """The keys of some streams, of which no traits but these are looked at."""
    traits = [(place, trait) for place, trait in enumerate(pack.traits) if trait.name in only]
    values = ", ".join(f'{MEASURES[trait.name]} AS "{trait.name}"' for _, trait in traits)
    parts = []
    for first in range(0, len(pack.traits), _PART):
        within = [(place - first, trait) for place, trait in traits if first <= place < first + _PART]
        digits = [f"{_digit(trait)} * {10**place}::BIGINT" for place, trait in within]
        parts.append(f"({' + '.join(digits or ['0'])})::HUGEINT * {10**first}::HUGEINT")
    found = f"SELECT s.stream, s.agent, {values} FROM {rows} WHERE {where}"
    return f"SELECT stream, agent, {' + '.join(parts)} AS key FROM ({found})"


def words(key: int, pack: Pack) -> tuple[int, ...]:
    """Of each trait of the pack the number of its word, -1 for none."""
    return tuple(int(digit) - 1 for digit in digits(key, pack))


def digits(key: int, pack: Pack) -> str:
    """The key as text: a digit for each trait of the pack, one more than the number of its word."""
    return str(key).zfill(len(pack.traits))[::-1]


def clear(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop what `measure` made, but for `spells`."""
    for name in (*(name for name, _ in (*_STEPS, *_SURROUNDINGS, *_TASTES, *_RHYTHM)), "x_quiet", "x_busy", "x_traits"):
        if name in _SLICED:
            drop(engine, name)
        else:
            engine.execute(f"DROP TABLE IF EXISTS {name}")


def _digit(trait: Trait) -> str:
    """1 and up for the words, 0 for none."""
    value = f'"{trait.name}"'
    if trait.values:
        return f"coalesce(list_position({list(trait.values)!r}, {value}), 0)"
    above = " + ".join(f"({value} >= {edge})::TINYINT" for edge in trait.edges)
    return f"coalesce(1 + {above}, 0)"
