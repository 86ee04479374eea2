"""Which documents and files are known, and which bytes are held: `ports.Catalogue` on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from subak.model.digest import UNPINNED, Digest, Pin
from subak.ports import Document, File, Totals
from subak.store.database import Database

_READ_AHEAD = 10_000
"""Pins read before the transaction begins: parsing an ordinary document then keeps no other writer waiting."""

_LARGEST = 2**63 - 1

_DOCUMENT = """
    SELECT ecosystem, key, url, status, content_type, etag, last_modified, fetched_at, checked_at, blob, size, gone,
        kept
    FROM documents WHERE ecosystem = ? AND key = ?
"""

_KEEP_DOCUMENT = """
    INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (ecosystem, key) DO UPDATE SET
        url = excluded.url, status = excluded.status, content_type = excluded.content_type, etag = excluded.etag,
        last_modified = excluded.last_modified, fetched_at = excluded.fetched_at, checked_at = excluded.checked_at,
        blob = excluded.blob, size = excluded.size, gone = excluded.gone, kept = excluded.kept
"""

_CONFIRM_DOCUMENT = """
    UPDATE documents SET checked_at = ?3, gone = ?6, etag = CASE WHEN ?4 = '' THEN etag ELSE ?4 END,
        last_modified = CASE WHEN ?5 = '' THEN last_modified ELSE ?5 END
    WHERE ecosystem = ?1 AND key = ?2
"""

_FILE = """
    SELECT path, url, digest, size, name, version, published, blob, held, first_seen, content_type, kept, further
    FROM files WHERE ecosystem = ? AND path = ?
"""

_STILL_TRUE = "(excluded.digest IN (digest, '') OR (digest = '' AND excluded.digest = first_seen))"

# A changed digest: the bytes we hold are not the announced ones, unless they are known under the new digest.
# A digest that is no longer announced contradicts nothing: the bytes stay, and it becomes the first one seen.
_KEEP_PIN = f"""
    INSERT INTO files (ecosystem, path, url, digest, size, name, version, published, content_type, blob, held)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, iif(found IS NULL, '', ?10), ifnull(found, -1)
    FROM (SELECT (SELECT size FROM blobs WHERE sha256 = ?10) AS found) WHERE true
    ON CONFLICT (ecosystem, path) DO UPDATE SET
        url = excluded.url, digest = excluded.digest, size = excluded.size, name = excluded.name,
        version = excluded.version, published = iif(excluded.published = 0, published, excluded.published),
        content_type = excluded.content_type,
        kept = iif(blob <> '' AND {_STILL_TRUE}, kept, ''), further = iif(blob <> '' AND {_STILL_TRUE}, further, ''),
        blob = iif(blob <> '' AND {_STILL_TRUE}, blob, excluded.blob),
        held = iif(blob <> '' AND {_STILL_TRUE}, held, excluded.held),
        first_seen = iif(excluded.digest = '' AND digest <> '', digest, first_seen)
    WHERE url <> excluded.url OR digest <> excluded.digest OR size <> excluded.size OR name <> excluded.name
        OR version <> excluded.version OR excluded.published NOT IN (0, published)
        OR content_type <> excluded.content_type OR (blob = '' AND excluded.blob <> '')
"""

_DATE_PIN = """
    INSERT INTO files (ecosystem, path, url, digest, size, name, version, published)
    VALUES (?1, ?2, ?3, '', -1, ?6, ?7, ?8)
    ON CONFLICT (ecosystem, path) DO UPDATE SET published = excluded.published WHERE published <> excluded.published
"""

_HOLD_FILE = """
    INSERT INTO files (ecosystem, path, url, digest, size, name, version, published, content_type, blob, held,
        first_seen, kept, further)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (ecosystem, path) DO UPDATE SET blob = excluded.blob, held = excluded.held,
        kept = excluded.kept, further = excluded.further,
        digest = excluded.digest, published = iif(published = 0, excluded.published, published),
        first_seen = iif(first_seen = '', excluded.first_seen, first_seen)
    WHERE digest IN (excluded.digest, iif(first_seen = '', '', excluded.digest))
        AND (digest <> '' OR first_seen = '' OR excluded.first_seen IN ('', first_seen))
"""

_KEEP_BLOB = """
    INSERT INTO blobs VALUES (?, ?, ?)
    ON CONFLICT (sha256) DO UPDATE SET size = excluded.size, used_at = max(used_at, excluded.used_at)
