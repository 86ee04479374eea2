"""`subak analyze`: who takes how much, what it is, and how much of it is waste."""

from __future__ import annotations

import gc
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from subak.cli import saying, showing
from subak.cli.merging import show_merged
from subak.cli.options import (
    ASKING,
    CONSUMERS,
    EPOCH,
    HTML,
    KEY,
    KNOWING,
    LOGS,
    MERGE,
    PARQUET,
    PRIVACY,
    PUBLISHED,
    RANGES,
    READING,
    REGISTRY,
    REJECTS,
    SHOWING,
    SIMULATE,
    SKETCH,
    option,
)
from subak.cli.pointing import CONFIG
from subak.errors import BadRequest, ConfigError, StoreFailed

if TYPE_CHECKING:
    from subak.analytics.classes.explain import Explained
    from subak.analytics.prices import PriceList
    from subak.analytics.privacy.epochs import Keys
    from subak.analytics.report.compare import Comparison
    from subak.analytics.report.model import Report
    from subak.analytics.report.order import Order


INTERRUPTED = "Query interrupted"
"""What DuckDB says then."""
CONTAINER = Path("/sys/fs/cgroup/memory.max")
"""What a container may take (Linux, cgroup v2)."""


def analyze(
    logs: list[str] | None = LOGS,
    format: str = option("auto", "format", READING, "Format of the logs; auto: told from their first lines."),
    registry: list[str] | None = REGISTRY,
    since: str = option(
        "", "since", READING, "Nothing before: 2026-10-05, 2026-10-05T12:00, or 24h ago.", show_default="the first line"
    ),
    until: str = option("", "until", READING, "Nothing from then on.", show_default="the last line"),
    memory: str = option(
        "",
        "memory",
        READING,
        "What it may take before the engine spills to a private temporary folder.",
        show_default="a quarter of the machine's, 1GB at least",
    ),
    data: str | None = typer.Option(
        None, "--data", rich_help_panel=READING, help="The data folder.", show_default="the one in the settings"
    ),
    by: str = option(
        "", "by", ASKING, "A table by these: ecosystem, purpose, day … (see --measures).", metavar="DIM,..."
    ),
    show: str = option(
        "", "show", ASKING, "What the table shows.", metavar="MEASURE,...", show_default="requests,bytes"
    ),
    where: str = option("", "where", ASKING, "Which requests the table counts: purpose = 'mirror' and status = 200."),
    limit: int = option(20, "limit", ASKING, "Rows of the table; 0: all.", min=0),
    simulate: list[str] | None = SIMULATE,
    cache: str = option("", "cache", ASKING, "Also try bounded caches of this size: 10GB.", metavar="SIZE"),
    compare: str = option(
        "",
        "compare",
        ASKING,
        "What changed since: report.json of a former analysis, or its log.",
        metavar="REPORT-OR-LOG",
    ),
    ranges: list[Path] | None = RANGES,
    consumers: Path | None = CONSUMERS,
    prices: str = option(
        "", "prices", KNOWING, "Price list (TOML); 'example' for one that is made up.", metavar="FILE"
    ),
    published: Path | None = PUBLISHED,
    catalogue: int = option(
        0, "catalogue", KNOWING, "How many packages the registry offers.", min=0, show_default="not known"
    ),
    html: Path | None = HTML,
    json: bool = typer.Option(False, "--json", rich_help_panel=SHOWING, help="Print the report as JSON."),
    parquet: Path | None = PARQUET,
    rejects: Path | None = REJECTS,
    measures: bool = option(False, "measures", SHOWING, "List dimensions and measures with their definitions."),
    k: int = option(20, "k", PRIVACY, "Name no package, program or cell that fewer consumers stand behind.", min=1),
    key: Path | None = KEY,
    epoch: str = EPOCH,
    erase_epoch: str = option(
        "",
        "erase-epoch",
        PRIVACY,
        "Erase the key of a month: its pseudonyms then mean nothing to anybody.",
        metavar="YYYY-MM",
    ),
    sketch: Path | None = SKETCH,
    merge_sketches: bool = MERGE,
    config: str = CONFIG,
) -> None:
    """Who consumes the commons: concentration, classes, waste and cost, from access logs or from our own readings.

    Addresses are in no output: names are pseudonyms under a key that changes every month.

    Exits with 1 if a log could not be read to its end or nothing in it was understood.
    """  # fmt: skip
    if merge_sketches:
        show_merged(logs or [], json=json)
        return
    if measures:
        showing.list_measures(json=json)
        return
    _seldom_collect()
    now, folder = time.time(), _folder(config, data)
    if erase_epoch:
        _erase(folder, erase_epoch)
        if not logs:
            return
    from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES, load_consumers, load_ranges
    from subak.analytics.workers.staff import hired

    networks = load_ranges(ranges, now) if ranges else NO_RANGES
    known = load_consumers(consumers) if consumers else NO_CONSUMERS
    keys, named = keys_of(folder, key, epoch, now), _registry(registry or [])
    with hired(keys, named, networks, known, apart=True) as staff:  # before anything that has threads
        from subak import __version__
        from subak.analytics.facts.gather import EVER, Options
        from subak.analytics.limits import parse_tiers
        from subak.analytics.logs.formats import CODED
        from subak.analytics.logs.scanning import compiled
        from subak.analytics.report.model import About, Packs
        from subak.analytics.report.order import Order
        from subak.config import parse_bytes

        listed = _prices(prices)
        with _usage("--simulate"):
            rules = parse_tiers(simulate) if simulate else ()
        with _usage("--cache"):
            capacity = int(parse_bytes(cache)) if cache else 0
        with _usage("--memory"):
            memory = str(int(parse_bytes(memory or _quarter())))
        dimensions, shown = _named(by, show, where)
        options = Options(
            keys=keys,
            format=_format(format),
            registry=named,
            ranges=networks,
            consumers=known,
            memory=memory,
            since=_time("--since", since, now, 0.0),
            until=_time("--until", until, now, EVER),
            staff=staff,
        )
        about = About(
            made=now,
            subak=__version__,
            epoch=keys.epoch,
            packs=Packs(
                ranges=f"{networks.prefixes} prefixes, oldest list of {networks.date}" if ranges else "",
                consumers=f"{consumers.name}, {len(known.names)} names" if consumers else "",
                prices=f"{listed.name}, {listed.date.isoformat()}" if listed else "",
            ),
            k=k,
            prices=listed,
            asked=tuple(f"{name} {value}" for name, value in (("--since", since), ("--until", until)) if value),
            remarks=tuple(f"{warning}." for warning in networks.warnings),
            capacity=capacity,
            catalogue=catalogue,
        )
        order = Order(
            sources=tuple(logs or [_readings(folder)]),
            options=options,
            about=about,
            chance=secrets.token_bytes,
            by=dimensions,
            show=shown,
            where=where,
            limit=limit,
            rules=rules,
            published=published,
            parquet=parquet,
            rejects=rejects,
            sketch=sketch,
        )
        report = _run(order)
    compared = _compared(compare, order, report) if compare else None
    if not compiled() and any(source.format in CODED for source in report.meta.sources):
        saying.note("no C compiler was there at installation: combined logs take about six times as long")
    _write(report, compared, html)
    if json:
        showing.print_json(report, compared)
    else:
        showing.show(report, compared, html)
    raise typer.Exit(0 if _sound(report) else 1)


