"""How an analysis is said: a bar while it runs, tables at a terminal, plain rows in a pipe, JSON when asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from subak.cli import saying

if TYPE_CHECKING:
    from subak.analytics.facts.gather import Progress
    from subak.analytics.report.compare import Comparison
    from subak.analytics.report.model import Report
    from subak.analytics.report.terminal import Sheet

STAGES = {"read": "reading", "name": "naming", "classify": "classifying", "measure": "measuring"}


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error while a person is looking: how much, how fast, how long still."""
    if not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(STAGES["read"], total=None)

        def told(stage: str, done: int, total: int) -> None:
            # (0, 0) ends a stage, or says that its length cannot be known: the bar then keeps what it has.
            bars.update(task, description=STAGES.get(stage, stage), completed=done or None, total=total or None)

        yield told


def print_json(report: Report, compared: Comparison | None) -> None:
    import msgspec

    data = msgspec.structs.asdict(report)
    if compared:
        data["comparison"] = compared
    # A figure that is no number is null in the file of a report, and here too.
    print(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())


def show(report: Report, compared: Comparison | None, html: Path | None) -> None:
    """A table that was asked for alone; otherwise the sentences first, then all tables."""
    from subak.analytics.report import terminal
    from subak.analytics.report.headline import headline

    if report.slices:
        for one in report.slices:
            _table(terminal.sliced(one), alone=True)
    elif compared:
        for warning in compared.warnings:
            saying.note(warning)
        _table(terminal.changes(compared))
    else:
        said = headline(report)
        saying.heading(said.answer)
        if said.waste:
            saying.heading(said.waste)
        for sheet in terminal.sheets(report):
            print()
            _table(sheet)
    for line in report.meta.unknown:
        saying.note(line)
    if html:
        saying.note(f"the page is in {html}")


def _table(sheet: Sheet, *, alone: bool = False) -> None:
    if saying.pretty():
        sheet = sheet.told()
        saying.table(sheet.title, sheet.columns, sheet.pretty(), numbers=sheet.numbers, expendable=sheet.expendable)
        return
    if not alone:
        print(f"# {sheet.title}")
    columns, rows = sheet.plain()
    saying.table(sheet.title, columns, rows)


def list_measures(*, json: bool) -> None:
    from subak.analytics.metrics.catalogue import DIMENSIONS, MEASURES, SHOWN

    if json:
        saying.as_json(
            {
                "dimensions": {name: one.definition for name, one in DIMENSIONS.items()},
                "shown": {name: {"unit": unit, "definition": text} for name, (unit, text) in SHOWN.items()},
                "measures": {name: {"unit": m.unit, "definition": m.definition} for name, m in MEASURES.items()},
            }
        )
        return
    dimensions = [(name, one.definition) for name, one in DIMENSIONS.items()]
    shown = [(name, unit, text) for name, (unit, text) in SHOWN.items()]
    rest = [(name, m.unit, m.definition) for name, m in MEASURES.items() if name not in SHOWN]
    for title, columns, rows in (
        ("For --by and --where", ("dimension", "definition"), dimensions),
        ("For --show", ("measure", "unit", "definition"), shown),
        ("In every report", ("measure", "unit", "definition"), rest),
    ):
        if not saying.pretty():
            print(f"# {title}")
        saying.table(title, columns, rows)
        print()
