"""Traits: what the words of a stream are, on tables made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from subak.analytics import slices
from subak.analytics.classes import traits
from subak.analytics.classes.pack import built_in
from subak.analytics.schema import TABLES, as_columns

PACK = built_in()
MONDAY = 1_791_158_400


def said(facts: str, *, kind: str = "unknown", origin: str = "", more: str = "") -> Mapping[str, str]:
    """The words of stream 0. `facts`: a SELECT of at, item, document, package and what else differs."""
    with duckdb.connect() as engine:
        for name, columns in TABLES.items():
            engine.execute(f"CREATE TABLE {name} ({as_columns(columns)})")
        engine.execute("INSERT INTO agents BY NAME SELECT 0 AS agent, 'x' AS software, $1 AS kind, false AS ci", [kind])
        engine.execute("INSERT INTO streams VALUES (0, 0, 'x', $1, 0, '', 0, '')", [kind])
        engine.execute("INSERT INTO clients VALUES (0, 'a-', 0, 0, 4, '', $1)", [origin])
        engine.execute(
            "INSERT INTO facts BY NAME SELECT 0 AS client, 0 AS network, 0 AS stream, 0 AS agent, 'GET' AS method,"
            f" 200::SMALLINT AS status, if(document < 0, 'artifact', 'index') AS kind, * FROM ({facts})"
        )
        engine.execute(
            "INSERT INTO items BY NAME SELECT DISTINCT item, package, (item % 5)::VARCHAR AS version FROM facts"
            " WHERE item >= 0"
        )
        if more:
            engine.execute(more)
        traits.measure(engine, PACK)
        key = engine.execute("SELECT key FROM x_traits WHERE stream = 0").fetchall()[0][0]
        traits.clear(engine)
    found = zip(PACK.traits, traits.words(key, PACK), strict=True)
    return {trait.name: trait.words[word].says for trait, word in found if word >= 0}


def rows(count: int, at: str, item: str, package: str, document: str = "-1") -> str:
    return (
        f'SELECT {MONDAY} + {at} AS "at", ({item})::INTEGER AS item, ({document})::INTEGER AS document,'
        f" ({package})::INTEGER AS package FROM range({count}) t(i)"
    )


@pytest.mark.parametrize(
    ("facts", "trait", "words"),
    [
        (rows(1, "0", "0", "0"), "requests", "asked once or twice"),
        (rows(60, "0", "i", "i // 5"), "repeats", "took every file once"),
        (rows(60, "i * 3600", "i % 5", "0"), "repeats", "took the same files again and again"),
        (rows(60, "i * 3600", "-1", "0", "0"), "polling", "reads the same documents again and again"),
        (rows(60, "i * 3600", "-1", "0", "0"), "clock", "comes at equal distances"),
        (rows(60, "i * 3600", "-1", "0", "0"), "burst", "asks for one thing at a time"),
        (rows(60, "i * 3600", "-1", "0", "0"), "daily", "comes at all hours alike"),
        (rows(40, "(i % 5) * 86400 + (i // 5) * 600", "-1", "0", "0"), "daily", "comes at one hour of the day"),
        (
            rows(45, "(i % 5) * 86400 + (i // 5) * 3600 + 28800", "-1", "0", "0"),
            "daily",
            "comes during one part of the day",
        ),
        (rows(60, "0", "i", "i // 5"), "breadth", "asked for a few dozen packages"),
        (rows(60, "0", "i", "i // 5"), "versions", "takes many versions of each package"),
        (rows(60, "0", "i", "i"), "versions", "takes one version of a package"),
        (rows(400, "(i // 10) * 3600", "-1", "i", "i"), "alphabet", "asks for packages in the order of the alphabet"),
        (
            rows(400, "(i // 10) * 3600", "-1", "i * 173 % 400", "i"),
            "alphabet",
            "asks for packages in no order of names",
        ),
        (rows(20, "0", "-1", "0", "0"), "documents", "reads documents and takes hardly any files"),
    ],
)
def test_words(facts: str, trait: str, words: str) -> None:
    assert said(facts)[trait] == words


def test_little_says_nothing() -> None:
    found = said(rows(3, "0", "i", "i"))
    assert not {"repeats", "polling", "daily", "clock", "versions", "strange", "origin", "standing"} & set(found)


def test_the_origin_is_the_operators_word() -> None:
    assert said(rows(3, "0", "i", "i"), origin="vpn-tor")["origin"] == "comes from a network that hides its users"


def test_a_document_is_no_version() -> None:
    facts = rows(60, "0", "CASE WHEN i % 2 = 0 THEN i // 2 ELSE -1 END", "i // 2", "i // 2")
    assert said(facts)["versions"] == "takes one version of a package"


SPEAKERS = """
    INSERT INTO agents BY NAME SELECT 1 AS agent, 'y' AS software, 'installer' AS kind, true AS ci,
        '{own}' AS self_hosted;
    INSERT INTO clients SELECT i, 'a-' || i, 0, i, 4, '', '' FROM range(1, 5) t(i);
    INSERT INTO streams SELECT i, i, 'y', 'installer', 1, '', 0, '' FROM range(1, 5) t(i);
    INSERT INTO facts SELECT * EXCLUDE (i) REPLACE (i AS client, i AS stream) FROM facts, range(1, 5) t(i);
