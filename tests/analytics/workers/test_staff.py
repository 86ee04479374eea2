"""Who is hired for an analysis: here and in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.analytics.facts.named import KEYS, NAMES
from tests.analytics.workers.told import rows

from subak.analytics.workers.batch import Asked
from subak.analytics.workers.staff import hired
from subak.errors import ConfigError


@pytest.mark.parametrize("apart", [False, True])
def test_both_know_their_trade(apart: bool) -> None:
    with hired(KEYS, {"h": "npm"}, apart=apart) as staff:
        told = staff.targets.ask("tell", Asked((1,), ("GET",), ("h",), ("/left-pad",))).result()
        assert [*told] == ["later"]
        settled = staff.targets.ask("settle", Asked((1,), ("GET",), ("h",), ("/left-pad",)), [""]).result()
        assert rows(settled, "goods", "ecosystem, purl") == [("npm", "pkg:npm/left-pad")]
        named = staff.askers.ask("tell", [], [(2, "192.0.2.1")], []).result()
        assert rows(named, "named_clients", "name") == [(NAMES.client("192.0.2.1"),)]


@pytest.mark.parametrize("apart", [False, True])
def test_an_ecosystem_that_nobody_knows(apart: bool) -> None:
    with hired(KEYS, "npn", apart=apart) as staff, pytest.raises(ConfigError, match="did you mean 'npm'"):
        staff.targets.ask("tell", Asked((), (), (), ())).result()


def test_hiring_loads_neither_the_engine_nor_what_only_workers_need() -> None:
    code = (
        "import sys\n"
        "import subak.analytics.workers.staff\n"
        "print([m for m in sys.modules if m.startswith(('duckdb', 'nanoarrow', 'subak.ecosystems'))])\n"
        "import subak.analytics.workers.askers, subak.analytics.workers.targets\n"
        "print([m for m in sys.modules if m.startswith(('duckdb', 'nanoarrow'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]
