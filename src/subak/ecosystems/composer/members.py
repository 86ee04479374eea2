"""JSON opened one layer at a time: the members of an object as raw slices of the body they came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw

from subak.errors import UpstreamLied

_object: Callable[[Raw | bytes | memoryview], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_array: Callable[[Raw | bytes | memoryview], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode
_text_or_null: Callable[[Raw], str | None] = msgspec.json.Decoder(str | None).decode
encode = msgspec.json.Encoder().encode

_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for a body that is not the JSON we expect, or nested without end."""


def members(body: Raw | bytes | memoryview, what: str) -> dict[str, Raw]:
    """The members of an object; an empty array has none, because PHP writes an empty map as one.

    Raises UpstreamLied for anything else; `what` names it for people.
    """
    if compact(body) == b"[]":
        return {}
    try:
        return _object(body)
    except _BROKEN as error:
        raise UpstreamLied(f"{what}: not a JSON object: {error}") from error


def items(body: Raw, what: str) -> list[Raw]:
    """The items of an array, or the values of an object. Raises UpstreamLied for anything else."""
    if bytes(memoryview(body)[:1]) == b"{":
        return list(members(body, what).values())
    try:
        return _array(body)
    except _BROKEN as error:
        raise UpstreamLied(f"{what}: not a JSON array: {error}") from error


def text(fields: Mapping[str, Raw], key: str, what: str) -> str:
    """The text below `key`; '' when absent or null. Raises UpstreamLied for anything else."""
    if key not in fields:
        return ""
    try:
        return _text_or_null(fields[key]) or ""
    except _BROKEN as error:
        raise UpstreamLied(f"{what}: {key} is not a text: {error}") from error


def compact(body: Raw | bytes | memoryview) -> bytes:
    """A short body without the white space in it; the first bytes of a longer one, which compare to nothing short."""
    return bytes(memoryview(body)[:64]).translate(None, b" \t\r\n") if memoryview(body).nbytes <= 64 else b"..."
