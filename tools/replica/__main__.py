"""Wakes whoever is next, notes what is asked, until there are enough lines; then writes log and truth."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from heapq import heapify, heapreplace
from pathlib import Path
from random import Random

import duckdb
from tools.replica.crowd import HOURS, NETWORKS, ORIGINS, Actor, Crowd
from tools.replica.goods import Ask, Store

START = datetime(2026, 9, 7, 22, tzinfo=UTC)
FORMATS = ("combined", "caddy", "w3c")
W3C = (
    "#Software: replica\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs(User-Agent)\n"
)


def client(actor: Actor, number: int, rng: Random, day: int) -> str:
    """Its address as logged: from 240.0.0.0/4 or 2001:db8::/32. In a v6 household it is another every day."""
    home = NETWORKS.index(actor.network)
    if actor.six:
        tail = Random(f"{actor.organisation}{day}").getrandbits(32)
        return f"2001:db8:{home + 0xA0:x}:{number:x}:{tail >> 16:x}:ff:fe00:{tail & 0xFFFF:x}"
    return ".".join(str(octet) for octet in (0xF4000000 + (home << 20) + number).to_bytes(4, "big"))


def line(form: str, at: datetime, who: str, agent: str, ask: Ask) -> str:
    """One line with its end."""
    _, _, _, _, host, method, path, status, sent, _ = ask
    if form == "caddy":
        headers = {"User-Agent": [agent]} if agent else {}
        request = {"remote_ip": who, "client_ip": who, "proto": "HTTP/2.0", "method": method, "host": host, "uri": path,
                   "headers": headers}  # fmt: skip
        row = {
            "level": "info",
            "ts": at.timestamp(),
            "logger": "http.log.access",
            "msg": "handled request",
            "request": request,
            "bytes_read": 0,
            "user_id": "",
            "duration": 0.01,
            "size": sent,
            "status": status,
        }
        return json.dumps(row, separators=(",", ":")) + "\n"
    if form == "w3c":
        stem, _, query = path.partition("?")
        told = agent.replace(" ", "+") or "-"
        return f"{at:%Y-%m-%d %H:%M:%S} {who} {method} {stem} {query or '-'} {status} {sent} {told}\n"
    told = agent.replace("\\", "\\\\").replace('"', '\\"') or "-"
    return f'{who} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "{method} {path} HTTP/1.1" {status} {sent or "-"} "-" "{told}"\n'


def simulate(seed: int, lines: int, store: Store) -> tuple[list[Actor], list[tuple[int, int, str, str, str, int]]]:
    """Everybody, and what happened: second, actor, client, family, agent, ask; in order of time."""
    actors, found = Crowd(seed, lines, store).actors, list[tuple[int, int, str, str, str, int]]()
    rng = Random(seed + 1)
    waiting = [(rng.random() * 3000, number) for number in range(len(actors))]
    heapify(waiting)
    while len(found) < lines * 1.02:
        now, number = waiting[0]
        actor = actors[number]
        local = (START + timedelta(seconds=now)).hour
        if actor.rhythm == "office" and rng.random() * 10 > HOURS[local]:
            heapreplace(waiting, (now + rng.expovariate(1 / 3600), number))
            continue
        sleep, family, agent, asks = next(actor.runs)
        who = client(actor, rng.choice(actor.addresses), rng, int(now) // 86_400)
        found += [(int(now + i / actor.pace), number, who, family, agent, ask) for i, ask in enumerate(asks)]
        heapreplace(waiting, (now + len(asks) / actor.pace + sleep, number))
    found.sort(key=lambda row: row[0])
    return actors, found[:lines]


def write(options: argparse.Namespace) -> None:
    """The log, and the tables of docs/traffic-generator.md."""
    store = Store()
    actors, rows = simulate(options.seed, options.lines, store)
    numbers: dict[str, int] = {}
    homes: dict[str, str] = {}
    lines: list[tuple[object, ...]] = []
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", encoding="utf-8") as log:
        log.write(W3C if options.format == "w3c" else "")
        for at, (second, number, who, family, agent, ask) in enumerate(rows, 1):
            log.write(line(options.format, START + timedelta(seconds=second), who, agent, store.rows[ask]))
            lines.append((at, second, number, numbers.setdefault(who, len(numbers)), family, ask))
            actor = actors[number]
            actor.lines, homes[who] = actor.lines + 1, actor.network
            actor.families.add(family)
    tables: dict[str, Iterable[Sequence[object]]] = {
        "lines": lines,
        "addresses": ((n, who, homes[who], ORIGINS[homes[who]]) for who, n in numbers.items()),
        "requests": ((n, *ask) for n, ask in enumerate(store.rows)),
        "actors": (
            (n, f"{a.organisation}-{n}", a.organisation.rpartition("-")[0], a.organisation, a.purpose,
             ",".join(sorted(a.families)), a.network, ORIGINS[a.network], a.behind, a.shadow, a.poses_as, a.shares,
             a.rhythm, a.lines)
            for n, a in enumerate(actors) if a.lines
        ),
    }  # fmt: skip
    options.truth.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        keep(options.truth / f"{name}.parquet", COLUMNS[name], content)
    prefixes = [(f"{244 + (n >> 4)}.{(n & 15) << 4}.0.0/12", name) for n, name in enumerate(NETWORKS)]
    prefixes += [(f"2001:db8:{n + 0xA0:x}::/48", name) for n, name in enumerate(NETWORKS)]
    with (options.truth / "networks.csv").open("w", newline="", encoding="utf-8") as file:
        told = [(prefix, name, ORIGINS[name]) for prefix, name in prefixes]
        csv.writer(file).writerows([("prefix", "network", "origin"), *told])
    about = {name: str(value) for name, value in vars(options).items()} | {"start": START.isoformat()}
    (options.truth / "about.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def keep(path: Path, columns: str, rows: Iterable[Sequence[object]]) -> None:
    """Rows as Parquet, by way of CSV."""
    named = dict(part.split(" ") for part in columns.split(", "))
    side = path.with_suffix(".csv")
    with side.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    with duckdb.connect() as engine:
        engine.read_csv(str(side), header=False, columns=named, na_values=["\\N"]).write_parquet(str(path))
    side.unlink()


COLUMNS = {
    "lines": "line BIGINT, second INTEGER, actor INTEGER, address INTEGER, family VARCHAR, request INTEGER",
    "addresses": "address INTEGER, client VARCHAR, network VARCHAR, origin VARCHAR",
    "requests": "request INTEGER, ecosystem VARCHAR, kind VARCHAR, name VARCHAR, version VARCHAR, host VARCHAR, "
    "method VARCHAR, path VARCHAR, status SMALLINT, sent BIGINT, item INTEGER",
    "actors": "actor INTEGER, name VARCHAR, class VARCHAR, organisation VARCHAR, purpose VARCHAR, software VARCHAR, "
    "network VARCHAR, origin VARCHAR, behind VARCHAR, shadow BOOLEAN, poses_as VARCHAR, shares BOOLEAN, "
    "rhythm VARCHAR, lines INTEGER",
}
"""As docs/traffic-generator.md explains them."""


def main(arguments: list[str]) -> int:
    """Write one log and its truth."""
    parser = argparse.ArgumentParser(prog="python -m tools.replica", description="Another registry's log, with truth.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=100_000, help="exactly so many")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--format", choices=FORMATS, default="combined")
    write(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
