"""The compact index: text files, one gem a line in /versions, one version a line in /info/<gem>."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from subak.ecosystems.base import Page, View
from subak.ecosystems.rubygems.fullnames import fold_version
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Subject

CHUNK = 256 * 1024
"""Bytes of one yielded piece, at most."""

_VERSION = re.compile(r"(?P<version>[0-9]+(?:\.[0-9A-Za-z]+)*)(?:-(?P<platform>[^\s|]+))?(?: (?P<rest>.*))?\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_HEADED = re.compile(rb"(?:[^\n<]{0,200}\n){0,20}?---[ \t\r]*(?:\n|\Z)")
_GEM = rb"(?:[A-Za-z0-9._-]++ [!-~]++(?: [0-9A-Fa-f]*+)?+)?+\r?+"
_GEMS = re.compile(rb"(?:%b\n)*+%b" % (_GEM, _GEM))
_NAMES = re.compile(rb"(?:[A-Za-z0-9._-]*+\r?+\n)*+[A-Za-z0-9._-]*+")


# ---------------------------------------------------------------- /info/<gem>


def info_pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each gem file, and one without digest for its specification, which nothing announces.

    Raises UpstreamLied for anything but such a text, and for a checksum that cannot be read.
    """
    for line in _lines(subject, page):
        row = _row(subject, line)
        if row is None:
            continue
        full = f"{subject.name}-{line.partition(' ')[0]}"
        facts = _facts(row["rest"] or "")
        published = _unix(facts.get("created_at", ""))
        checksum = facts.get("checksum", "")
        proof = digest("sha256", checksum) if checksum else UNPINNED
        yield _pin(f"gems/{full}.gem", proof, subject.name, row["version"], published)
        yield _pin(f"quick/Marshal.4.8/{full}.gemspec.rz", UNPINNED, subject.name, row["version"], published)


def info_without(subject: Subject, page: Page, hidden: frozenset[str]) -> Iterator[bytes]:
    """The lines of all versions but the hidden ones, whatever else they hold. Raises UpstreamLied."""
    withheld = frozenset(map(fold_version, hidden))
    kept = []
    for line in _lines(subject, page):
        row = _row(subject, line)
        if row is None or fold_version(row["version"]) not in withheld:
            kept.append(f"{line}\n")
    yield "".join(kept).encode()


def _pin(path: str, proof: Digest, name: str, version: str, published: float) -> Pin:
    return Pin(path, "", proof, name=name, version=version, published=published)


def _lines(subject: Subject, page: Page) -> list[str]:
    try:
        text = str(page.body, "utf-8")
    except UnicodeDecodeError as error:
        raise UpstreamLied(f"the index of {subject.name} is not text: {error.reason}") from error
    text = text.replace("\r\n", "\n")
    if not text.strip() or _CONTROL.search(text):
        raise UpstreamLied(f"the index of {subject.name} is empty or holds control characters")
    return text.removesuffix("\n").split("\n")


def _row(subject: Subject, line: str) -> re.Match[str] | None:
    """One version's line; None for the '---' above them and for blank lines."""
    if not line.strip() or line.rstrip() == "---":
        return None
    row = _VERSION.match(line)
    rest = row["rest"] or "" if row else ""
    if row is None or (rest.strip() and ":" not in rest and "|" not in rest):
        raise UpstreamLied(f"the index of {subject.name} holds a line that describes no version: {line[:80]!r}")
    return row


def _facts(rest: str) -> dict[str, str]:
    """What stands behind the '|': keys and values, parted at the first colon. The first of a key counts."""
    found: dict[str, str] = {}
    for item in rest.partition("|")[2].split(","):
        key, _, value = item.partition(":")
        found.setdefault(key.strip(), value.strip())
    return found


def _unix(text: str) -> float:
    """ISO 8601 as Unix time; 0 when it is none: an unknown time, for which policy has a rule."""
    try:
        moment = datetime.fromisoformat(text)
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0.0


# ---------------------------------------------------------------- /versions, /names


def check_versions(page: Page) -> None:
    """Raises UpstreamLied unless the page is the list of all gems. Tens of megabytes: one expression reads it."""
    _check(page, _GEMS, "the list of versions")


def check_names(page: Page) -> None:
    """Raises UpstreamLied unless the page is the list of all names."""
    _check(page, _NAMES, "the list of names")


def _check(page: Page, rows: re.Pattern[bytes], what: str) -> None:
    body = memoryview(page.body)
    header = _HEADED.match(body[:4096])
    if header is None:
        raise UpstreamLied(f"{what} has no line '---' at its top")
    read = rows.match(body, header.end())
    end = read.end() if read else header.end()
    if end != len(body):
        raise UpstreamLied(f"{what} holds a line that is none: {bytes(body[end : end + 80])!r}")


def versions_for(page: Page, view: View) -> Iterator[bytes]:
    """The list with the lines of revised gems and of hidden versions ('name@version') rewritten.

    A line whose versions are all hidden says that they were withdrawn (a leading '-'): without its line, clients
    would go on with the index of that gem which they hold already.
    """
    withheld: dict[str, set[str]] = {}
    for entry in view.hidden:
        name, _, version = entry.rpartition("@")
        withheld.setdefault(name, set()).add(fold_version(version))
    body = memoryview(page.body)
    names = sorted({name.encode() for name in (*withheld, *view.revised)})
    done = 0
    if names:
        wanted = b"|".join(map(re.escape, names))
        for line in re.finditer(rb"^(%b) ([^\s]+)([^\S\n][^\r\n]*)?" % wanted, body, re.MULTILINE):
            yield from pieces(body[done : line.start()])
            yield _line(line, withheld, view.revised)
            done = line.end()
    yield from pieces(body[done:])


def _line(line: re.Match[bytes], withheld: Mapping[str, Iterable[str]], revised: Mapping[str, str]) -> bytes:
    name = line[1].decode()
    versions, hidden = line[2].split(b","), withheld.get(name, ())
    kept = [
        v for v in versions if v.startswith(b"-") or fold_version(v.decode("latin-1").partition("-")[0]) not in hidden
    ]
    kept = kept or [b"-" + v for v in versions]
    checksum = b" " + revised[name].encode() if name in revised else line[3] or b""
    return line[1] + b" " + b",".join(kept) + checksum


def pieces(body: memoryview) -> Iterator[bytes]:
    """The body in pieces of at most CHUNK."""
    for start in range(0, len(body), CHUNK):
        yield bytes(body[start : start + CHUNK])
