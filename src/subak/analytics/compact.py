"""Finished journals become Parquet files, days that are over become one file each; nothing is lost or doubled.

In `readings/`, `<YYYY-MM-DD>/<HH>-<worker>-<startns>.parquet` holds the rows of the journal segment of that name,
`<YYYY-MM-DD>/day-<n>.parquet` the rows of a day that is over. Whoever reads obeys two rules (`shelf` does):

1. a segment whose Parquet file exists does not count;
2. if a day folder has a `merge.json` and its `into` exists, the files in its `from` do not count.

Each publishing is one rename that makes one of these rules true, so that a crash at any point changes no count.
A line counts if it parses: a torn last line (`kill -9`) is dropped and counted, any other goes, with the reason,
to `journal/<segment>.rejected`.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any

import duckdb
import msgspec

from subak.analytics.offline import OFFLINE
from subak.errors import StoreFailed
from subak.model.reading import COLUMNS
from subak.store.journal import SEGMENT, parquet_of, sync_folder

DAY_NAME = re.compile(r"\d{4}-\d\d-\d\d")
DAY_FILE = re.compile(r"day-(\d+)\.parquet")
MANIFEST = "merge.json"
CHUNK = 4 * 2**20
LAST_DAY = 253402300799.0
"""9999-12-31."""
Step = Callable[[str], None]
"""Told what comes next; tests break off here."""

_whole = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
_TYPES: dict[str, Any] = {
    "VARCHAR": str,
    "BOOLEAN": bool,
    "DOUBLE": Annotated[float, msgspec.Meta(gt=-1e11, lt=1e11)],  # times that SQL can turn into a date
    "SMALLINT": Annotated[int, msgspec.Meta(ge=-(2**15), le=2**15 - 1)],
    "BIGINT": Annotated[int, _whole],
}
_Row = msgspec.defstruct("_Row", [(name, _TYPES[kind]) for name, kind in COLUMNS.items()], gc=False)
_decoder = msgspec.json.Decoder(_Row)


@dataclass(slots=True)
class Compacted:
    """What one run did."""

    busy: bool = False
    """Another compactor was at work; nothing was done."""
    segments: int = 0
    rows: int = 0
    torn: int = 0
    """Last lines that were cut off; their readings were never promised."""
    rejected: int = 0
    """Lines that are no readings, kept in .rejected files."""
    merged: int = 0
    """Days merged into one file."""
    deleted: int = 0
    """Day folders older than the retention."""
    failed: int = 0
    """Segments and days left as they were; `problems` says why."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The files that count, at one moment."""

    parquet: tuple[Path, ...]
    segments: tuple[Path, ...]


class Merge(msgspec.Struct):
    """The manifest of a merge, written before its result is published."""

    into: str
    sources: list[str] = msgspec.field(name="from")


NO_MERGE = Merge("", [])


# ---------------------------------------------------------------- what counts


def shelf(folder: Path, first_day: str = "") -> Shelf:
    """The files that count from the day folder `first_day` (YYYY-MM-DD) on. Raises StoreFailed.

    A file may vanish right after: then ask again.
    """
    try:
        # Segments first: one that is compacted meanwhile either has its Parquet file in the folders listed next,
        # or is gone when it is read.
        segments = sorted(p for p in _listed(folder / "journal") if SEGMENT.fullmatch(p.name) and p.name >= first_day)
        parquet: list[Path] = []
        known: set[Path] = set()
        for day in _days(folder):
            if day.name >= first_day:
                merge, files = _still(day)
                parquet += _counting(merge, files)
                known.update(files, (day / name for name in merge.sources))
    except OSError as error:
        raise StoreFailed(f"the readings in {folder} cannot be listed: {error}") from error
    return Shelf(tuple(parquet), tuple(p for p in segments if parquet_of(folder, p.name) not in known))


def _still(day: Path) -> tuple[Merge, list[Path]]:
    """Manifest and Parquet files of a day folder, read until nothing moved meanwhile. Raises OSError."""
    seen = None
    while True:
        now = (_manifest(day), sorted(p for p in _listed(day) if p.suffix == ".parquet"))
        if now == seen:
            return now
        seen = now


def _counting(merge: Merge, files: list[Path]) -> list[Path]:
    """Rule 2."""
    if any(p.name == merge.into for p in files):
        return [p for p in files if p.name not in merge.sources]
    return files


def _manifest(day: Path) -> Merge:
    try:
        return msgspec.json.decode((day / MANIFEST).read_bytes(), type=Merge)
    except FileNotFoundError:
        return NO_MERGE
    except msgspec.MsgspecError as error:
        raise OSError(f"{day / MANIFEST} is damaged: {error}") from error


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _days(folder: Path) -> list[Path]:
    return sorted(p for p in _listed(folder) if DAY_NAME.fullmatch(p.name))


