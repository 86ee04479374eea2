"""Which keys there are: `ports.Keys` on SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from subak.ports import Key
from subak.store.database import Database

_COLUMNS = "id, hash, consumer, tier, created_at, revoked_at, note"


class Keys:
    """`ports.Keys`. Every method raises StoreFailed, nothing else."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_key(self, hash: str) -> Key | None:
        row = self._database.row(f"SELECT {_COLUMNS} FROM keys WHERE hash = ?", (hash,))
        return Key(*row) if row else None

    def keep_key(self, key: Key) -> None:
        """See the port. A hash that another key has is refused with StoreFailed."""
        with self._database.write() as writer:
            writer.execute(
                f"""INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, consumer = excluded.consumer,
                    tier = excluded.tier, created_at = excluded.created_at, revoked_at = excluded.revoked_at,
                    note = excluded.note""",
                (key.id, key.hash, key.consumer, key.tier, key.created_at, key.revoked_at, key.note),
            )

    def revoke_key(self, id: str, at: float) -> bool:
        """See the port. A key that is revoked already keeps its first time."""
        with self._database.write() as writer:
            known = writer.execute("SELECT 1 FROM keys WHERE id = ?", (id,)).fetchone()
            writer.execute("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at = 0", (at, id))
        return known is not None

    def all_keys(self) -> Sequence[Key]:
        return [Key(*row) for row in self._database.rows(f"SELECT {_COLUMNS} FROM keys ORDER BY created_at, id")]

    def keys_generation(self) -> int:
        row = self._database.row("SELECT keys_generation FROM counts")
        return int(row[0]) if row else 0
