"""What `scan` has to offer, where this installation has it compiled, and what serves instead elsewhere."""

from __future__ import annotations

from array import array
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner

_MODULE = "subak.analytics.logs.scan"


@cache
def compiled() -> bool:
    """Was a C compiler there when this was installed?"""
    spec = find_spec(_MODULE)
    return spec is not None and not str(spec.origin).endswith(".py")


def scanner(key: bytes, since: float, until: float) -> Scanner | None:
    """One for the requests of a time, with at least 16 secret bytes; None where it would be slower than the engine."""
    if not compiled():
        return None
    from subak.analytics.logs.scan import Scanner

    return Scanner(key[:16], since, until)


def ends(texts: list[str]) -> array[int]:
    """See `numbers.ends`."""
    if compiled():
        from subak.analytics.logs import numbers

        return numbers.ends(texts)
    return array("i", accumulate(map(len, texts), initial=0))
