"""Keys: found by hash, counted by generation, whichever process changes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.catalogue import check_keys
from subak.errors import StoreFailed
from subak.ports import Key
from subak.store.database import Database
from subak.store.keys import Keys


def test_keys_keep_the_promises_of_the_port(tmp_path: Path) -> None:
    check_keys(lambda: Keys(Database(tmp_path / "subak.db")))


def test_a_change_elsewhere_is_seen_here(tmp_path: Path) -> None:
    ours, theirs = Keys(Database(tmp_path / "subak.db")), Keys(Database(tmp_path / "subak.db"))
    before = ours.keys_generation()
    theirs.keep_key(Key("one", "ab", "team"))
    assert ours.keys_generation() > before
    assert ours.find_key("ab") == Key("one", "ab", "team")


def test_one_hash_is_one_key(tmp_path: Path) -> None:
    keys = Keys(Database(tmp_path / "subak.db"))
    keys.keep_key(Key("one", "ab", "team"))
    with pytest.raises(StoreFailed, match="UNIQUE"):
        keys.keep_key(replace(Key("two", "ab", "team")))
    assert [key.id for key in keys.all_keys()] == ["one"]