"""


@pytest.mark.parametrize(
    ("own", "words"),
    [("no", "has neighbours that say hosted CI"), ("yes", "has neighbours that say self-hosted CI")],
)
def test_what_neighbours_say_of_ci(own: str, words: str) -> None:
    assert said(rows(3, "0", "i", "i"), kind="installer", more=SPEAKERS.format(own=own))["ci_near"] == words


def test_far_away_machines_are_no_neighbours() -> None:
    more = SPEAKERS.format(own="no") + "; UPDATE clients SET network = client"
    assert "ci_near" not in said(rows(3, "0", "i", "i"), kind="installer", more=more)


BESIDE = """
    INSERT INTO agents BY NAME SELECT 2 AS agent, 'z' AS software, 'installer' AS kind, false AS ci,
        'debian' AS ecosystem;
    INSERT INTO streams VALUES (9, 0, 'z', 'installer', 2, '', 0, '');
    INSERT INTO facts SELECT * REPLACE (9 AS stream, 2 AS agent) FROM facts WHERE stream = 0;
"""


def test_silence_means_something_only_of_tools_that_say_ci_elsewhere() -> None:
    facts, others = rows(3, "0", "i", "i"), SPEAKERS.format(own="no")
    assert "system_packages" not in said(facts, kind="installer", more=BESIDE)
    assert "system_packages" not in said(facts, kind="installer", more=others + BESIDE)
    spoken = said(facts, kind="installer", more=others.replace("'y'", "'x'") + BESIDE)
    assert spoken["system_packages"] == "is where system packages are installed and nobody says CI"


CROWD = """
    INSERT INTO clients SELECT i, 'a-' || i, i // 3, i, 4, CASE WHEN i < 4 THEN 'owner' ELSE 'rented' END, 'hosting'
        FROM range(1, 30) t(i);
    UPDATE clients SET provider = 'rented' WHERE client = 0;
    INSERT INTO agents BY NAME SELECT 1 AS agent, 'curl' AS software, 'library' AS kind, false AS ci;
    INSERT INTO streams SELECT i, i, CASE WHEN i < 4 THEN 'x' ELSE 'curl' END,
        CASE WHEN i < 4 THEN 'search' ELSE 'library' END, CASE WHEN i < 4 THEN 0 ELSE 1 END, '', 0, ''
        FROM range(1, 30) t(i);
    INSERT INTO facts SELECT * EXCLUDE (i) REPLACE (i AS client, i AS stream) FROM facts, range(1, 30) t(i);
