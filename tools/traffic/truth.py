"""What was planted, as tables beside the log. See docs/traffic-generator.md for their columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
from tools.traffic import networks
from tools.traffic.actor import Actor
from tools.traffic.broken import Break
from tools.traffic.catalogue import Request

SIDE = "lines.csv"
"""Second, actor, address, family, request of each line, in the log's order; becomes lines.parquet."""

_COLUMNS = {
    "lines": {"second": "INTEGER", "actor": "INTEGER", "address": "INTEGER", "family": "VARCHAR", "request": "INTEGER"},
    "actors": {
        "actor": "INTEGER", "name": "VARCHAR", "class": "VARCHAR", "organisation": "VARCHAR", "purpose": "VARCHAR",
        "software": "VARCHAR", "network": "VARCHAR", "origin": "VARCHAR", "behind": "VARCHAR", "shadow": "BOOLEAN",
        "poses_as": "VARCHAR", "shares": "BOOLEAN", "rhythm": "VARCHAR", "lines": "INTEGER",
    },
    "addresses": {"address": "INTEGER", "client": "VARCHAR", "network": "VARCHAR", "origin": "VARCHAR"},
    "requests": {
        "request": "INTEGER", "ecosystem": "VARCHAR", "kind": "VARCHAR", "name": "VARCHAR", "version": "VARCHAR",
        "host": "VARCHAR", "method": "VARCHAR", "path": "VARCHAR", "status": "SMALLINT", "sent": "BIGINT",
        "item": "INTEGER",
    },
    "broken": {"file_line": "BIGINT", "bytes": "BIGINT", "kind": "VARCHAR", "fate": "VARCHAR"},
}  # fmt: skip


def write(
    folder: Path,
    actors: Sequence[Actor],
    clients: Mapping[str, int],
    requests: Sequence[Request],
    broken: Sequence[Break] | None = None,
) -> None:
    """Write actors, addresses, requests, lines and, if asked for, broken lines as Parquet, and the networks as CSV."""
    by_first = {str(n.first): n for n in networks.NETWORKS.values()}
    by_six = {f"{n.first:x}": n for n in networks.NETWORKS.values()}
    rows: dict[str, Iterable[Sequence[object]]] = {
        "actors": (
            (a.number, a.name, a.group, a.organisation, a.purpose, a.software, a.network, a.origin, a.behind, a.shadow,
             a.poses_as, a.shares, a.rhythm, a.budget)
            for a in actors
        ),
        "addresses": (
            (number, client, n.name, n.origin)
            for client, number in clients.items()
            for n in [by_six[client.split(":")[2][:2]] if ":" in client else by_first[client.partition(".")[0]]]
        ),
        "requests": (
            (r.number, r.ecosystem, r.kind, r.name, r.version, r.host, r.method, r.path, r.status, r.sent, r.item)
            for r in requests
        ),
    } | ({} if broken is None else {"broken": ((b.file_line, b.bytes, b.kind, b.fate) for b in broken)})  # fmt: skip
    for table, content in rows.items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(content)
    with (folder / "networks.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("prefix", "network", "origin"), *networks.table()])
    for table in (*rows, "lines"):
        _pack(folder, table)


def _pack(folder: Path, table: str) -> None:
    """CSV to Parquet; of lines.csv, each row gets the number of its line, from 1, headers of the log not counted."""
    extra = "row_number() OVER () AS line, " if table == "lines" else ""
    with duckdb.connect() as engine:
        engine.execute("SET threads=1")
        engine.execute(
            f"COPY (SELECT {extra}* FROM read_csv(?, header=false, delim=',', quote='\"', escape='\"', nullstr='\\N',"
            f" columns=?)) TO '{_quoted(folder / f'{table}.parquet')}' (FORMAT parquet, COMPRESSION zstd)",
            [str(folder / f"{table}.csv"), _COLUMNS[table]],
        )
    (folder / f"{table}.csv").unlink()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
