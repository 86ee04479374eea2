"""The confusion table, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import duckdb

from subak.analytics.software.record import PURPOSES


class Cell(NamedTuple):
    """Streams of one planted purpose that were given one label with much the same posterior."""

    truth: str
    label: str
    posterior: float
    streams: int
    requests: int
    right: int
    """Requests whose own purpose is the label; a stream behind a shared address may hold several."""


class Score(NamedTuple):
    """Of one purpose. Shares are NaN where nothing was to be found, or nothing was labelled."""

    purpose: str
    planted: int
    labelled: int
    precision: float
    recall: float
    requests: int
    request_precision: float


def cells(engine: duckdb.DuckDBPyConnection, *, masked: bool = False) -> list[Cell]:
    """The table of a classified world; `masked`: only of streams whose agents were hidden."""
    having = "HAVING mode(t.masked)" if masked else ""
    rows = engine.execute(
        "SELECT truth, purpose, round(posterior, 2), count(*), sum(n), sum(good) FROM (SELECT s.stream,"
        " mode(t.purpose) AS truth, any_value(s.purpose) AS purpose, any_value(s.posterior) AS posterior,"
        f" count(*) AS n, count_if(t.purpose = s.purpose) AS good FROM truth t JOIN streams s USING (stream)"
        f" GROUP BY s.stream {having}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [Cell(truth, label, posterior, n, int(all_), int(good)) for truth, label, posterior, n, all_, good in rows]


def scores(found: Iterable[Cell]) -> list[Score]:
    """For each purpose that was planted or found, in the order of PURPOSES; `unknown` is abstention, not a label."""
    found = list(found)
    result = []
    for purpose in PURPOSES:
        planted = sum(c.streams for c in found if c.truth == purpose)
        named = [c for c in found if c.label == purpose]
        labelled, requests = sum(c.streams for c in named), sum(c.requests for c in named)
        right = sum(c.streams for c in named if c.truth == purpose)
        if planted or labelled:
            result.append(
                Score(
                    purpose,
                    planted,
                    labelled,
                    _share(right, labelled),
                    _share(right, planted),
                    requests,
                    _share(sum(c.right for c in named), requests),
                )
            )
    return result


def abstained(found: Iterable[Cell]) -> tuple[float, float]:
    """Parts of streams and of requests that were given no label although they have one."""
    meant = [c for c in found if c.truth != "unknown"]
    left = [c for c in meant if c.label == "unknown"]
    return (
        _share(sum(c.streams for c in left), sum(c.streams for c in meant)),
        _share(sum(c.requests for c in left), sum(c.requests for c in meant)),
    )


def calibration(found: Iterable[Cell]) -> float:
    """Expected calibration error of the labels given, in ten bins: how far posteriors are from frequencies."""
    named = [c for c in found if c.label != "unknown"]
    total = sum(c.streams for c in named)
    error = 0.0
    for tenth in range(11):
        bin_ = [c for c in named if int(c.posterior * 10) == tenth]
        right = sum(c.streams for c in bin_ if c.truth == c.label)
        error += abs(right - sum(c.posterior * c.streams for c in bin_))
    return _share(error, total)


def markdown(found: Sequence[Cell]) -> str:
    """Scores, then the table with rows of truth and columns of labels, as Markdown."""
    lines = ["| purpose | planted | labelled | precision | recall | requests labelled | precision by requests |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    lines += [
        f"| {s.purpose} | {s.planted:,} | {s.labelled:,} | {s.precision:.3f} | {s.recall:.3f} | {s.requests:,}"
        f" | {s.request_precision:.3f} |"
        for s in scores(found)
        if s.purpose != "unknown"
    ]
    streams, requests = abstained(found)
    summary = f"Without a label: {streams:.1%} of streams, {requests:.1%} of requests."
    summary += f" Expected calibration error of the labels given: {calibration(found):.3f}."
    lines += ["", summary, "", *_table(found)]
    return "\n".join(lines).replace("nan", "–")


def terminal(found: Sequence[Cell]) -> str:
    """The same without the bars of Markdown's table heads."""
    return "\n".join(line for line in markdown(found).splitlines() if not line.startswith("| ---"))


def _table(found: Sequence[Cell]) -> list[str]:
    columns = [p for p in PURPOSES if any(c.label == p for c in found)]
    lines = ["| planted \\ found | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for truth in (p for p in PURPOSES if any(c.truth == p for c in found)):
        counts = [sum(c.streams for c in found if (c.truth, c.label) == (truth, label)) for label in columns]
        lines.append(f"| {truth} | " + " | ".join(f"{count:,}" if count else "·" for count in counts) + " |")
    return lines


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
