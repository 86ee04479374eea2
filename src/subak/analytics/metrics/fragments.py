"""The pieces `table` puts together: times as whole numbers, additive measures as aggregates; ibis expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.catalogue import COLUMN_TYPES
from subak.analytics.metrics.definitions import DAY, HOUR, WHICH, source, total

rows: Final = source("rows", COLUMN_TYPES)
"""Requests with whatever is known of their stream, client, item and package: `table` joins what is asked for."""

_DAYS = (rows["at"] / DAY).floor().cast("int64")

TIMES: Final[Mapping[str, Any]] = {
    "hour": (rows["at"] / HOUR).floor().cast("int64"),
    "day": _DAYS,
    "weekday": (_DAYS + 3) % 7,  # 1970-01-01 was a Thursday; 0 is Monday
}

_WEIGHTS: Final[Mapping[str, Any]] = {
    "requests": ibis.literal(1, "int64"),
    "bytes": ibis.greatest(rows.sent, 0),
    "unsized": (rows.sent < 0).cast("int64"),
}


def _additive(name: str) -> Any:
    which, weight = WHICH[name]
    if name in ("requests", "bytes", "bytes_unknown"):
        return rows.count() if name == "requests" else total(_WEIGHTS[weight])
    return rows.count(where=which(rows)) if weight == "requests" else total(_WEIGHTS[weight], which(rows))


ADDITIVE: Final[Mapping[str, Any]] = {name: _additive(name) for name in WHICH} | {
    "addresses": rows.client.nunique(where=rows.client >= 0),
}