def _seldom_collect() -> None:
    """What an analysis makes, it keeps to its end or lets go of without cycles: in two million lines the collector
    found a few hundred objects, and took half a second to look through millions. What is loaded before it begins
    stays; to go through all of that once more at the end took longer than to write the page."""
    gc.set_threshold(200_000, 50, 50)
    if "duckdb" not in sys.modules:  # whose types may not be frozen: it would tell of leaks at the end
        gc.freeze()


def _quarter() -> str:
    """A quarter of the memory that this process may use, 1 GB at least."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # no container, or one without a limit: 'max'
        most = min(most, int(CONTAINER.read_text()))
    return str(max(10**9, most // 4))


def _folder(config: str, data: str | None) -> Path:
    from subak.config import load

    return load(config, cache__data=data).folder


def _readings(folder: Path) -> str:
    """This gateway's own. Raises StoreFailed where there are none yet."""
    readings = folder / "readings"
    if not readings.is_dir():
        fix = "Name logs to read, or start the gateway and let clients ask it: subak serve"
        raise StoreFailed(f"There are no readings in {folder} yet", fix=fix)
    return str(readings)


@contextmanager
def _usage(option: str) -> Iterator[None]:
    """A value that means nothing is wrong usage, not a failure."""
    try:
        yield
    except (BadRequest, ConfigError) as error:
        raise typer.BadParameter(" ".join(filter(None, (error.detail, error.fix))), param_hint=option) from error


def keys_of(folder: Path, key: Path | None, epoch: str, now: float) -> Keys:
    """Keys of an epoch, this month's unless it is named: of a file that others hold too, else of this machine."""
    from subak.analytics.privacy.epochs import Epochs, derive, month, shared

    with _usage("--epoch"):
        derive(b"", epoch or month(now))
    if key:
        return shared(key, epoch or month(now))
    return Epochs(folder / "epochs", secrets.token_bytes).keys(epoch or month(now))


def _erase(folder: Path, epoch: str) -> None:
    from subak.analytics.privacy.epochs import Epochs

    with _usage("--erase-epoch"):
        gone = Epochs(folder / "epochs", secrets.token_bytes).erase(epoch)
    saying.note(f"the key of {epoch} is erased" if gone else f"there is no key of {epoch} here")


