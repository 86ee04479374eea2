"""Our own readings as facts: from journals still being written and from compacted files alike."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from subak.analytics.compact import compact
from subak.analytics.facts.gather import Options, gather
from subak.analytics.facts.readings import is_readings
from subak.analytics.privacy.epochs import derive
from subak.analytics.software.parse import parse, recalled
from subak.model.reading import COLUMNS

KEYS = derive(b"k" * 32, "2026-10")
AT = 1791187200.0
WHEEL = "pkg:pypi/demo@1.0"


def reading(number: int, **given: object) -> bytes:
    """One journal line."""
    row: dict[str, object] = dict.fromkeys(COLUMNS, "")
    row |= {"at": AT + number, "ci": False, "status": 200, "sent": 100, "fetched": 0, "ms": 1.0, "method": "GET"}
    row |= {"ecosystem": "pypi", "kind": "artifact", "purl": WHEEL, "consumer": "addr:10.0.0.1", "tier": "anonymous"}
    row |= {"agent": "pip", "agent_version": "25.0", "origin": "hit"}
    return msgspec.json.encode(row | given) + b"\n"


LINES = [
    reading(0),
    reading(1, ci=True),
    reading(2, kind="index", purl="pkg:pypi/demo", consumer="key:team-a", origin="miss"),
    reading(3, ecosystem="", kind="own", purl="", agent="browser", agent_version="120", origin="own"),
    reading(4, consumer="net:abcdef", agent="none", agent_version="", status=404),
    reading(5, ecosystem="pypi-internal"),  # a further registry, which only the gateway's settings name
]
QUERY = """
    SELECT f."at", f.ecosystem, f.kind, coalesce(i.purl, ''), coalesce(p.purl, ''), f.cache::VARCHAR, f.status,
        a.software, a.ci, f.client >= 0 FROM facts f JOIN agents a USING (agent) LEFT JOIN items i USING (item)
    LEFT JOIN packages p ON f.package = p.package ORDER BY 1"""
WANT = [
    (AT, "pypi", "artifact", WHEEL, "pkg:pypi/demo", "hit", 200, "pip", False, True),
    (AT + 1, "pypi", "artifact", WHEEL, "pkg:pypi/demo", "hit", 200, "pip", True, True),
    (AT + 2, "pypi", "index", "", "pkg:pypi/demo", "miss", 200, "pip", False, True),
    (AT + 3, "", "own", "", "", "", 200, "chrome", False, True),
    (AT + 4, "pypi", "artifact", WHEEL, "pkg:pypi/demo", "hit", 404, "none", False, True),
    (AT + 5, "pypi-internal", "artifact", WHEEL, "pkg:pypi/demo", "hit", 200, "pip", False, True),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    journal = tmp_path / "readings" / "journal"
    journal.mkdir(parents=True)
    (journal / f"2026-10-05T08-0-{int(AT * 1e9)}.jsonl").write_bytes(b"".join(LINES))
    return tmp_path / "readings"


def told(folder: Path) -> list[tuple[object, ...]]:
    with gather([str(folder)], Options(KEYS)) as analysis:
        rows = analysis.engine.execute(QUERY).fetchall()
        text = str([analysis.engine.execute(f"FROM {t}").fetchall() for t in ("clients", "networks", "consumers")])
        assert "10.0.0.1" not in text
        assert analysis.ledger.total("accepted").lines == len(rows)
        return rows


def test_what_readings_become(folder: Path) -> None:
    assert is_readings(folder)
    assert told(folder) == WANT
    compact(folder, AT + 10 * 86400, 0.0)
    assert list(folder.glob("*/*.parquet"))
    assert told(folder) == WANT


def test_a_folder_of_logs_is_no_folder_of_readings(tmp_path: Path) -> None:
    (tmp_path / "access.log").write_text("")
    assert not is_readings(tmp_path)
    (tmp_path / "readings").mkdir()
    assert is_readings(tmp_path / "readings")  # of a gateway that has just started


@pytest.mark.parametrize(
    ("family", "kind"),
    [("pip", "installer"), ("apt", "installer"), ("nexus", "caching-proxy"), ("curl", "library"),
     ("browser", "browser"), ("go-http", "library"), ("none", "unknown"), ("unknown", "unknown"),
     ("oddity", "unknown")],
)  # fmt: skip
def test_agents_that_readings_name(family: str, kind: str) -> None:
    software = recalled(family, "1.0" if family != "none" else "", False)
    assert software.kind == kind
    if family in ("pip", "apt", "nexus", "curl"):
        assert software.family == family
    assert "off-shape" not in software.flags


def test_ci_is_recalled() -> None:
    assert recalled("pip", "25.0", True).weight("ci-hosted") > recalled("pip", "25.0", False).weight("ci-hosted")
    assert recalled("none", "", False) == parse("")
