"""The contract of the tables."""

from __future__ import annotations

from subak.analytics import schema
from subak.analytics.logs.fields import CACHE_WORDS
from subak.analytics.software.record import Software
from subak.model.exchange import Kind


def test_words_are_those_of_the_rest_of_the_house() -> None:
    assert set(schema.KINDS) == {str(kind) for kind in Kind}
    assert set(schema.CACHES) >= {"", *CACHE_WORDS.values()}
    assert set(schema.AGENTS) - {"agent", "software", "declared"} <= set(Software.__dataclass_fields__)


def test_numbers_have_a_table_that_explains_them() -> None:
    named = {"client", "network", "consumer", "stream", "agent", "item", "document", "package"}
    assert named <= set(schema.FACTS)
    for name in named:
        assert next(iter(schema.TABLES[f"{name}s"])) == name