def _format(name: str) -> str:
    from subak.analytics.logs.formats import by_name

    with _usage("--format"):
        by_name(name)
    return name


def _registry(given: list[str]) -> str | dict[str, str]:
    """'pypi' for the whole log, or 'HOST=pypi' for one host after the other."""
    with _usage("--registry"):
        found = dict(text.rpartition("=")[::2] for text in given)
        if "" in found and len(given) > 1:
            raise BadRequest("one registry for the whole log, or HOST=NAME for each host")
        registry = found[""] if "" in found else {host.lower(): name for host, name in found.items()}
        if registry:
            from subak.analytics.packages.recognise import Recogniser

            Recogniser(registry)
    return registry


def _time(option: str, text: str, now: float, otherwise: float) -> float:
    with _usage(option):
        return moment(text, now) if text else otherwise


def moment(text: str, now: float) -> float:
    """'24h' (ago), a date or a time in ISO 8601, UTC unless it says otherwise. Raises ConfigError."""
    from subak.analytics import published
    from subak.config import parse_seconds

    try:
        return now - parse_seconds(text)
    except ConfigError:
        return published.moment(text, "the time")


def _prices(name: str) -> PriceList | None:
    from subak.analytics.prices import example_prices, load_prices

    if not name:
        return None
    return example_prices() if name == "example" else load_prices(Path(name))


def _named(by: str, show: str, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Dimensions and measures of a table, checked, with its condition."""
    from subak.analytics.metrics.catalogue import DIMENSIONS, SHOWN
    from subak.analytics.metrics.conditions import parse
    from subak.analytics.metrics.run import known

    dimensions, shown = (tuple(filter(None, map(str.strip, text.split(",")))) for text in (by, show))
    with _usage("--by"):
        for name in dimensions:
            known(name, DIMENSIONS, "dimension")
        if (shown or where) and not dimensions:
            raise BadRequest("--show and --where need --by: they are about a table")
    with _usage("--show"):
        for name in shown:
            known(name, SHOWN, "measure of a table")
    with _usage("--where"):
        parse(where)
    return dimensions, shown or ("requests", "bytes") if dimensions else ()


def _run(order: Order) -> Report:
    import duckdb

    from subak.analytics.report.order import analyse

    with showing.progress() as progress, interruptible():
        try:
            return analyse(replace(order, options=replace(order.options, progress=progress)))
        except duckdb.OutOfMemoryException as error:
            fix = "Allow more with --memory, or free space in the temporary folder ($TMPDIR)."
            raise StoreFailed("The engine ran out of memory or of temporary space", fix=fix) from error


@contextmanager
def interruptible() -> Iterator[None]:
    """An interrupt is one also where the engine noticed it, which then raises an error of its own."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == INTERRUPTED:
            raise KeyboardInterrupt from error
        raise


def explained(
    name: str, sources: list[str], folder: Path, *, ranges: list[Path], key: Path | None, epoch: str
) -> tuple[Explained, ...]:
    """For `subak explain --consumer`. Raises SubakError."""
    from subak.analytics.ranges import NO_RANGES, load_ranges
    from subak.analytics.workers.staff import hired

    _seldom_collect()
    now = time.time()
    networks = load_ranges(ranges, now) if ranges else NO_RANGES
    keys = keys_of(folder, key, epoch, now)
    with hired(keys, ranges=networks, apart=True) as staff, showing.progress() as progress, interruptible():
        from subak.analytics.facts.gather import Options
        from subak.analytics.report.order import explained

        options = Options(keys=keys, ranges=networks, staff=staff, progress=progress)
        return explained(tuple(sources or [_readings(folder)]), options, name)


def _compared(name: str, order: Order, report: Report) -> Comparison:
    """Against a report, or against a log that is analysed in the same way."""
    from subak.analytics.report.compare import compare as compare_reports
    from subak.analytics.report.files import REPORT, read_report

    path = Path(name)
    if path.suffix == ".json" or (path / REPORT).is_file():
        before = read_report(path)
    else:
        options = replace(order.options, staff=None)
        before = _run(
            replace(order, options=options, sources=(name,), by=(), rules=(), parquet=None, rejects=None, sketch=None)
        )
    return compare_reports(before, report)


def _write(report: Report, compared: Comparison | None, html: Path | None) -> None:
    if html:
        from subak.analytics.report.files import write
        from subak.analytics.report.page import page

        write(html, [page(report, compared)])


def _sound(report: Report) -> bool:
    """Was every log read to its end, and something in them understood?"""
    meta = report.meta
    return not any(source.problem for source in meta.sources) and not (meta.rejected.lines and not meta.accepted.lines)