# ---------------------------------------------------------------- the run


def compact(folder: Path, now: float, keep: float, step: Step = lambda next: None) -> Compacted:
    """Bring `readings/` in order: segments to Parquet, past days to one file each, what is too old away.

    `now` is in Unix seconds, `keep` in seconds (0 keeps everything). What fails is left as it was, counted and
    told; the rest goes on. Raises StoreFailed when the folder itself cannot be used.
    """
    done = Compacted()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "compact.lock").open("ab") as guard:
            if not _locked(guard):
                done.busy = True
                return done
            _run(_Bench(folder, step, done), now, keep)
    except OSError as error:
        raise StoreFailed(f"the readings in {folder} cannot be compacted: {error}") from error
    return done


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where one run works, what it has done so far."""

    folder: Path
    step: Step
    done: Compacted

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def work(self) -> Path:
        """For files that nobody counts; emptied at every start."""
        return self.folder / ".work"


def _run(bench: _Bench, now: float, keep: float) -> None:
    shutil.rmtree(bench.work, ignore_errors=True)
    bench.work.mkdir()
    for segment in sorted(p for p in _listed(bench.journal) if SEGMENT.fullmatch(p.name)):
        with _tolerated(bench.done, segment):
            _segment(bench, segment)
    if bench.journal.is_dir():
        sync_folder(bench.journal)  # a merge must not outlive the removal of the segments behind it
    today, oldest = day_name(now), day_name(now - keep) if keep > 0 else ""
    for day in _days(bench.folder):
        with _tolerated(bench.done, day):
            if day.name < oldest:
                day.replace(bench.work / day.name)  # at once: half a folder could count twice
                bench.done.deleted += 1
            else:
                _settle(bench, day)
                if day.name < today:
                    _merge(bench, day)
    for rejected in bench.journal.glob("*.rejected"):
        if rejected.name < oldest:
            rejected.unlink()
    shutil.rmtree(bench.work)


@contextlib.contextmanager
def _tolerated(done: Compacted, what: Path) -> Iterator[None]:
    """One file that cannot be read must not hold up the others."""
    try:
        yield
    except (OSError, duckdb.Error, StoreFailed) as error:
        done.failed += 1
        done.problems.append(f"{what}: {str(error).splitlines()[0]}")


# ---------------------------------------------------------------- a segment


def _segment(bench: _Bench, segment: Path) -> None:
    """Turn a finished or abandoned segment into its Parquet file. Raises OSError, duckdb.Error, StoreFailed."""
    with segment.open("rb") as file:
        if not _locked(file):
            return  # its worker lives
        target = parquet_of(bench.folder, segment.name)
        if not target.exists():
            sifted = _sift(file, bench.work / "clean.jsonl")
            bench.step("keep what was rejected")
            if sifted.bad:
                _publish(bench, _rejected(bench, sifted), segment.with_suffix(".rejected"))
            bench.step("write the Parquet file")
            if sifted.rows:
                rows = f'SELECT * FROM {json_rows([sifted.source or segment])} ORDER BY "at"'
                fresh = _copy(bench, rows, sifted.rows)
                bench.step("publish the Parquet file")
                _publish(bench, fresh, target)
            bench.done.segments += 1
            bench.done.rows += sifted.rows
            bench.done.torn += sifted.torn
            bench.done.rejected += len(sifted.bad)
        bench.step("remove the segment")
        segment.unlink()
        bench.step("go on after the segment")


@dataclass(slots=True)
class _Sifted:
    rows: int = 0
    torn: bool = False
    source: Path | None = None
    """A copy without the bad lines, if there were any."""
    bad: list[tuple[str, bytes]] = field(default_factory=list)
    """Reason and line."""


def _sift(file: IO[bytes], clean: Path) -> _Sifted:
    """Check every line; write a copy without the bad ones if there are any."""
    rows, rest = 0, b""
    try:
        while block := file.read(CHUNK):
            whole, _, rest = (rest + block).rpartition(b"\n")
            rows += len(_decoder.decode_lines(whole))
        return _Sifted(rows + len(_decoder.decode_lines(rest)))
    except ValueError:
        file.seek(0)
        return _sift_by_line(file, clean)


def _sift_by_line(file: IO[bytes], clean: Path) -> _Sifted:
    sifted = _Sifted(source=clean)
    with clean.open("wb") as good:
        for line in file:
            if not line.strip():
                continue
            try:
                _decoder.decode(line)
            except ValueError as error:
                if line.endswith(b"\n"):
                    sifted.bad.append((str(error), line))
                else:
                    sifted.torn = True
                continue
            sifted.rows += 1
            good.write(line.rstrip(b"\n") + b"\n")
    return sifted


def _rejected(bench: _Bench, sifted: _Sifted) -> Path:
    path = bench.work / "rejected"
    with path.open("wb") as file:
        for reason, line in sifted.bad:
            text = line.rstrip(b"\n").decode("utf-8", "backslashreplace")
            file.write(msgspec.json.encode({"reason": reason, "line": text}) + b"\n")
    return path


# ---------------------------------------------------------------- a day that is over


def _merge(bench: _Bench, day: Path) -> None:
    """Make one file of a day's files. Raises OSError, duckdb.Error, StoreFailed."""
    unfinished = {parquet_of(bench.folder, p.name) for p in _listed(bench.journal) if SEGMENT.fullmatch(p.name)}
    files = [p for p in sorted(_listed(day)) if p.suffix == ".parquet" and p not in unfinished]
    if len(files) < 2:
        return
    number = 1 + max((int(p.stem[4:]) for p in files if DAY_FILE.fullmatch(p.name)), default=0)
    merge = Merge(f"day-{number}.parquet", [p.name for p in files])
    with _engine(bench) as engine:
        counted = engine.execute(f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({names(files)})").fetchall()
    bench.step("write the day's file")
    fresh = _copy(bench, f'SELECT * FROM read_parquet({names(files)}) ORDER BY "at"', counted[0][0])
    announced = bench.work / MANIFEST
    announced.write_bytes(msgspec.json.encode(merge))
    bench.step("announce the merge")
    _publish(bench, announced, day / MANIFEST)
    bench.step("publish the day's file")
    _publish(bench, fresh, day / merge.into)
    _settle(bench, day)
    bench.done.merged += 1


def _settle(bench: _Bench, day: Path) -> None:
    """Finish a merge whose result is there, forget one whose result is not. Raises OSError."""
    merge = _manifest(day)
    if merge is NO_MERGE:
        return
    if (day / merge.into).exists():
        for name in merge.sources:
            bench.step("remove a merged file")
            (day / name).unlink(missing_ok=True)
        sync_folder(day)
    bench.step("remove the manifest")
    (day / MANIFEST).unlink()
    sync_folder(day)


# ---------------------------------------------------------------- files and the engine


def names(paths: Iterable[Path]) -> str:
    """Paths as an SQL list, each meaning exactly that file."""
    return "[" + ", ".join("'" + glob.escape(str(p)).replace("'", "''") + "'" for p in paths) + "]"


def json_rows(segments: Iterable[Path]) -> str:
    """The readable lines of segments, as a table in SQL."""
    columns = ", ".join(f"\"{name}\": '{kind}'" for name, kind in COLUMNS.items())
    rows = f"read_json({names(segments)}, format='newline_delimited', ignore_errors=true, columns={{{columns}}})"
    return f"(SELECT * FROM {rows} WHERE COLUMNS(*) IS NOT NULL)"  # what is no reading comes as NULLs


def day_name(at: float) -> str:
    """The UTC day of a Unix time, YYYY-MM-DD; the ends of the calendar for times beyond it."""
    return time.strftime("%Y-%m-%d", time.gmtime(min(max(at, 0.0), LAST_DAY)))


def _engine(bench: _Bench) -> duckdb.DuckDBPyConnection:
    """DuckDB, modest: the workers need the processors more."""
    spill = str(bench.work / "spill")
    return duckdb.connect(config={**OFFLINE, "threads": 1, "memory_limit": "512MB", "temp_directory": spill})


def _copy(bench: _Bench, rows: str, expected: int) -> Path:
    """Write the rows of a query to a Parquet file in the work folder. Raises StoreFailed if not all arrive."""
    path = bench.work / "fresh.parquet"
    with _engine(bench) as engine:
        target = str(path).replace("'", "''")
        found = engine.execute(f"COPY ({rows}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
    if found[0][0] != expected:
        raise StoreFailed(f"{found[0][0]} of {expected} readings arrived in the Parquet file; it is not used")
    return path


def _publish(bench: _Bench, fresh: Path, target: Path) -> None:
    """Bring a complete file from the work folder to its place, durably. Raises OSError."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    if not target.parent.is_dir():
        target.parent.mkdir()
        sync_folder(bench.folder)
    fresh.replace(target)
    sync_folder(target.parent)


def _locked(file: IO[bytes]) -> bool:
    """Lock an open file; False if another process has it. Closing it unlocks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
