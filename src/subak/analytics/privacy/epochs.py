"""Keys of epochs: who holds one can make the names of that epoch, and who erases it makes sure that nobody can."""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

from subak.errors import ConfigError, StoreFailed
from subak.store.disk import disk_failed, sync_folder, write_all

SIZE: Final = 32
"""Bytes of a key."""
SUFFIX: Final = ".key"

Chance: TypeAlias = Callable[[int], bytes]
"""So many bytes that nobody can guess, such as `os.urandom`."""

_EPOCH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?\Z", re.ASCII)
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{64}\s*\Z")


@dataclass(frozen=True, slots=True)
class Keys:
    """What one epoch's names are made with. A key for each purpose: names of two views cannot be joined."""

    epoch: str
    fingerprint: str
    """16 hexadecimal digits that tell whether two registries hold the same key, and nothing about it."""
    client: bytes = field(repr=False)
    network: bytes = field(repr=False)
    consumer: bytes = field(repr=False)
    sketch: bytes = field(repr=False)


def month(at: float) -> str:
    """The epoch of a moment: its calendar month in UTC, 'YYYY-MM'."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


def day(at: float) -> str:
    """The epoch of a moment where a month is too long: its day in UTC, 'YYYY-MM-DD'."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def derive(secret: bytes, epoch: str) -> Keys:
    """All keys of an epoch, by HKDF-SHA256 (RFC 5869). Raises ConfigError for what is no epoch."""
    epoch = _checked(epoch)
    extracted = hmac.digest(b"subak epoch", secret, "sha256")

    def key(purpose: str) -> bytes:
        return hmac.digest(extracted, f"{purpose} {epoch}".encode() + b"\x01", "sha256")

    return Keys(
        epoch, key("fingerprint").hex()[:16],
        client=key("client"), network=key("network"), consumer=key("consumer"), sketch=key("sketch"),
    )  # fmt: skip


def shared(path: Path, epoch: str) -> Keys:
    """The keys from a file that several registries hold: 32 bytes, or 64 hexadecimal digits.

    One file serves for any number of epochs, whose names are still strangers to each other.
    Raises StoreFailed, ConfigError.
    """
    try:
        with path.open("rb") as file:
            written = file.read(4 * SIZE)
    except OSError as error:
        raise disk_failed("Reading the key file", error) from error
    if _HEX.match(written):
        written = bytes.fromhex(written.decode("ascii"))
    if len(written) != SIZE:
        fix = "Make one with: head -c 32 /dev/urandom > FILE, and give the others the same file."
        raise ConfigError("The key file holds neither 32 bytes nor 64 hexadecimal digits", fix=fix)
    return derive(written, epoch)


class Epochs:
    """The keys in one folder, a file each; processes may use it at the same time."""

    def __init__(self, folder: Path, chance: Chance) -> None:
        self._folder = folder
        self._chance = chance

    def keys(self, epoch: str) -> Keys:
        """The keys of an epoch, made when first asked for. Raises StoreFailed, ConfigError."""
        path = self._folder / f"{_checked(epoch)}{SUFFIX}"
        with self._locked("Reading the key of an epoch"):
            secret = path.read_bytes() if path.exists() else self._make(path)
        if len(secret) != SIZE:
            fix = f"Erase the epoch {epoch}: the names it made cannot be made again."
            raise StoreFailed(f"The key of epoch {epoch} is damaged", fix=fix)
        return derive(secret, epoch)

    def erase(self, epoch: str) -> bool:
        """Overwrite and remove the key; false if there is none. Raises StoreFailed, ConfigError.

        The names of that epoch can then neither be made nor tried out again. Asking for its keys later makes new
        ones. Copies elsewhere (backups, snapshots, a disk that writes beside the old place) are out of reach here.
        """
        path = self._folder / f"{_checked(epoch)}{SUFFIX}"
        with self._locked("Erasing the key of an epoch"):
            if not path.exists():
                return False
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                write_all(descriptor, self._chance(SIZE))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path.unlink()
            sync_folder(self._folder)
        return True

    def known(self) -> tuple[str, ...]:
        """Epochs that have a key, the oldest first. Raises StoreFailed."""
        try:
            names = [path.stem for path in self._folder.glob(f"*{SUFFIX}")]
        except OSError as error:
            raise disk_failed("Reading the folder of keys", error) from error
        return tuple(sorted(name for name in names if _EPOCH.match(name)))

    def _make(self, path: Path) -> bytes:
        """Complete or absent: the file gets its name when its bytes are on the disk."""
        secret = self._chance(SIZE)
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, secret)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.rename(path)
        sync_folder(self._folder)
        return secret

    @contextlib.contextmanager
    def _locked(self, doing: str) -> Iterator[None]:
        """Two processes must not make two keys for one epoch. Also translates what a disk complains about."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise disk_failed(doing, error) from error


def _checked(epoch: str) -> str:
    if not _EPOCH.match(epoch):
        raise ConfigError(f"{epoch[:40]!r} is no epoch", fix="Name a month as YYYY-MM, or a day as YYYY-MM-DD.")
    return epoch
