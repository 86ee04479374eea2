"""Logs in object stores and behind web addresses: s3://, gs://, az://, https://. Needs the extra `objects`.

Names: one object (`s3://bucket/logs/a.gz`), all below a prefix that ends with a slash, or a pattern with `*`, `?`, `[`.
A web address (it may be a signed one) is one file. Credentials and endpoints come from where the store's own tools
look for them: the variables AWS_*, GOOGLE_*, AZURE_*, or the identity of the machine.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from subak.errors import BadRequest

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import HTTPStore, ObjectStore

STORES = ("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss")
WEB = ("http", "https")
PIECE = 8 * 2**20
"""Bytes that one request to a store asks for."""

_SCHEME = re.compile(r"([a-z][a-z0-9]{1,9})://[^/]")
_MAGIC = re.compile(r"[*?\[]")


class Reader(Protocol):
    """What reading a log needs of a file."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes, b'' at the end. Raises OSError."""


Connect = Callable[[str], "ObjectStore"]
"""A bucket's URL -> its store."""


def remote(name: str) -> bool:
    """Does the name mean something that must be fetched?"""
    match = _SCHEME.match(name)
    return match is not None and match[1] in STORES + WEB


def shown(name: str) -> str:
    """The name without what may be a credential: a query, a user and a password."""
    if not remote(name):
        return name
    parts = urlsplit(name)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def connect(bucket: str) -> ObjectStore:
    """The store of a bucket's URL. Raises BadRequest."""
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    try:
        return from_url(bucket)
    except (BaseError, ValueError) as error:
        raise BadRequest(f"{shown(bucket)} cannot be reached: {reason(error)}") from error


def listed(name: str, stores: Connect = connect) -> list[tuple[str, int]]:
    """The objects that a URL means and their sizes in bytes, sorted by name; -1 where the size is not known.

    Raises BadRequest.
    """
    _require(name)
    if urlsplit(name).scheme in WEB:
        return [(name, -1)]
    bucket, key = _split(name)
    magic = _MAGIC.search(key)
    if not magic and not key.endswith("/") and key:
        return [(name, -1)]
    pattern = key if magic else key + "*"
    fixed = key[: magic.start()] if magic else key
    found = []
    for path, size in _objects(stores(bucket), fixed.rpartition("/")[0], name):
        if fnmatchcase(path, pattern) and size:
            found.append((f"{bucket}/{quote(path)}", size))
    return sorted(found)


def extent(names: list[str], stores: Connect = connect) -> int:
    """Bytes of these objects together. Raises OSError, BadRequest."""
    from obstore import head

    total = 0
    with Translated():
        for name in names:
            store, path = _place(name, stores)
            total += head(store, path)["size"]
    return total


def opened(name: str, stores: Connect = connect) -> Reader:
    """The bytes of one object. Raises OSError, BadRequest."""
    store, path = _place(name, stores)
    from obstore import get, open_reader

    with Translated():
        if urlsplit(name).scheme in WEB:
            return Stream(iter(get(store, path).stream(min_chunk_size=2**20)))
        return Ranges(open_reader(store, path, buffer_size=PIECE))


class Ranges:
    """An object that is asked for piece by piece: a lost connection costs one piece."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes. Raises OSError."""
        with Translated():
            return bytes(self._file.read(size))


class Stream:
    """An answer that is read as it comes."""

    def __init__(self, chunks: Iterator[object]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes. Raises OSError."""
        with Translated():
            while not self._rest and (chunk := next(self._chunks, None)) is not None:
                self._rest = bytes(chunk)  # type: ignore[call-overload]  # a buffer, but typed only from 3.12
        cut = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:cut], self._rest[cut:]
        return data


class Translated:
    """Turns the failures of the library into OSError, without the URL that its texts hold: it may be signed."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from obstore.exceptions import BaseError

        if isinstance(error, (BaseError, ValueError, OSError)):
            raise OSError(reason(error)) from None


def reason(error: BaseException) -> str:
    """Why a store failed, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "there is no such object"
    kind = type(error).__name__.removesuffix("Error")
    status = re.search(r"\b(4\d\d|5\d\d) [A-Z][A-Za-z ]{2,40}", str(error))
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    return f"the store says {status[0].strip()}" if status else f"the store cannot be read ({words})"


def _place(name: str, stores: Connect) -> tuple[ObjectStore | HTTPStore, str]:
    parts = urlsplit(name)
    if parts.scheme not in WEB:
        bucket, key = _split(name)
        return stores(bucket), key
    from obstore.store import HTTPStore

    options = {"allow_http": parts.scheme == "http", "timeout": timedelta(days=7)}
    return HTTPStore.from_url(name, client_options=options), ""  # type: ignore[arg-type]


def _split(name: str) -> tuple[str, str]:
    """The bucket's URL and the key in it."""
    scheme, _, rest = name.partition("://")
    bucket, _, key = rest.partition("/")
    return f"{scheme}://{bucket}", unquote(key)


def _objects(store: ObjectStore, folder: str, name: str) -> Iterator[tuple[str, int]]:
    from obstore import list as objects

    try:
        with Translated():
            for batch in objects(store, prefix=folder or None):
                for row in batch:
                    yield row["path"], row["size"]
    except OSError as error:
        raise BadRequest(f"{shown(name)} cannot be listed: {error}") from error


def _require(name: str) -> None:
    """An optional extra, and slow to load: looked for only when a name needs it. Raises BadRequest."""
    if importlib.util.find_spec("obstore") is None:
        raise BadRequest(
            f"{shown(name)}: the library for object stores is not installed",
            fix="Install it: pip install 'subak[objects]'.",
        )
