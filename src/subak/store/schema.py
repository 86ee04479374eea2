"""The tables of subak.db, as the list of steps that lead from an empty file to today's layout.

A released step is never changed: a new layout is a new step at the end. Absence is '' or -1, never NULL.
Counts are kept by triggers, because counting a million rows takes longer than serving one.
"""

from __future__ import annotations

_FIRST: tuple[str, ...] = (
    # A row without blob is an absence (status 404), or a document whose copy was evicted: as if never asked.
    """
    CREATE TABLE documents (
        ecosystem TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, status INTEGER NOT NULL,
        content_type TEXT NOT NULL, etag TEXT NOT NULL, last_modified TEXT NOT NULL,
        fetched_at REAL NOT NULL, checked_at REAL NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL,
        gone INTEGER NOT NULL, PRIMARY KEY (ecosystem, key)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX documents_blob ON documents (blob) WHERE blob <> ''",
    "CREATE INDEX documents_empty ON documents (checked_at) WHERE blob = ''",
    # digest and first_seen are 'algorithm:hex'; size is what was announced, held what we hold.
    """
    CREATE TABLE files (
        ecosystem TEXT NOT NULL, path TEXT NOT NULL, url TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
        name TEXT NOT NULL, version TEXT NOT NULL, published REAL NOT NULL,
        blob TEXT NOT NULL DEFAULT '', held INTEGER NOT NULL DEFAULT -1, first_seen TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (ecosystem, path)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX files_blob ON files (blob) WHERE blob <> ''",
    """
    CREATE TABLE blobs (
        sha256 TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, used_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX blobs_used ON blobs (used_at, sha256, size)",
    # Blobs that lost a reference; whether it was the last one is asked when they are freed.
    "CREATE TABLE loose (blob TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE keys (
        id TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL UNIQUE, consumer TEXT NOT NULL, tier TEXT NOT NULL,
        created_at REAL NOT NULL, revoked_at REAL NOT NULL, note TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE counts (
        documents INTEGER NOT NULL, files INTEGER NOT NULL, held INTEGER NOT NULL, blobs INTEGER NOT NULL,
        bytes INTEGER NOT NULL, keys_generation INTEGER NOT NULL
    )
    """,
    "INSERT INTO counts VALUES (0, 0, 0, 0, 0, 0)",
    """
    CREATE TRIGGER documents_added AFTER INSERT ON documents WHEN new.blob <> '' BEGIN
        UPDATE counts SET documents = documents + 1;
    END
    """,
    """
    CREATE TRIGGER documents_changed AFTER UPDATE OF blob ON documents WHEN new.blob <> old.blob BEGIN
        UPDATE counts SET documents = documents + (new.blob <> '') - (old.blob <> '');
        INSERT INTO loose SELECT old.blob
            WHERE old.blob <> '' AND NOT EXISTS (SELECT 1 FROM loose WHERE blob = old.blob);
    END
    """,
    """
    CREATE TRIGGER files_added AFTER INSERT ON files BEGIN
        UPDATE counts SET files = files + 1, held = held + (new.blob <> '');
    END
    """,
    """
    CREATE TRIGGER files_changed AFTER UPDATE OF blob ON files WHEN new.blob <> old.blob BEGIN
        UPDATE counts SET held = held + (new.blob <> '') - (old.blob <> '');
        INSERT INTO loose SELECT old.blob
            WHERE old.blob <> '' AND NOT EXISTS (SELECT 1 FROM loose WHERE blob = old.blob);
    END
    """,
    """
    CREATE TRIGGER blobs_added AFTER INSERT ON blobs BEGIN
        UPDATE counts SET blobs = blobs + 1, bytes = bytes + new.size;
    END
    """,
    """
    CREATE TRIGGER blobs_resized AFTER UPDATE OF size ON blobs WHEN new.size <> old.size BEGIN
        UPDATE counts SET bytes = bytes + new.size - old.size;
    END
    """,
    """
    CREATE TRIGGER blobs_removed AFTER DELETE ON blobs BEGIN
        UPDATE counts SET blobs = blobs - 1, bytes = bytes - old.size;
    END
    """,
    """
    CREATE TRIGGER keys_added AFTER INSERT ON keys BEGIN
        UPDATE counts SET keys_generation = keys_generation + 1;
    END
    """,
    """
    CREATE TRIGGER keys_changed AFTER UPDATE ON keys BEGIN
        UPDATE counts SET keys_generation = keys_generation + 1;
    END
    """,
)

# kept: response headers to remember; further: digests beside sha256; both JSON objects or ''.
_FURTHER: tuple[str, ...] = (
    "ALTER TABLE documents ADD COLUMN kept TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE files ADD COLUMN content_type TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE files ADD COLUMN kept TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE files ADD COLUMN further TEXT NOT NULL DEFAULT ''",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _FURTHER)
"""Statements of each step; PRAGMA user_version is the number of steps taken."""
