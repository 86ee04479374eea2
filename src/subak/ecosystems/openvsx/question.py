"""What editors ask a gallery by POST, in a canonical form: equal questions share one answer."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import msgspec

from subak.ecosystems.openvsx.places import Place, about, place
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Kind, Subject

PATH = "vscode/gallery/extensionquery"

UUID, NAME, TARGET, WITHOUT = 4, 7, 8, 12
"""Types of criteria: an extension's id, its name, what it must run on, flags it must not have."""

LATEST, LATEST_OF_EACH = 0x200, 0x10000
"""Flags: only the newest version of each platform; the newest release and the newest pre-release of each."""

WHOLE = 0x1 | 0x2 | 0x4 | 0x10 | 0x20 | 0x80 | 0x100
"""Flags under which an answer tells all that editors ask for, of all versions."""

ALL, NEWEST, NEWEST_OF_EACH = "all", "newest", "newest-of-each"
"""Parts: which versions the client wants of a stored answer that has them all."""

MANY = 8
"""Extensions that may be asked for with all their versions: a popular one alone has thousands of packages."""

_MOST = 1000
"""Criteria in one question."""
_EDITOR = "Microsoft.VisualStudio.Code"
_UNPUBLISHED = "4096"


class _Criterion(msgspec.Struct, rename="camel"):
    filter_type: int
    value: str | int | None = None


class _Filter(msgspec.Struct, rename="camel"):
    criteria: list[_Criterion] = msgspec.field(default_factory=list)
    page_number: int = 1
    page_size: int = 0
    sort_by: int = 0
    sort_order: int = 0


class _Body(msgspec.Struct):
    filters: list[_Filter] = msgspec.field(default_factory=list)
    flags: int = 0


_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_Pairs = list[tuple[int, str]]


def question(subject: Subject, body: bytes) -> Subject:
    """The subject of a question. Raises BadRequest for what is none.

    A question about one extension by its name is an INDEX, any other a LISTING. Where extensions are named, all
    their versions are asked for, so that the newest that is not hidden can be told.
    """
    asked = _read(body)
    found = [_pairs(row) for row in asked.filters]
    named = _one_name(asked.filters, found)
    if named is not None:
        return replace(about_one(named, "query", asked.flags), keyed=subject.keyed)
    by_name = [pair for pairs in found for pair in pairs if pair[0] in (UUID, NAME)]
    flags, part = asked.flags, ALL
    if 0 < len(by_name) <= MANY:
        flags, part = _all_versions(asked.flags)
    sent = _canonical(asked.filters, found, flags)
    low = _canonical(asked.filters, [_lowered(pairs) for pairs in found], flags)
    key = f"{PATH}/{hashlib.sha256(low).hexdigest()}"
    return Subject("openvsx", Kind.LISTING, "search", key, part=part, keyed=subject.keyed, question=sent)


def about_one(at: Place, route: str, flags: int) -> Subject:
    """The question for one extension by its name, with all its versions."""
    flags, part = _all_versions(flags)
    pairs = [(NAME, f"{at.namespace}.{at.name}"), (TARGET, _EDITOR), (WITHOUT, _UNPUBLISHED)]
    subject = about(at, Kind.INDEX, route, f"{PATH}/{at.id}?flags={flags}", part)
    return replace(subject, question=_canonical([_Filter(page_size=1)], [pairs], flags))


def _read(body: bytes) -> _Body:
    try:
        asked = _decode(body)
    except _BROKEN as error:
        raise BadRequest(f"this is no question for extensions: {error}") from error
    numbers = [asked.flags, *(n for f in asked.filters for n in (f.page_number, f.page_size, f.sort_by, f.sort_order))]
    if any(not 0 <= number < 2**31 for number in numbers) or sum(len(f.criteria) for f in asked.filters) > _MOST:
        raise BadRequest("a question for extensions holds absurd numbers")
    return asked


def _pairs(row: _Filter) -> _Pairs:
    """The criteria, each once, sorted: their order means nothing."""
    return sorted({(c.filter_type, "" if c.value is None else str(c.value)) for c in row.criteria})


def _one_name(filters: list[_Filter], found: list[_Pairs]) -> Place | None:
    """The extension asked for, if it is one, by its name, and nothing narrows the question."""
    if len(found) != 1 or filters[0].page_number > 1:
        return None
    rest = [pair for pair in found[0] if pair not in ((TARGET, _EDITOR), (WITHOUT, _UNPUBLISHED))]
    if len(rest) != 1 or rest[0][0] != NAME:
        return None
    namespace, _, name = rest[0][1].partition(".")
    try:
        return place(namespace, name)
    except NotFound:
        return None  # whatever it is, upstream may know


def _all_versions(flags: int) -> tuple[int, str]:
    """The flags to ask upstream with, and the part that the client wants of the answer."""
    part = NEWEST if flags & LATEST else NEWEST_OF_EACH if flags & LATEST_OF_EACH else ALL
    return flags & ~(LATEST | LATEST_OF_EACH) | WHOLE, part


def _lowered(pairs: _Pairs) -> _Pairs:
    """Names and ids are the same in any case."""
    return sorted({(kind, value.lower() if kind in (UUID, NAME) else value) for kind, value in pairs})


def _canonical(filters: list[_Filter], found: list[_Pairs], flags: int) -> bytes:
    rows = [
        {
            "criteria": [{"filterType": kind, "value": value} for kind, value in pairs],
            "pageNumber": max(row.page_number, 1),
            "pageSize": row.page_size,
            "sortBy": row.sort_by,
            "sortOrder": row.sort_order,
        }
        for row, pairs in zip(filters, found, strict=True)
    ]
    return bytes(_encode({"filters": rows, "assetTypes": [], "flags": flags}))