"""

_UNUSED = """
    NOT EXISTS (SELECT 1 FROM documents WHERE documents.blob = loose.blob AND documents.blob <> '')
    AND NOT EXISTS (SELECT 1 FROM files WHERE files.blob = loose.blob AND files.blob <> '')
"""


class Catalogue:
    """`ports.Catalogue`, and what the janitor needs beyond it. Every method raises StoreFailed, nothing else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def document(self, ecosystem: str, key: str) -> Document | None:
        row = self._database.row(_DOCUMENT, (ecosystem, key))
        if row is None or (row[9] == "" and row[3] < 400):  # its copy was evicted: as if never asked
            return None
        return Document(*(*row[:11], bool(row[11]), _headers(row[12])))

    def keep_document(self, document: Document, pins: Iterable[Pin]) -> None:
        """See the port. Whatever `pins` raises passes through, and nothing is kept then."""
        remaining = iter(pins)
        ready = list(islice(remaining, _READ_AHEAD))
        with self._database.write() as writer:
            if document.blob:
                writer.execute(_KEEP_BLOB, (document.blob, document.size, document.fetched_at))
            writer.execute(_KEEP_DOCUMENT, _document_row(document))
            while ready:
                _keep_pins(writer, document.ecosystem, ready)
                ready = list(islice(remaining, _READ_AHEAD))

    def keep_pins(self, ecosystem: str, pins: Iterable[Pin]) -> None:
        """See the port. In batches, each in a transaction of its own: an index of a distribution announces many
        files, and a batch more or less does no harm."""
        remaining = iter(pins)
        while batch := list(islice(remaining, _READ_AHEAD)):
            with self._database.write() as writer:
                _keep_pins(writer, ecosystem, batch)

    def confirm_document(
        self,
        ecosystem: str,
        key: str,
        checked_at: float,
        *,
        etag: str = "",
        last_modified: str = "",
        gone: bool = False,
    ) -> None:
        with self._database.write() as writer:
            writer.execute(_CONFIRM_DOCUMENT, (ecosystem, key, checked_at, etag, last_modified, gone))

    def file(self, ecosystem: str, path: str) -> File | None:
        row = self._database.row(_FILE, (ecosystem, path))
        if row is None:
            return None
        path, url, digest, size, name, version, published, blob, held, first_seen, content_type, kept, further = row
        pin = Pin(path, url, _digest(digest), size, name, version, published, content_type)
        return File(pin, blob, held, _digest(first_seen), _headers(kept), _headers(further))

    def hold_file(
        self,
        ecosystem: str,
        pin: Pin,
        blob: str,
        size: int,
        at: float,
        *,
        first_seen: Digest = UNPINNED,
        kept: Mapping[str, str] | None = None,
        further: Mapping[str, str] | None = None,
    ) -> None:
        """See the port. If the index announced another digest while these bytes were fetched, or other bytes
        were the first ones seen, the file is not recorded as held."""
        with self._database.write() as writer:
            writer.execute(_KEEP_BLOB, (blob, size, at))
            row = next(_pin_rows(ecosystem, (pin,)))[:9]
            more = (_json(kept), _json(further))
            recorded = writer.execute(_HOLD_FILE, (*row, blob, size, _text(first_seen), *more)).rowcount
            if not recorded:
                writer.execute("INSERT OR IGNORE INTO loose VALUES (?)", (blob,))

    def lose_blob(self, blob: str) -> None:
        with self._database.write() as writer:
            _lose(writer, blob)

    def touch(self, blobs: Mapping[str, float]) -> None:
        with self._database.write() as writer:
            writer.executemany("UPDATE blobs SET used_at = ?2 WHERE sha256 = ?1 AND used_at < ?2", list(blobs.items()))

    def coldest(
        self, free: int, *, unused_since: float = float("inf"), most: int = _LARGEST
    ) -> Sequence[tuple[str, int]]:
        """See the port; only those last used before `unused_since`, and at most `most` of them."""
        if free <= 0:
            return []
        # A running total in SQL would read the whole index; in pages it stops where enough is listed.
        found: list[tuple[str, int]] = []
        after, last = float("-inf"), ""
        while free > 0 and len(found) < most:
            page = self._database.rows(
                """SELECT used_at, sha256, size FROM blobs WHERE (used_at, sha256) > (?, ?) AND used_at < ?
                ORDER BY used_at, sha256 LIMIT ?""",
                (after, last, unused_since, min(most - len(found), 500)),
            )
            if not page:
                break
            after, last, _ = page[-1]
            for _, blob, size in page:
                if free > 0:
                    found.append((blob, size))
                    free -= size
        return found

    def totals(self) -> Totals:
        """Counts and bytes; `documents` are those whose copy is held."""
        row = self._database.row("SELECT documents, files, held, blobs, bytes FROM counts")
        return Totals(*row) if row else Totals()

    # ------------------------------------------------------------ for the janitor

    def orphans(self, most: int) -> Sequence[tuple[str, int]]:
        """Blobs that lost their last reference, as (sha256, bytes)."""
        return self._database.rows(
            f"SELECT blob, size FROM loose JOIN blobs ON sha256 = blob WHERE {_UNUSED} LIMIT ?", (most,)
        )

    def lose_orphan(self, blob: str) -> bool:
        """Forget a blob, unless something refers to it again."""
        with self._database.write() as writer:
            orphan = writer.execute(f"SELECT 1 FROM loose WHERE blob = ? AND {_UNUSED}", (blob,)).fetchone()
            if orphan:
                _lose(writer, blob)
            return orphan is not None

    def forget_referenced(self) -> None:
        """Strike from the list of possible orphans what is referred to, or gone."""
        with self._database.write() as writer:
            writer.execute(
                f"DELETE FROM loose WHERE NOT ({_UNUSED}) OR NOT EXISTS (SELECT 1 FROM blobs WHERE sha256 = loose.blob)"
            )

    def blobs_in(self, shard: str) -> dict[str, int]:
        """{sha256: bytes} of all blobs whose digest begins with these two hexadecimal digits."""
        return dict(
            self._database.rows(
                "SELECT sha256, size FROM blobs WHERE sha256 >= ? AND sha256 < ? || 'g'", (shard, shard)
            )
        )

    def adopt(self, blob: str, size: int, used_at: float) -> None:
        """Count a complete blob that was found on disk; what announces its sha256 from now on finds it held."""
        with self._database.write() as writer:
            writer.execute(_KEEP_BLOB, (blob, size, used_at))

    def forget_absences(self, before: float) -> int:
        """Drop documents without copy that nobody confirmed since; the number of them."""
        with self._database.write() as writer:
            return writer.execute("DELETE FROM documents WHERE blob = '' AND checked_at < ?", (before,)).rowcount

    def tidy(self) -> None:
        """Let the database put itself in order."""
        self._database.tidy()


