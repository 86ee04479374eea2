"""The second generator: exact lines, exact truth, and nothing in common with the first but the tables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tools.replica.__main__ import FORMATS, START, main
from tools.replica.crowd import ALONE, NETWORKS

from subak.ecosystems import ALL
from subak.errors import SubakError
from subak.pipeline.identify import identify

BY_NAME = {e.name: e for e in ALL}
LINES = 30_000


@dataclass(frozen=True)
class Made:
    """A log and its truth."""

    log: Path
    truth: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer; {lines}, {actors}, {requests} and {addresses} name the tables."""
        tables = {t: f"'{self.truth}/{t}.parquet'" for t in ("lines", "actors", "requests", "addresses")}
        with duckdb.connect() as engine:
            return engine.execute(query.format(**tables)).fetchall()

    def told(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT client, method, path, status, sent FROM {lines} JOIN {requests} USING (request) "
            "JOIN {addresses} USING (address) ORDER BY line"
        )


def make(folder: Path, lines: int = 3000, seed: int = 5, form: str = "combined") -> Made:
    made = Made(folder / "made.log", folder / "truth")
    main(["--seed", str(seed), "--lines", str(lines), "--out", str(made.log), "--truth", str(made.truth),
          "--format", form])  # fmt: skip
    return made


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("large"), LINES)


def combined(text: str) -> tuple[Any, ...]:
    found = re.fullmatch(r'(\S+) - - \[[^]]+\] "(\S+) (\S+) HTTP/1.1" (\d+) (\d+|-) "-" "(?:[^"\\]|\\.)*"', text)
    assert found, text
    who, method, path, status, sent = found.groups()
    return who, method, path, int(status), 0 if sent == "-" else int(sent)


def caddy(text: str) -> tuple[Any, ...]:
    row = json.loads(text)
    asked = row["request"]
    return asked["client_ip"], asked["method"], asked["uri"], row["status"], row["size"]


def w3c(text: str) -> tuple[Any, ...]:
    _, _, who, method, stem, query, status, sent, _ = text.split(" ")
    return who, method, stem if query == "-" else f"{stem}?{query}", int(status), int(sent)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_what_the_truth_tells(tmp_path: Path, form: str) -> None:
    made = make(tmp_path, form=form)
    read = {"combined": combined, "caddy": caddy, "w3c": w3c}[form]
    lines = [text for text in made.log.read_text().splitlines() if not text.startswith("#")]
    assert len(lines) == 3000
    assert [read(text) for text in lines] == made.told()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, same, other = (make(tmp_path / str(i), seed=seed) for i, seed in enumerate((5, 5, 6)))
    assert one.log.read_bytes() == same.log.read_bytes()
    assert one.log.read_bytes() != other.log.read_bytes()


def test_lines_add_up_and_are_in_order(large: Made) -> None:
    assert large.rows("SELECT count(*), min(line), max(line), count(DISTINCT line) FROM {lines}") == [
        (LINES, 1, LINES, LINES)
    ]
    assert large.rows("SELECT sum(lines) FROM {actors}") == [(LINES,)]
    seconds = [row[0] for row in large.rows("SELECT second FROM {lines} ORDER BY line")]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 86_400
    assert START.tzinfo


def test_every_purpose_occurs(large: Made) -> None:
    found = {row[0] for row in large.rows("SELECT DISTINCT purpose FROM {actors}")}
    assert found == {purpose for _, purpose, *_ in ALONE.values()} | {
        "dev-install", "ci-hosted", "ci-selfhosted", "caching-proxy",
    }  # fmt: skip


def test_no_address_can_be_anybodys(large: Made) -> None:
    clients = [row[0] for row in large.rows("SELECT client FROM {addresses}")]
    assert any(":" in c for c in clients)
    assert all(c.startswith(("2001:db8:", "244.")) for c in clients)
    assert len(NETWORKS) <= 16


def gateway_path(ecosystem: str, path: str) -> str:
    """The same request as the gateway would be asked."""
    match ecosystem:
        case "pypi" if path.startswith("/packages/"):
            return f"/pypi/files{path}"
        case "cargo" if not path.startswith("/crates/"):
            return f"/cargo/index{path}"
        case "maven":
            return path.replace("/maven2", "/maven", 1)
        case "nuget":
            return path.replace("/v3-flatcontainer", "/nuget/v3/flat", 1)
        case "debian" | "oci":
            return path
    return f"/{ecosystem}{path}"


def test_paths_mean_what_the_truth_says(large: Made) -> None:
    wrong = []
    rows = large.rows("SELECT ecosystem, method, path, kind, name, version FROM {requests} WHERE kind <> 'other'")
    for ecosystem, method, path, *truth in rows:
        try:
            subject = identify(method, gateway_path(ecosystem, path), BY_NAME)
        except SubakError as error:
            wrong.append((path, str(error)))
            continue
        told = [str(subject.kind), subject.name, subject.version]
        if told != truth:
            wrong.append((path, told, truth))
    assert len(rows) > 5000
    assert wrong == []