"""


def test_who_is_not_where_the_others_of_its_name_are() -> None:
    words = said(rows(3, "0", "i", "i"), kind="search", origin="hosting", more=CROWD)["standing"]
    assert words == "claims a crawler's name outside of the network that the others of that name come from"


def test_without_a_range_pack_nobody_is_accused() -> None:
    crowd = f"{CROWD}; UPDATE clients SET provider = '', origin = ''"
    assert "standing" not in said(rows(3, "0", "i", "i"), kind="search", more=crowd)


@pytest.mark.parametrize("name", sorted(traits.MEASURES.keys() - traits.QUIET))
@pytest.mark.parametrize("kept", ["files", "documents"])
def test_who_asks_little_has_no_other_traits(name: str, kept: str) -> None:
    most = traits.LITTLE - 1
    sums = ", ".join(f"{most} AS {column}" for column in ("n", "runs", "heads", "same", "refused", "strange", kept))
    other = "documents" if kept == "files" else "files"
    rhythm = ", ".join(f"NULL::DOUBLE AS {c}" for c in ("days", "weekend", "daily", "clock", "spread", "sizable"))
    tastes = ", ".join(
        f"NULL::DOUBLE AS {c}" for c in ("packages", "taken", "items", "n", "versions", "pages", "paged")
    )
    with duckdb.connect() as engine:
        assert engine.execute(
            f"SELECT {traits.MEASURES[name]} FROM (SELECT {sums}, 0 AS {other}, 0 AS mask) x, (SELECT {rhythm}) r,"
            f" (SELECT {tastes}) t, (SELECT 'installer' AS software_kind) s, (SELECT 10 AS clients, 0 AS strange) u,"
            " (SELECT 0.3 AS weekend) w"
        ).fetchall() == [(None,)]


def test_a_log_that_is_cut_has_the_same_traits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    with duckdb.connect(config={"temp_directory": str(tmp_path), "memory_limit": "200MiB"}) as engine:
        for name, columns in TABLES.items():
            engine.execute(f"CREATE TABLE {name} ({as_columns(columns)})")
        engine.execute(
            "INSERT INTO agents BY NAME SELECT 0 AS agent, 'x' AS software, 'installer' AS kind, false AS ci"
        )
        engine.execute("INSERT INTO streams SELECT i, i, 'x', 'installer', 0, '', 0, '' FROM range(7) r(i)")
        engine.execute("INSERT INTO clients SELECT i, 'a-' || i, 0, i, 4, '', '' FROM range(7) r(i)")
        engine.execute(
            "INSERT INTO facts BY NAME SELECT i % 7 AS client, 0 AS network, i % 7 AS consumer, i % 7 AS stream,"
            " 0 AS agent, 'GET' AS method, if(i % 11 = 0, 304, 200) AS status, 'artifact' AS kind, '' AS cache,"
            " 'npm' AS ecosystem, i % 100 AS sent, i * i % 90 AS item, -1 AS document, i * i % 90 // 5 AS package,"
            f' {MONDAY} + i * 97 AS "at" FROM range(5000) r(i)'
        )
        engine.execute(
            "INSERT INTO items BY NAME SELECT i AS item, i // 5 AS package, '' || i AS version FROM range(90) r(i)"
        )
        for size in (slices.REQUEST_BYTES, 10**6):
            monkeypatch.setattr(slices, "REQUEST_BYTES", size)
            slices.settle(engine)
            traits.measure(engine, PACK)
            found.append(
                [engine.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in ("x_traits", "x_pairs", "spells")]
            )
            traits.clear(engine)
        assert len(slices.cut(engine)) > 10
        left = engine.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'large' ORDER BY 1")
        assert left.fetchall() == [("facts",), ("spells",)]
    assert found[0] == found[1]
    assert len(found[0][0]) == 7