def _keep_pins(writer: sqlite3.Connection, ecosystem: str, pins: Sequence[Pin]) -> None:
    writer.executemany(_KEEP_PIN, _pin_rows(ecosystem, (pin for pin in pins if not pin.dates)))
    dating = [pin for pin in pins if pin.dates]
    if dating:
        writer.executemany(_DATE_PIN, (row[:8] for row in _pin_rows(ecosystem, dating)))


def _lose(writer: sqlite3.Connection, blob: str) -> None:
    writer.execute("UPDATE files SET blob = '', held = -1 WHERE blob = ? AND blob <> ''", (blob,))
    writer.execute("UPDATE documents SET blob = '', size = 0 WHERE blob = ? AND blob <> ''", (blob,))
    writer.execute("DELETE FROM blobs WHERE sha256 = ?", (blob,))
    writer.execute("DELETE FROM loose WHERE blob = ?", (blob,))


def _document_row(document: Document) -> tuple[object, ...]:
    d = document
    return (
        d.ecosystem, d.key, d.url, d.status, d.content_type, d.etag, d.last_modified, d.fetched_at, d.checked_at,
        d.blob, d.size, d.gone, _json(d.kept),
    )  # fmt: skip


def _pin_rows(ecosystem: str, pins: Iterable[Pin]) -> Iterator[tuple[object, ...]]:
    for pin in pins:
        digest = pin.digest
        size = pin.size if -1 <= pin.size <= _LARGEST else -1  # an index may announce any number
        yield (
            ecosystem, pin.path, pin.url, _text(digest), size, pin.name, pin.version, pin.published,
            pin.content_type, digest.hex if digest.algorithm == "sha256" else "",
        )  # fmt: skip


def _json(values: Mapping[str, str] | None) -> str:
    return json.dumps(dict(values)) if values else ""


def _headers(text: str) -> dict[str, str]:
    return json.loads(text) if text else {}


def _text(digest: Digest) -> str:
    return f"{digest.algorithm}:{digest.hex}" if digest.hex else ""


def _digest(text: str) -> Digest:
    """A digest that was checked before it was stored."""
    if not text:
        return UNPINNED
    algorithm, _, hexadecimal = text.partition(":")
    return Digest(algorithm, hexadecimal)
