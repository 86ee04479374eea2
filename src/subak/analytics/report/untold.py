"""What a log does not carry is not zero: figures that need it become None, and tables that need it go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from subak.analytics.report.model import Purpose, Report, Rows

SIZED: Final = ("bytes", "avoidable_bytes", "document_bytes", "share_bytes")
ENDED: Final = ("downloads", "share_downloads", "repeat_factor", "shadow_share")
TABLES: Final = ("providers", "origins", "purposes", "ecosystems", "software", "consumers", "packages", "statuses",
                 "caches")  # fmt: skip
NAMELESS: Final = ("", "none")
"""Names of the software of those who do not say what they are."""
STATUS_UNKNOWN: Final = "0"


@dataclass(frozen=True, slots=True)
class Missing:
    """What not one line of the logs tells."""

    addresses: bool
    sizes: bool
    statuses: bool
    agents: bool


def missing(report: Report) -> Missing:
    """Nothing is missing from logs without requests: there, zeros are true."""
    requests = report.figures["requests"].value or 0
    if not requests:
        return Missing(addresses=False, sizes=False, statuses=False, agents=False)
    return Missing(
        addresses=not report.figures["addresses"].value,
        sizes=(report.figures["bytes_unknown"].value or 0) >= requests,
        statuses={row.name for row in report.statuses.rows} == {STATUS_UNKNOWN},
        agents={row.name for row in report.software.rows} <= set(NAMELESS),
    )


def without(report: Report, lacks: Missing) -> Report:
    """The report with None where it would say a number that the logs do not hold."""
    fields = (*(SIZED if lacks.sizes else ()), *(ENDED if lacks.statuses else ()))
    units = {"bytes"} if lacks.sizes else set()
    units |= {"downloads", "per download"} if lacks.statuses else set()
    units |= {"addresses", "networks", "consumers", "streams"} if lacks.addresses else set()
    ends = ("error_share", "revalidations", "conditional_share") if lacks.statuses else ()
    figures = {
        name: replace(one, value=None) if one.unit in units or name in ends else one
        for name, one in report.figures.items()
    }
    kept: dict[str, Any] = {name: _without(getattr(report, name), fields) for name in TABLES}
    kept["purposes"] = _bounded(kept["purposes"])
    gone = [*(("software",) if lacks.agents else ()), *(("providers", "origins") if lacks.statuses else ())]
    kept |= {name: replace(getattr(report, name), n=0, rows=[]) for name in gone}
    return replace(
        report,
        figures=figures,
        **kept,
        avoidable=[_cleared(row, fields) for row in report.avoidable if row.cache == "ideal" or not lacks.sizes],
        # Whoever is counted by an address is nobody where there is none: the limit was about no request at all.
        simulations=[one for one in report.simulations if one.units or not lacks.addresses],
        slices=[
            replace(one, rows=[_cells(row, one.by, one.units, units) for row in one.rows]) for one in report.slices
        ],
    )


def _bounded(rows: Rows[Purpose]) -> Rows[Purpose]:
    """Nobody declares to be unknown, and unknown is not a class that more could belong to."""
    return replace(
        rows, rows=[replace(r, declared=None, at_most=None) if r.name == "unknown" else r for r in rows.rows]
    )


def _without(rows: Rows[Any], fields: tuple[str, ...]) -> Rows[Any]:
    return replace(rows, rows=[_cleared(row, fields) for row in rows.rows])


def _cleared(row: Any, fields: tuple[str, ...]) -> Any:
    values: Mapping[str, None] = {name: None for name in fields if name in row.__struct_fields__}
    return replace(row, **values) if values else row


def _cells(row: list[Any], by: list[str], units: list[str], unknown: set[str]) -> list[Any]:
    return [
        *row[: len(by)],
        *(None if unit in unknown else cell for unit, cell in zip(units, row[len(by) :], strict=True)),
    ]
