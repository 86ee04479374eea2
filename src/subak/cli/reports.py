"""`subak stats` and `subak explain`: what happened, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from subak.cli.pointing import CONFIG, JSON
from subak.cli.saying import as_json, heading, pretty, table
from subak.config import load, parse_seconds
from subak.errors import ConfigError, UpstreamDown

if TYPE_CHECKING:
    from subak.analytics.classes.explain import Explained
    from subak.analytics.stats import Summary


def stats(
    url: str = typer.Option("", help="Ask the gateway there.", show_default="read this machine's data folder"),
    since: str = typer.Option("24h", help="How far back: 90s, 5m, 24h, 7d."),
    data: str | None = typer.Option(None, help="The data folder.", show_default="the one in the settings"),
    config: str = CONFIG,
    json: bool = JSON,
) -> None:
    """Hits, bytes spared and outside requests avoided, by ecosystem."""
    import msgspec

    try:
        seconds = parse_seconds(since)
    except ConfigError as error:
        raise typer.BadParameter(error.detail, param_hint="--since") from error
    found = _asked(url, seconds) if url else _read(config, data, seconds)
    if json:
        as_json(msgspec.to_builtins(found))
    else:
        _show(found, since)


def _asked(url: str, seconds: float) -> Summary:
    import msgspec

    from subak.adoption.asking import ask_json
    from subak.adoption.settings import check_url
    from subak.analytics.stats import Summary

    raw = ask_json(check_url(url), f"/-/api/v1/stats?since={round(seconds)}")
    try:
        return msgspec.convert(raw, Summary)
    except msgspec.ValidationError as error:
        raise UpstreamDown(f"the gateway at {url} answers in a form this version does not know: {error}") from error


def _read(config: str, data: str | None, seconds: float) -> Summary:
    from subak import app
    from subak.analytics.stats import summary

    now = app.now()
    return summary(load(config, cache__data=data).folder / "readings", now - seconds, now)


def _show(found: Summary, since: str) -> None:
    from subak.adoption.words import counted, percent, size

    overall: dict[str, Any] = found.overall
    if not overall.get("requests"):
        print(f"No registry traffic in the last {since}.")
        return
    avoided, requests = int(overall["outside_requests_avoided"]), int(overall["requests"])
    heading(
        f"Last {since}: {counted(requests, 'request')}, {percent(overall['hit_ratio'])} from copies; "
        f"{counted(avoided, 'outside request')} avoided, {size(overall['bytes_spared'])} spared"
    )
    parts = (
        ("By ecosystem", "ecosystem", found.ecosystems),
        ("By tool", "agent", found.agents),
        ("Largest packages", "package", found.packages),
    )
    for title, column, rows in parts:
        print()
        _rows(title, column, rows)


COUNTS = {
    "requests": "requests",
    "avoided": "outside_requests_avoided",
    "hits": "hits",
    "stale": "stale",
    "misses": "misses",
    "refused": "refused",
    "errors": "errors",
}
"""Columns, and what they count. 'avoided': requests that no registry had to answer."""
EXPENDABLE = ("hits", "stale", "p95 ms", "refused", "sent", "errors", "misses", "from copies")
"""Columns that a narrow terminal goes without, in this order."""


def _rows(title: str, column: str, rows: list[dict[str, Any]]) -> None:
    if not pretty():
        print(f"# {title}")
    names = (column, *COUNTS, "from copies", "sent", "spared", "p95 ms")
    cells = [_cells(column, row) for row in rows]
    table(title, names, cells, numbers=len(names) - 1, expendable=EXPENDABLE)


def _cells(column: str, row: dict[str, Any]) -> tuple[str, ...]:
    from subak.adoption.words import percent, size

    slow = row["p95_ms"]
    return (
        str(row[column]) or "-",
        *(str(row[measure]) for measure in COUNTS.values()),
        percent(row["hit_ratio"]),
        size(row["bytes_sent"]),
        size(row["bytes_spared"]),
        "-" if slow is None else f"{slow:.1f}",
    )


SOURCES = typer.Option(
    None, "--from", metavar="LOG-OR-DIR", help="With --consumer: the log, or the DIR that `analyze --parquet` wrote; "
    "may be repeated.", show_default="this gateway's readings",
)  # fmt: skip

RANGES = typer.Option(
    None, "--ranges", metavar="FILE", help="With --consumer: the range packs that the report had (a DIR has them).",
    show_default=False,
)  # fmt: skip
KEY = typer.Option(None, "--key", metavar="FILE", help="With --consumer: the key file that the report had.",
                   show_default="a key of this machine")  # fmt: skip


def explain(
    text: str = typer.Argument(
        "",
        metavar="[URL-OR-LOG-LINE]",
        help="A URL, a path such as /npm/left-pad, or a line of the access log.",
        show_default=False,
    ),
    agent: str = typer.Option("", help="The User-Agent to assume."),
    consumer: str = typer.Option("", metavar="NAME", help="Tell why this consumer of a report has its class."),
    source: list[str] | None = SOURCES,
    ranges: list[Path] | None = RANGES,
    key: Path | None = KEY,
    epoch: str = typer.Option("", help="With --consumer: the epoch of the report.", show_default="this month"),
    data: str | None = typer.Option(None, help="The data folder.", show_default="the one in the settings"),
    config: str = CONFIG,
    json: bool = JSON,
) -> None:
    """The pipeline's decision about a request, stage by stage; with --consumer, the evidence for a class."""
    if consumer:
        if text:
            raise typer.BadParameter("give a request or a consumer, not both", param_hint="--consumer")
        from subak.cli.analyze import explained

        folder = load(config, cache__data=data).folder
        _show_evidence(explained(consumer, source or [], folder, ranges=ranges or [], key=key, epoch=epoch), json=json)
        return
    if not text:
        raise typer.BadParameter(
            "a URL, a path or a log line is needed, or --consumer NAME", param_hint="URL-OR-LOG-LINE"
        )
    from subak import app

    found = app.explain(load(config, cache__data=data), text, agent)
    if json:
        as_json(found.as_dict())
    elif pretty():
        for stage, line in found.stages:
            heading(stage)
            print(f"  {line}")
    else:
        for stage, line in found.stages:
            print(f"{stage}\t{line}")


def _show_evidence(found: tuple[Explained, ...], *, json: bool) -> None:
    if json:
        import msgspec

        as_json(msgspec.to_builtins(found))
        return
    for one in found:
        first, *rest = one.sentences()
        heading(first)
        for line in rest:
            print(f"  {line}" if pretty() else line)
