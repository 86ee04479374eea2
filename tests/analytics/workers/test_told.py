"""Tables of what is told."""

from __future__ import annotations

import pytest

from subak.analytics.schema import AGENTS
from subak.analytics.software.parse import parse
from subak.analytics.workers.told import TOLD, as_told, spoken_of


def test_only_tables_with_rows_are_told() -> None:
    assert [*as_told(named_users=([1], ["x"]), later=(), goods=[[] for _ in TOLD["goods"]])] == ["named_users"]


@pytest.mark.parametrize("agent", ["", "uv/0.9.9", 'pip/25.3 {"ci":true}', "Nexus/3.71 (PRO)"])
def test_an_agent_is_a_row_of_the_schema(agent: str) -> None:
    row = dict(zip([name for name in AGENTS if name != "agent"], spoken_of(parse(agent)), strict=True))
    assert row["software"] == parse(agent).family
    assert row["self_hosted"] in ("", "yes", "no")
