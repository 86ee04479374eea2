"""What streams do, measured in SQL: a few passes over `facts`, then a handful of words a stream.

A stream with many requests is looked at by a part of its packages only, all requests of these: how often a file is
asked again and how many versions are taken stay what they are, and memory stays bounded.
"""

from __future__ import annotations

from typing import Final

import duckdb

from subak.analytics.classes.pack import Pack, Trait

RUN: Final = 120
"""Seconds: what a stream asks within such a slot counts as one run."""
_DAY: Final = 86_400
_TURN: Final = _DAY / 6.283185307179586
_PART: Final = 18
"""Digits of a BIGINT."""
_CRAWLERS: Final = "('search', 'ai-training', 'ai-agent', 'preview')"

_STEPS: Final = (
    (
        "x_sums",
        'SELECT stream, count(*) AS n, count_if(item >= 0) AS files, count_if(document >= 0) AS documents,'
        " count_if(kind = 'unknown') AS strange, count_if(method = 'HEAD') AS heads, count_if(status = 304) AS same,"
        " count_if(status >= 400) AS refused, CASE WHEN count(*) < 100 THEN 0 WHEN count(*) < 1000 THEN 3"
        " WHEN count(*) < 8000 THEN 15 ELSE 63 END"
        " AS mask FROM facts GROUP BY stream",
    ),
    (  # packages are numbered in the order of their names: a run through a list of names stays within few numbers
        "x_runs",
        f'SELECT stream, floor("at" / {RUN})::INTEGER AS slot, count(*) AS n, min("at") AS began,'
        " min(package) FILTER (package >= 0) AS low, max(package) AS high FROM facts GROUP BY stream, slot",
    ),
    (
        "x_gaps",
        "SELECT stream, slot, n, low, high, began - lag(began) OVER (PARTITION BY stream ORDER BY slot) AS gap,"
        f" slot::BIGINT * {RUN} AS moment FROM x_runs",
    ),
    (
        "x_rhythm",
        "SELECT stream, count(*) AS runs, sum(n) / count(*) AS burst,"
        f" count(DISTINCT moment // {_DAY}) AS days,"
        f" count_if((moment // {_DAY} + 3) % 7 >= 5) / count(*) AS weekend,"
        f" sqrt(sum(cos(moment % {_DAY} / {_TURN})) ** 2 + sum(sin(moment % {_DAY} / {_TURN})) ** 2) / count(*)"
        " AS daily,"
        " stddev_pop(gap) / nullif(avg(gap), 0) AS clock, avg(high - low) FILTER (n >= 8)"
        " / nullif(max(high) - min(low), 0) AS spread,"
        " count_if(n >= 8) AS sizable FROM x_gaps GROUP BY stream",
    ),
    (
        "x_pairs",
        "SELECT stream, package, item, count(*) AS n FROM facts JOIN x_sums USING (stream)"
        " WHERE package >= 0 AND x_sums.n >= 8 AND ((package * 2654435761) >> 13) & mask = 0"
        " GROUP BY stream, package, item",
    ),
    (
        "x_tastes",
        "SELECT stream, count(*) AS packages, count_if(items > 0) AS taken, sum(items) AS items, sum(n) AS n,"
        " sum(versions) AS versions, sum(pages) AS pages, count_if(pages > 0) AS paged FROM"
        " (SELECT stream, x_pairs.package, bit_count(bit_or(1::UBIGINT << (hash(version) & 63))"
        " FILTER (x_pairs.item >= 0)) AS versions,"
        " count_if(x_pairs.item >= 0) AS items,"
        " sum(n) FILTER (x_pairs.item >= 0) AS n, sum(n) FILTER (x_pairs.item < 0) AS pages"
        " FROM x_pairs LEFT JOIN items USING (item) GROUP BY stream, x_pairs.package) GROUP BY stream",
    ),
    (
        "x_around",
        "SELECT s.client, count(DISTINCT s.software) AS families,"
        " count(DISTINCT a.ecosystem) FILTER (a.ecosystem <> '') AS ecosystems,"
        " count(DISTINCT a.os) FILTER (a.os <> '' AND a.kind = 'installer') AS systems,"
        " CASE WHEN count_if(a.kind = 'installer') < 2 THEN NULL WHEN count_if(a.ci) = 0 THEN 'none'"
        " WHEN count_if(a.self_hosted = 'yes') > count_if(a.self_hosted = 'no') THEN 'self-hosted'"
        " WHEN count_if(a.self_hosted = 'no') > 0 THEN 'hosted' ELSE 'either' END AS ci,"
        " CASE WHEN count_if(a.kind = 'installer') < 2 THEN NULL WHEN count_if(a.ecosystem IN ('debian', 'rpm', 'apk'))"
        " = 0 THEN 'none' WHEN count_if(a.ci) > 0 THEN 'with-ci'"  # silence counts of tools that say CI elsewhere
        " WHEN count_if(a.software IN (SELECT software FROM agents WHERE ci)) > 0 THEN 'beside' END AS system_packages,"
        " count_if(a.kind = 'caching-proxy') AS proxies"
        " FROM streams s JOIN agents a USING (agent) GROUP BY s.client",
    ),
    (  # what others of the same name do; one client is no custom
        "x_customs",
        "SELECT software, avg(x.strange / x.n) AS strange, count(*) AS clients FROM streams"
        " JOIN x_sums x USING (stream) GROUP BY software",
    ),
    (  # who in the neighbourhood says CI, and on whose machines: clients by network
        "x_near",
        "SELECT c.network, count(*) AS clients, count_if(hosted) AS hosted, count_if(own) AS own,"
        " count_if(said) AS said FROM (SELECT client, bool_or(a.ci AND a.self_hosted = 'no') AS hosted,"
        " bool_or(a.ci AND a.self_hosted = 'yes') AS own, bool_or(a.ci) AS said FROM streams s"
        " JOIN agents a USING (agent) WHERE a.kind IN ('installer', 'library') GROUP BY client)"
        " JOIN clients c USING (client) GROUP BY c.network",
    ),
    (
        "x_fleets",
        "SELECT network, software, count(DISTINCT client) AS members FROM streams JOIN clients USING (client)"
        " GROUP BY network, software",
    ),
    (  # networks in which hardly anything but crawlers lives are the ones that their owners publish for them
        "x_homes",
        f"SELECT provider, count(*) >= 2 AND avg((s.software_kind IN {_CRAWLERS})::INTEGER) >= 0.9"
        " AND any_value(origin) NOT IN ('vpn-tor', 'residential') AS home"
        " FROM streams s JOIN clients USING (client) WHERE provider <> '' GROUP BY provider",
    ),
    (
        "x_crawlers",
        "SELECT software, count_if(home) >= 2 AND count_if(home) * 2 >= count(*) AS settled FROM streams"
        f" JOIN clients USING (client) JOIN x_homes USING (provider) WHERE software_kind IN {_CRAWLERS}"
        " GROUP BY software",
    ),
    (
        "x_kinds",
        "SELECT software_kind, count_if(home) >= 4 AND count_if(home) * 2 >= count(*) AS settled FROM streams"
        " JOIN clients USING (client) JOIN x_homes USING (provider) GROUP BY software_kind",
    ),
    (
        "x_span",
        f"SELECT count_if((day + 3) % 7 >= 5) / count(*) AS weekend FROM (SELECT unnest(range(min(moment) // {_DAY},"
        f" max(moment) // {_DAY} + 1)) AS day FROM x_gaps)",
    ),
)  # fmt: skip

