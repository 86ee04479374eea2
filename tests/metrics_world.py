"""Random tables of an analysis, loaded into DuckDB and, through Parquet, into ClickHouse; nothing in them is real."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from subak.analytics.schema import FACTS, TABLES, as_columns

START = 1_790_000_000.0
SOFTWARE = (
    ("pip", "installer", "pypi"), ("npm", "installer", "npm"), ("nexus", "caching-proxy", ""),
    ("bandersnatch", "mirror", "pypi"), ("scan", "scanner", ""), ("curl", "script", ""),
)  # fmt: skip
PURPOSES = ("dev-install", "ci-hosted", "caching-proxy", "mirror", "monitor", "unknown")
Tables = dict[str, list[tuple[Any, ...]]]


@dataclass
class World:
    """The tables, and the requests as dictionaries with what is known of their stream and client."""

    tables: Tables
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        streams = {s[0]: dict(zip(TABLES["streams"], s, strict=True)) for s in self.tables["streams"]}
        agents = {a[0]: dict(zip(TABLES["agents"], a, strict=True)) for a in self.tables["agents"]}
        for fact in self.tables["facts"]:
            row = dict(zip(FACTS, fact, strict=True))
            stream = streams[row["stream"]]
            agent = agents[stream["agent"]]
            self.rows.append(
                row
                | {c: stream[c] for c in ("software", "software_kind", "purpose")}
                | {"tool_ecosystem": agent["ecosystem"]}
            )
        self.rows = [row for row in self.rows if row["kind"] != "own"]


def record(table: str, **values: Any) -> tuple[Any, ...]:
    """A row of a table; what is not given is '' or 0."""
    columns = TABLES[table]
    assert values.keys() <= columns.keys()
    return tuple(values.get(name, "" if kind == "VARCHAR" else 0) for name, kind in columns.items())


def make(seed: int, size: int, *, days: float = 3.0, clients: int = 0) -> World:
    """Any number of requests, by units of very different weight, over `days`, with ties, robots and unknowns."""
    chance = random.Random(seed)
    clients = clients or max(1, size // 12)
    networks = max(1, clients // 3)
    consumers = max(1, clients // 4)
    files, documents, packages = max(1, size // 15), max(1, size // 30), max(1, size // 40)
    tables: Tables = {name: [] for name in TABLES}
    for number, (software, kind, ecosystem) in enumerate(SOFTWARE):
        tables["agents"].append(
            record(
                "agents", agent=number, software=software, version=f"{number}.1", kind=kind, ci=number % 2 == 0,
                os="linux", ecosystem=ecosystem,
            )
        )  # fmt: skip
    for client in range(clients):
        provider, origin = chance.choice([("cloud-one", "hyperscaler"), ("telecom", "residential"), ("", "")])
        tables["clients"].append(
            record(
                "clients", client=client, name=f"a-{client}", network=client % networks, consumer=client % consumers,
                version=4, provider=provider, origin=origin,
            )
        )  # fmt: skip
    tables["networks"] = [record("networks", network=n, name=f"n-{n}") for n in range(networks)]
    tables["consumers"] = [record("consumers", consumer=n, name=f"c-{n}", grade="D") for n in range(consumers)]
    for stream in range(clients * 2):
        agent = chance.randrange(len(SOFTWARE))
        software, kind, _ = SOFTWARE[agent]
        purpose = chance.choice(PURPOSES)
        tables["streams"].append(
            record(
                "streams", stream=stream, client=stream // 2, software=software, software_kind=kind, agent=agent,
                purpose=purpose, posterior=0.9,
            )
        )  # fmt: skip
    tables["packages"] = [record("packages", package=n, purl=f"pkg:npm/p{n}") for n in range(packages)]
    tables["documents"] = [record("documents", document=n, package=n % packages) for n in range(documents)]
    for item in range(files):
        package = item % packages
        kind = "artifact" if item % 4 else "metadata"
        version = f"{item % 7}.0"
        purl = f"pkg:npm/p{package}@{version}"
        tables["items"].append(record("items", item=item, package=package, kind=kind, purl=purl, version=version))
    for row in range(size):
        tables["facts"].append(_fact(chance, row, days, clients, networks, consumers, files, documents, packages))
    return World(tables)


def _fact(
    chance: random.Random, row: int, days: float, clients: int, networks: int, consumers: int, files: int,
    documents: int, packages: int,
) -> tuple[Any, ...]:  # fmt: skip
    client = min(int(chance.paretovariate(0.6)) - 1, clients - 1)
    if chance.random() < 0.03:
        client = -1
    network = client % networks if client >= 0 else -1
    consumer = client % consumers if client >= 0 else chance.randrange(-1, consumers)
    stream = max(client, 0) * 2 + chance.randrange(2)
    span = days * 86400
    at = START + chance.choice(
        [chance.uniform(0, span), float(chance.randrange(int(span) or 1)), chance.gauss(span / 2, 200)]
    )
    method = chance.choice(["GET"] * 8 + ["HEAD", "POST", "", ""])
    status = chance.choice([200] * 7 + [304, 304, 206, 206, 404, 500, 0])
    cache = chance.choice(["", "hit", "miss", "stale", "bypass", "denied"])
    item = document = package = -1
    what = chance.random()
    if what < 0.6:
        item = min(int(chance.paretovariate(0.5)) - 1, files - 1)
        kind = "artifact" if item % 4 else "metadata"
        package = item % packages
        sent = 500 + item * 10 - (chance.random() < 0.1) * 100
    elif what < 0.9:
        document, kind = min(int(chance.paretovariate(0.8)) - 1, documents - 1), chance.choice(["index", "listing"])
        sent = chance.randrange(2000)
    else:
        kind, sent = chance.choice(["own", "unknown", "artifact", "config"]), chance.randrange(50)
    if status == 304:
        sent = 0
    if chance.random() < 0.05:
        sent = -1
    ecosystem = chance.choice(["npm", "pypi", "pypi", ""])
    return record(
        "facts", at=at, client=client, network=network, consumer=consumer, stream=stream, agent=stream % len(SOFTWARE),
        ecosystem=ecosystem, kind=kind, item=item, document=document, package=package, method=method, status=status,
        sent=sent, cache=cache,
    )  # fmt: skip


def load(world: World, *, published: Sequence[tuple[str, float]] = ()) -> duckdb.DuckDBPyConnection:
    """A connection with all tables."""
    engine = duckdb.connect()
    for name, columns in TABLES.items():
        engine.execute(f'CREATE TABLE "{name}" ({as_columns(columns)})')
        fill(engine, name, world.tables[name])
    engine.execute("CREATE TABLE published (purl VARCHAR, at DOUBLE)".replace("at", '"at"'))
    fill(engine, "published", list(published))
    return engine


def fill(engine: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows into a table, as one list of structs: a row at a time takes a thousand times as long."""
    if not rows:
        return
    names = [(c[0], c[1]) for c in engine.execute(f'DESCRIBE "{name}"').fetchall()]
    text = json.dumps([{str(n): value for n, value in enumerate(row)} for row in rows])
    shape = json.dumps([{str(n): kind for n, (_, kind) in enumerate(names)}])
    picked = ", ".join(f'r."{n}"' for n in range(len(names)))
    engine.execute(
        f'INSERT INTO "{name}" SELECT {picked} FROM (SELECT unnest(from_json(CAST(? AS JSON), ?)) AS r)', [text, shape]
    )


