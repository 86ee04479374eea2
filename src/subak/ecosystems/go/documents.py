"""The proxy's own documents: lists of versions, and what one version is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from subak.ecosystems.base import Page, View
from subak.ecosystems.go.names import escape, is_canonical
from subak.errors import Refused, UpstreamLied
from subak.model.digest import Pin
from subak.model.exchange import Subject

_VERSION = re.compile(r"v[0-9]")
_CHUNK = 64 * 1024


class _Info(msgspec.Struct):
    """The answer to .info and @latest; Origin and whatever comes later is passed on unread."""

    Version: str
    Time: datetime | None = None


_decode = msgspec.json.Decoder(_Info).decode


# ---------------------------------------------------------------- @v/list


def _lines(page: Page) -> list[str]:
    try:
        return [line for line in str(page.body, "utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise UpstreamLied("the list of versions is not UTF-8") from error


def _listed(line: str) -> str:
    """The version a line lists, '' for none: its first field, which a time may follow."""
    first = line.split(maxsplit=1)[0]
    return first if _VERSION.match(first) else ""


def check_list(page: Page) -> None:
    """Raises UpstreamLied for a body that lists anything but versions. An empty one is a list."""
    lines = _lines(page)
    if lines and not any(map(_listed, lines)):
        raise UpstreamLied(f"the list of versions lists none but begins {lines[0][:100]!r}")


def render_list(page: Page, view: View) -> Iterator[bytes]:
    """The list without what policy withholds."""
    chunk, size = [], 0
    for line in _lines(page):
        version = _listed(line)
        if not version or version in view.hidden:
            continue
        chunk.append(f"{line}\n")
        size += len(line)
        if size > _CHUNK:
            yield "".join(chunk).encode()
            chunk, size = [], 0
    yield "".join(chunk).encode()


# ---------------------------------------------------------------- .info and @latest


def _told(page: Page) -> tuple[str, float]:
    """The version, and the Unix time of its commit (0 when it is not given or cannot be)."""
    try:
        info = _decode(page.body)
        version = info.Version
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamLied(f"this tells of no version: {error}") from error
    if not is_canonical(version):
        raise UpstreamLied(f"{version[:100]!r} is no canonical version")
    return version, max(0.0, info.Time.timestamp()) if info.Time else 0.0


def dated(subject: Subject, page: Page) -> Iterator[Pin]:
    """When the version's zip was published, as far as its commit tells. Raises UpstreamLied unless the body names a
    canonical version; for one asked for by its own name, that one (the go command insists on it too)."""
    version, at = _told(page)
    if subject.route == "info" and version != subject.version:
        raise UpstreamLied(f"asked about {subject.name} {subject.version}, it tells of {version[:100]}")
    path = f"{escape(subject.name)}/@v/{escape(version)}.zip"
    return iter((Pin(path, "", name=subject.name, version=version, published=at, dates=True),) if at else ())


def render_info(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """As it is. Raises Refused when it leads to a withheld version: after 'not found' a client would go on to the
    next proxy or to the repository itself, and get it there."""
    version, _ = _told(page)
    if version in view.hidden:
        raise Refused(f"{subject.name} {version} is withheld by policy", fix="Ask for another version.")
    yield bytes(page.body)
