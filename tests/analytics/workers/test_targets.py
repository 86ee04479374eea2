"""What is asked for: each text once, whatever else is in its batch."""

from __future__ import annotations

from typing import Any

from tests.analytics.workers.told import rows

from subak.analytics.packages.recognise import Recogniser
from subak.analytics.workers.batch import Asked
from subak.analytics.workers.targets import Targets
from subak.analytics.workers.told import CALL, Told


def goods(told: Told) -> list[tuple[Any, ...]]:
    """Number, ecosystem, kind, method and package of each."""
    return sorted(rows(told, "goods", "id::INTEGER, ecosystem, kind, method, package"))


def asked(*requests: tuple[str, str, str]) -> Asked:
    return Asked(range(len(requests)), *zip(*requests, strict=True))


def test_nothing_is_told_of_nothing() -> None:
    assert Targets(Recogniser()).tell(Asked((), (), (), ())) == {}


def test_what_is_asked_for_is_told_now_or_later() -> None:
    targets = Targets(Recogniser())
    told = targets.tell(asked(("GET", "", "/simple/demo/"), ("BREW", "", "/simple/demo/"), ("GET", "h", "/left-pad")))
    assert goods(told) == [(0, "pypi", "index", "GET", "pkg:pypi/demo")]
    assert rows(told, "later") == [("1", "BREW", "", "/simple/demo/"), ("2", "GET", "h", "/left-pad")]
    settled = targets.settle(Asked((1, 2), ("BREW", "GET"), ("", "h"), ("/simple/demo/", "/left-pad")), ["", "npm"])
    assert goods(settled) == [(1, "", "unknown", "other", ""), (2, "npm", "index", "GET", "pkg:npm/left-pad")]


def test_much_at_once_is_the_same_as_bit_by_bit() -> None:
    requests = [("GET", "", f"/simple/demo-{n}/" if n % 3 else f"/demo-{n}") for n in range(2 * CALL + 5)]
    whole, targets = Targets(Recogniser()).tell(asked(*requests)), Targets(Recogniser())
    for table in ("goods", "later"):
        single = [rows(targets.tell(Asked((n,), *zip(r, strict=True))), table) for n, r in enumerate(requests[:30])
                  if (n % 3 == 0) == (table == "later")]  # fmt: skip
        assert sorted(rows(whole, table), key=lambda row: int(row[0]))[: len(single)] == [row for (row,) in single]