class Chdb:
    """ClickHouse in this process, with the tables of a DuckDB connection; columns that cannot be NULL, as is usual."""

    dialect = "clickhouse"

    def __init__(self, duck: duckdb.DuckDBPyConnection, folder: Path) -> None:
        from chdb.session import Session

        self.session = Session(str(folder / "chdb"))
        self.session.query("CREATE DATABASE IF NOT EXISTS a ENGINE = Atomic")
        self.session.query("USE a")
        for name in (*TABLES, "published"):
            file = folder / f"{name}.parquet"
            duck.execute(f"""COPY "{name}" TO '{file}' (FORMAT parquet)""")
            self.session.query(
                f"CREATE TABLE `{name}` ENGINE = Memory AS SELECT * FROM file('{file}', Parquet) "
                "SETTINGS schema_inference_make_columns_nullable = 0"
            )

    def store(self, name: str, query: str) -> None:
        """As a table in memory."""
        self.drop(name)
        self.session.query(f"CREATE TABLE `{name}` ENGINE = Memory AS {query}")

    def extend(self, name: str, query: str) -> None:
        """Never asked for: there is one part."""
        self.session.query(f"INSERT INTO `{name}` {query}")

    def parts(self) -> int:
        """Everything at once."""
        return 1

    def only(self, part: int, parts: int) -> None:
        """Everything is shown anyway."""
        assert (part, parts) == (0, 1)

    def beside(self) -> Chdb:
        """One thing at a time."""
        return self

    def drop(self, name: str) -> None:
        """Forget it."""
        self.session.query(f"DROP TABLE IF EXISTS `{name}` SYNC")

    def ask(self, query: str) -> tuple[Sequence[str], Iterator[tuple[Any, ...]]]:
        """Through JSON; whole numbers of 64 bits and more come as text, which is made a number again."""
        found = json.loads(self.session.query(query, "JSONCompact").bytes() or b'{"meta":[],"data":[]}')
        casts = [_cast(column["type"]) for column in found["meta"]]
        rows = (tuple(None if v is None else c(v) for c, v in zip(casts, row, strict=True)) for row in found["data"])
        return [column["name"] for column in found["meta"]], rows

    def close(self) -> None:
        """Stop the engine."""
        self.session.close()


def _cast(kind: str) -> Any:
    kind = kind.removeprefix("Nullable(").rstrip(")")
    if kind.startswith(("Int", "UInt", "Decimal")):
        return int
    return float if kind.startswith("Float") else str