MEASURES: Final = {
    "requests": "x.n::DOUBLE",
    "runs": "r.runs::DOUBLE",
    "burst": "CASE WHEN r.runs >= 2 OR x.n >= 8 THEN r.burst END",
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
    "daily": "CASE WHEN r.runs >= 10 AND r.days >= 2 THEN r.daily END",
    "weekend": "CASE WHEN r.runs >= 15 AND w.weekend BETWEEN 0.1 AND 0.6 THEN r.weekend / w.weekend END",
    "clock": "CASE WHEN r.runs >= 8 THEN r.clock END",
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


def measure(engine: duckdb.DuckDBPyConnection, pack: Pack) -> None:
    """Make the table `x_traits`: stream, agent, and `key`, from which `words` reads the words of all traits."""
    for name, sql in _STEPS:
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")
    values = ", ".join(f'{MEASURES[trait.name]} AS "{trait.name}"' for trait in pack.traits)
    parts = [
        " + ".join(f"{_digit(trait)} * {10**i}::BIGINT" for i, trait in enumerate(pack.traits[first : first + _PART]))
        for first in range(0, len(pack.traits), _PART)
    ]
    key = " + ".join(f"({part})::HUGEINT * {10 ** (_PART * i)}::HUGEINT" for i, part in enumerate(parts))
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE x_traits AS SELECT stream, agent, {key} AS key FROM (SELECT s.stream, s.agent,"
        f" {values} FROM streams s"
        " JOIN x_sums x USING (stream) JOIN x_rhythm r USING (stream) LEFT JOIN x_tastes t USING (stream)"
        " LEFT JOIN clients c USING (client) JOIN x_around o ON o.client = s.client JOIN agents a ON a.agent = s.agent"
        " JOIN x_customs u ON u.software = s.software"
        " LEFT JOIN x_near v ON v.network = c.network"
        " LEFT JOIN x_fleets f ON f.network = c.network AND f.software = s.software"
        " LEFT JOIN x_homes h ON h.provider = c.provider LEFT JOIN x_crawlers k ON k.software = s.software"
        " LEFT JOIN x_kinds q ON q.software_kind = s.software_kind, x_span w)"
    )


def words(key: int, pack: Pack) -> tuple[int, ...]:
    """Of each trait of the pack the number of its word, -1 for none."""
    return tuple(int(digit) - 1 for digit in digits(key, pack))


def digits(key: int, pack: Pack) -> str:
    """The key as text: a digit for each trait of the pack, one more than the number of its word."""
    return str(key).zfill(len(pack.traits))[::-1]


def clear(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop what `measure` made."""
    for name in (*(name for name, _ in _STEPS), "x_traits"):
        engine.execute(f"DROP TABLE IF EXISTS {name}")


def _digit(trait: Trait) -> str:
    """1 and up for the words, 0 for none."""
    value = f'"{trait.name}"'
    if trait.values:
        return f"coalesce(list_position({list(trait.values)!r}, {value}), 0)"
    above = " + ".join(f"({value} >= {edge})::TINYINT" for edge in trait.edges)
    return f"coalesce(1 + {above}, 0)"
