"""Two reports side by side: what changed, absolutely and relatively, and where they must not be compared."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from subak.analytics.report.headline import PLURAL
from subak.analytics.report.model import Report
from subak.analytics.report.words import span

MUCH = 0.02
"""Windows whose lengths differ by more than this share make sums incomparable."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One figure before and after."""

    part: str
    """'figures', 'top share', 'classes' …"""
    name: str
    unit: str
    before: float | None
    after: float | None
    difference: float | None
    """after - before, in the unit; None unless both are known."""
    relative: float | None
    """difference / before; None if that cannot be."""
    note: str = ""
    """Why the two do not compare, in plain words."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one report to another."""

    before: str
    """Its window, ISO 8601."""
    after: str
    warnings: list[str]
    """What makes the two hard to compare."""
    changes: list[Change]


def compare(before: Report, after: Report) -> Comparison:
    """Every figure that either report knows, in the order of the later one."""
    old, new = dict(_figures(before)), dict(_figures(after))
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        part, name = key
        was, unit, _ = old.get(key, (None, new.get(key, (None, "", ""))[1], ""))
        value = new[key][0] if key in new else None
        if was is None and value is None:
            continue
        definition = (new.get(key) or old[key])[2]
        changes.append(
            Change(
                part=part,
                name=name,
                unit=unit,
                before=was,
                after=value,
                difference=None if was is None or value is None else value - was,
                relative=None if not was or value is None else value / was - 1,
                note=_note(before, after, definition),
            )
        )
    return Comparison(
        before=_window(before), after=_window(after), warnings=list(_warnings(before, after)), changes=changes
    )


Told = tuple[float | None, str, str]
"""Value, unit, name of its definition."""


def _figures(report: Report) -> Iterator[tuple[tuple[str, str], Told]]:
    """Everything of a report that is a number with a name."""
    for name, figure in report.figures.items():
        yield ("figures", name), (figure.value, figure.unit, name.partition(".")[0])
    for one in report.concentration:
        name = f"{PLURAL[one.level]} by {one.weight}"
        yield ("top share", name), (one.top_share, "share", "top_share")
        yield ("top share on a day", name), (one.daily, "share", "top_share")
        yield ("gini", name), (one.gini, "ratio", "gini")
    for row in report.avoidable:
        name = f"{row.level}, {row.cache} cache"
        yield ("avoidable", f"{name}: requests"), (row.requests, "requests", "avoidable_files")
        yield ("avoidable", f"{name}: bytes"), (row.bytes, "bytes", "avoidable_files")
        yield ("avoidable", f"{name}: of bytes"), (row.share_bytes, "share", "avoidable_files")
        if row.cost is not None:
            yield ("avoidable", f"{name}: cost"), (float(row.cost), "money", "cost")
    for purpose in report.purposes.rows:
        yield ("classes", purpose.name), (purpose.share_requests, "share", "purpose")
    for mix in report.ecosystems.rows:
        yield ("ecosystems", mix.name), (mix.share_requests, "share", "requests")
    for provider in report.providers.rows:
        yield ("providers", provider.name), (provider.share_downloads, "share", "amplification")
    if report.bill:
        yield ("cost", "the bill"), (float(report.bill.total), "money", "cost")


def _note(before: Report, after: Report, definition: str) -> str:
    old, new = (report.definitions.get(definition) for report in (before, after))
    if old and new and old.version != new.version:
        return f"defined otherwise: version {old.version} before, {new.version} now"
    return "defined otherwise than before" if old and new and old.text != new.text else ""


def _window(report: Report) -> str:
    from subak.analytics.report.words import iso

    return iso(report.meta.window.start, report.meta.window.end)


def _warnings(before: Report, after: Report) -> Iterator[str]:
    old, new = before.meta, after.meta
    if abs(old.window.seconds - new.window.seconds) > MUCH * new.window.seconds:
        yield (
            f"The windows differ in length ({span(old.window.seconds)} before, {span(new.window.seconds)} now): "
            "compare shares, not sums."
        )
    elif old.window.start < new.window.end and new.window.start < old.window.end:
        yield "The two windows overlap."
    if old.epoch != new.epoch:
        yield "Pseudonyms are of different epochs: names of consumers do not compare."
    for name in old.packs.__struct_fields__:
        was, now = getattr(old.packs, name), getattr(new.packs, name)
        if was != now:
            yield f"Other data decided about {name}: {was or 'none'} before, {now or 'none'} now."
    if before.bill and after.bill and before.bill.currency != after.bill.currency:
        yield f"Money is in {before.bill.currency} before and in {after.bill.currency} now."
    if old.asked != new.asked:
        told = ["; ".join(asked) or "everything" for asked in (old.asked, new.asked)]
        yield f"Not the same was counted: {told[0]} before, {told[1]} now."
