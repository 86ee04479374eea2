"""A generated log as the tables of an analysis, with the truth beside them, and with what is said hidden on wish."""

from __future__ import annotations

import gc
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from tools.traffic.generate import Order, generate

from subak.analytics.schema import AGENTS, DECLARED, TABLES, as_columns
from subak.analytics.software.pack import built_in, numbers
from subak.analytics.software.parse import parse, rule_of
from subak.analytics.software.record import MOST, Purpose, Software

CI = re.compile(r' ci/[\w.,-]+(?:/[\w-]+)?|"ci":true,?|; CI(?=;|\))')
_AGENT = r'^.* "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"$'


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which world, and what of it an analysis may see."""

    seed: int
    lines: int = 200_000
    profile: str = "letter"
    days: int = 7
    ranges: bool = True
    """Whether the operator has a range pack."""
    masked: Collection[str] = ()
    """Families whose agents say nothing: only how they behave is left."""
    mask_ci: bool = False
    """Whether what installers say of CI is hidden."""
    generator: str = "traffic"
    draw: int | None = None
    """Also hide a third of the families of each kind of software, drawn by lot with this seed."""


def build(wanted: Wanted, folder: Path) -> duckdb.DuckDBPyConnection:
    """The tables of the schema, and `truth` with one row a fact: stream, purpose, actor's class,
    whether the agent was hidden, and family.

    `folder` keeps the log, so that the same world need not be made twice.
    """
    place = folder / f"{wanted.profile}-{wanted.seed}-{wanted.lines}-{wanted.days}"
    if not (place / "about.json").exists():
        order = Order(seed=wanted.seed, lines=wanted.lines, out=place / "a.log", truth=place, profile=wanted.profile,
                      days=wanted.days)  # fmt: skip
        place.mkdir(parents=True, exist_ok=True)
        gc.disable()
        generate(order)
        gc.enable()
    engine = duckdb.connect()
    engine.execute("SET threads=2")
    for name, columns in TABLES.items():
        engine.execute(f"CREATE TABLE {name} ({as_columns(columns)})")
    for name in ("lines", "actors", "addresses", "requests"):
        engine.execute(f"CREATE VIEW t_{name} AS FROM '{place / name}.parquet'")
    engine.execute(
        "CREATE TABLE t_agents AS SELECT row_number() OVER () AS line,"
        f" replace(regexp_extract(content, '{_AGENT}', 1), '\\\"', '\"') AS text"
        f" FROM read_csv('{place / 'a.log'}', columns={{'content': 'VARCHAR'}}, header=false, delim='\\0', quote='',"
        " escape='', parallel=false, strict_mode=false)"
    )
    _agents(engine, wanted)
    _join(engine, wanted)
    return engine


def _agents(engine: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    rows, declared, texts = [], [], []
    for agent, (text,) in enumerate(engine.execute("SELECT DISTINCT text FROM t_agents ORDER BY 1").fetchall()):
        software = seen(text, wanted)
        self_hosted = {True: "yes", False: "no", None: ""}[software.self_hosted]
        rows.append((
            agent, software.family, software.version, software.kind, bool(software.ci), software.ci_vendor, self_hosted,
            software.os, software.arch, software.runtime, software.command, software.ecosystem,
            ",".join(software.flags), ",".join(f"{purpose}={weight:g}" for purpose, weight in software.purposes),
        ))  # fmt: skip
        declared += [(agent, purpose, weight) for purpose, weight in software.purposes]
        texts.append((agent, text))
    engine.executemany(f"INSERT INTO agents VALUES ({','.join('?' * len(AGENTS))})", rows)
    engine.executemany(f"INSERT INTO declared VALUES ({','.join('?' * len(DECLARED))})", declared)
    engine.execute("CREATE TABLE t_texts (agent INTEGER, text VARCHAR)")
    engine.executemany("INSERT INTO t_texts VALUES (?, ?)", texts)


def seen(text: str, wanted: Wanted) -> Software:
    """What the analysis may know of an agent."""
    software = parse(text)
    if software.family in wanted.masked:
        return Software(family=f"masked-{software.family}")
    if not wanted.mask_ci or software.kind != "installer":
        return software
    plain = CI.sub("", text).replace(',"ci":null', "").replace('"ci":null,', "")
    hidden = parse(plain)
    rule = rule_of(plain)
    if rule is not None and rule.declares and not rule.entry.json and numbers(hidden.version) >= rule.declares:
        silent = built_in().evidence.ci["silent"]  # that it is silent is no news when everybody was silenced
        kept: list[tuple[Purpose, float]] = []
        for purpose, weight in hidden.purposes:
            plus = weight - silent.get(purpose, 0.0)
            kept.append((purpose, max(-MOST, min(MOST, plus))))
        hidden = replace(hidden, purposes=tuple(kept))
    return hidden


def _join(engine: duckdb.DuckDBPyConnection, wanted: Wanted) -> None:
    """Numbers for everything, and one row a line."""
    ranges = "network, origin" if wanted.ranges else "'', ''"
    for sql in (
        "CREATE TABLE t_places AS SELECT address, network, origin, CASE WHEN client LIKE '%:%'"
        " THEN split_part(client, '::', 1) ELSE client END AS unit, CASE WHEN client LIKE '%:%'"
        " THEN array_to_string(split(client, ':')[:3], ':') ELSE regexp_replace(client, '\\.\\d+$', '') END AS near"
        " FROM t_addresses",
        "CREATE TABLE t_units AS SELECT unit, dense_rank() OVER (ORDER BY unit)::INTEGER - 1 AS client,"
        " dense_rank() OVER (ORDER BY near)::INTEGER - 1 AS near, first(network) AS network, first(origin) AS origin"
        " FROM t_places GROUP BY unit, near",
        f"INSERT INTO clients SELECT client, 'a-' || client, near, client, 4, {ranges} FROM t_units",
        "INSERT INTO networks SELECT DISTINCT network, 'n-' || network FROM clients",
        "INSERT INTO consumers SELECT client, 'c-' || client, 'D' FROM clients",
        "CREATE TABLE t_packages AS SELECT ecosystem, name, row_number() OVER (ORDER BY ecosystem, name)::INTEGER - 1"
        " AS package FROM t_requests WHERE kind <> 'other' GROUP BY ecosystem, name",
        "INSERT INTO packages SELECT package, ecosystem, 'pkg:' || ecosystem || '/' || name FROM t_packages",
        "INSERT INTO items BY NAME SELECT DISTINCT ON (item) item, package, ecosystem, kind, version FROM t_requests"
        " JOIN t_packages USING (ecosystem, name) WHERE item >= 0",
        "CREATE TABLE t_facts AS SELECT l.line, l.second, u.client, u.near, l.actor, t.agent, a.software, a.kind AS sk,"
        " r.*, coalesce(p.package, -1) AS package FROM t_lines l JOIN t_agents g USING (line)"
        " JOIN t_texts t USING (text)"
        " JOIN agents a USING (agent) JOIN t_requests r USING (request) JOIN t_places USING (address)"
        " JOIN t_units u USING (unit) LEFT JOIN t_packages p ON p.ecosystem = r.ecosystem AND p.name = r.name"
        " AND r.kind <> 'other'",
        "INSERT INTO streams SELECT row_number() OVER (ORDER BY client, software)::INTEGER - 1, client, software,"
        " first(sk), mode(agent), '', 0, '' FROM t_facts GROUP BY client, software",
        "CREATE TABLE t_documents AS SELECT host, path, row_number() OVER ()::INTEGER - 1 AS document FROM t_requests"
        " WHERE item < 0 GROUP BY host, path",
        "CREATE TABLE t_rows AS SELECT f.*, s.stream FROM t_facts f JOIN streams s USING (client, software)",
        "INSERT INTO facts SELECT 1791158400 + second, client, near, client, stream, agent, 0, ecosystem,"
        " CASE kind WHEN 'other' THEN 'unknown' ELSE kind END, item, CASE WHEN kind = 'other' OR item >= 0 THEN -1"
        " ELSE document END, package, method, status, sent, '' FROM t_rows LEFT JOIN t_documents USING (host, path)"
        " ORDER BY line",
        "CREATE TABLE truth AS SELECT stream, a.purpose, a.class, starts_with(f.software, 'masked-') AS masked,"
        " f.software AS family FROM t_rows f JOIN t_actors a USING (actor)",
    ):
        engine.execute(sql)
