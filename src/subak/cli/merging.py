"""`subak analyze --merge-sketches`: what several registries have together, as far as their summaries tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from subak.cli import saying

if TYPE_CHECKING:
    from subak.analytics.privacy.concentration import TopShare

COLUMNS = ("1 % of", "took of", "at least", "at most", "units from", "to", "publishable")
UNITS = {"client": "addresses", "network": "networks", "consumer": "consumers"}


def show_merged(names: list[str], *, json: bool) -> None:
    """Add up sketches and say what the heaviest 1 % have. Raises BadRequest, StoreFailed."""
    from subak.analytics.privacy.concentration import concentration
    from subak.analytics.privacy.sketches import merge, read_sketch

    if not names:
        raise typer.BadParameter("name the sketches: --merge-sketches one.sketch another.sketch", param_hint="LOG")
    merged = merge(read_sketch(Path(name)) for name in names)
    found = concentration(merged)
    if json:
        import msgspec

        saying.as_json(
            {
                "epoch": merged.epoch,
                "parts": len(merged.parts),
                "top_shares": [msgspec.to_builtins(one) for one in found],
            }
        )
        return
    rows = [_told(one) if saying.pretty() else _plain(one) for one in found]
    saying.table(f"{len(merged.parts)} parts together, epoch {merged.epoch}", COLUMNS, rows, numbers=5)
    if not all(one.publishable for one in found):
        saying.note(
            "A share that is not publishable has too few in its top, or one that dominates it: keep it to yourselves."
        )


def _told(one: TopShare) -> tuple[str, ...]:
    from subak.analytics.report import words

    return (
        UNITS[one.unit], one.weight, *map(words.share, one.share), *map(words.number, one.units),
        "yes" if one.publishable else "no",
    )  # fmt: skip


def _plain(one: TopShare) -> tuple[str, ...]:
    return (UNITS[one.unit], one.weight, *map(str, (*one.share, *one.units)), "yes" if one.publishable else "no")
