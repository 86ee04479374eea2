"""Keys of epochs: made once, derived by the standard, gone when erased."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from subak.analytics.privacy.epochs import Epochs, day, derive, month, shared
from subak.analytics.privacy.pseudonyms import Names
from subak.errors import ConfigError, StoreFailed


def counting() -> Callable[[int], bytes]:
    """Chance that never repeats itself and can be foretold."""
    calls = iter(range(1, 200))
    return lambda size: bytes([next(calls)]) * size


def test_a_moment_has_its_epoch() -> None:
    at = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    assert (month(at), month(at + 1), day(at), day(at + 1)) == ("2026-10", "2026-11", "2026-10-31", "2026-11-01")


def test_keys_are_derived_by_the_standard() -> None:
    keys = derive(b"s" * 32, "2026-10")
    for purpose in ("client", "network", "consumer", "sketch"):
        hkdf = HKDF(algorithm=SHA256(), length=32, salt=b"subak epoch", info=f"{purpose} 2026-10".encode())
        assert getattr(keys, purpose) == hkdf.derive(b"s" * 32)


def test_every_purpose_and_epoch_has_a_key_of_its_own() -> None:
    october, november = derive(b"s" * 32, "2026-10"), derive(b"s" * 32, "2026-11")
    made = {getattr(k, p) for k in (october, november) for p in ("client", "network", "consumer", "sketch")}
    assert len(made) == 8
    assert october.fingerprint != november.fingerprint


def test_a_key_is_never_printed() -> None:
    keys = derive(b"s" * 32, "2026-10")
    assert "2026-10" in repr(keys)
    assert repr(keys.client) not in repr(keys)
    assert keys.client.hex() not in repr(keys)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "analysis" / "epochs"
    epochs = Epochs(folder, counting())
    first = epochs.keys("2026-10")
    assert epochs.keys("2026-10") == first == Epochs(folder, counting()).keys("2026-10")
    assert (folder / "2026-10.key").read_bytes() == b"\x01" * 32
    assert stat.S_IMODE((folder / "2026-10.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert epochs.keys("2026-11") != first
    assert epochs.known() == ("2026-10", "2026-11")


def test_nothing_is_known_before_the_first_key(tmp_path: Path) -> None:
    assert Epochs(tmp_path / "none", os.urandom).known() == ()


def test_all_at_once_get_one_key(tmp_path: Path) -> None:
    barrier, made = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        made.append(Epochs(tmp_path, os.urandom).keys("2026-10"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({keys.client for keys in made}) == 1


def test_a_process_that_died_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "2026-10.new").write_bytes(b"half")
    assert Epochs(tmp_path, counting()).keys("2026-10") == derive(b"\x01" * 32, "2026-10")
    assert not (tmp_path / "2026-10.new").exists()


def test_an_erased_key_makes_no_more_names(tmp_path: Path) -> None:
    epochs = Epochs(tmp_path, counting())
    before = Names(epochs.keys("2026-10")).client("192.0.2.7")
    with (tmp_path / "2026-10.key").open("rb") as held:
        assert epochs.erase("2026-10")
        assert held.read() == b"\x02" * 32, "also for who has it open"
    assert epochs.known() == ()
    assert not epochs.erase("2026-10")
    assert Names(epochs.keys("2026-10")).client("192.0.2.7") != before


def test_a_damaged_key_is_told_and_can_be_erased(tmp_path: Path) -> None:
    (tmp_path / "2026-10.key").write_bytes(b"short")
    with pytest.raises(StoreFailed, match="damaged"):
        Epochs(tmp_path, os.urandom).keys("2026-10")
    assert Epochs(tmp_path, os.urandom).erase("2026-10")


@pytest.mark.parametrize("epoch", ["", "2026", "2026-13", "2026-1", "../2026-10", "2026-10-32", "2026-10\n", "٢٠٢٦-10"])
def test_only_months_and_days_are_epochs(tmp_path: Path, epoch: str) -> None:
    for attempt in (Epochs(tmp_path, os.urandom).keys, Epochs(tmp_path, os.urandom).erase):
        with pytest.raises(ConfigError, match="no epoch"):
            attempt(epoch)


def test_a_disk_that_fails_is_told_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreFailed) as caught:
        Epochs(tmp_path / "file" / "epochs", os.urandom).keys("2026-10")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("written", [b"s" * 32, b"73" * 32, b"73" * 32 + b"\n"])
def test_a_shared_key_file(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "shared"
    path.write_bytes(written)
    assert shared(path, "2026-10") == derive(b"s" * 32, "2026-10")


@pytest.mark.parametrize("written", [b"", b"s" * 31, b"s" * 33, b"73" * 31, b"zz" * 32, b"s" * 5000])
def test_what_is_no_key_file(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "shared"
    path.write_bytes(written)
    with pytest.raises(ConfigError):
        shared(path, "2026-10")
    with pytest.raises(StoreFailed):
        shared(tmp_path / "absent", "2026-10")
