"""Composer's names and versions: which are possible, how they are compared, how they stand in a path."""

from __future__ import annotations

import re

from subak.errors import NotFound

# ---------------------------------------------------------------- names

_HALF = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z", re.ASCII)
"""One half of a name in lower case. Wider than what new packages may be called: old ones break the rule."""

_LONGEST_NAME = 255


def full_name(vendor: str, name: str) -> str:
    """'vendor/name' in lower case, as Composer compares names. Raises NotFound for a name that no package can have."""
    full = f"{vendor}/{name}".lower() if vendor.isascii() and name.isascii() else ""
    halves = full.split("/")
    if len(full) > _LONGEST_NAME or len(halves) != 2 or not all(map(_HALF.match, halves)):
        raise NotFound(f"no Composer package can be called {f'{vendor}/{name}'[:80]!r}")
    return full


# ---------------------------------------------------------------- versions


def canonical(version: str) -> str:
    """A version as it stands in purls and on our paths: 'v1.2.3' is the tag of 1.2.3."""
    version = version.strip()
    return version[1:] if re.match(r"[vV][0-9]", version) else version


_CLASSICAL = re.compile(
    r"v?(\d{1,5})(\.\d+)?(\.\d+)?(\.\d+)?"
    r"[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?([.-]?dev)?\Z",
    re.IGNORECASE | re.ASCII,
)
_STABILITY = {"b": "beta", "a": "alpha", "p": "patch", "pl": "patch", "rc": "RC"}


def folded(version: str) -> str:
    """A version as Composer compares it (VersionParser::normalize): 'v1.2-b1' and '1.2.0.0-beta1' are one release.

    What Composer reads as a date or a branch stays as it is: there is one spelling.
    """
    version = canonical(version)
    release = version if is_dev(version) else re.sub(r"\A([^,\s+]+)\+\S+\Z", r"\1", version)
    found = _CLASSICAL.match(release)
    if not found:
        return version
    numbers = found[1] + "".join(part or ".0" for part in found.group(2, 3, 4))
    stability = (found[5] or "").lower()
    if stability == "stable":
        return numbers
    suffix = f"-{_STABILITY.get(stability, stability)}{found[6].lstrip('.-')}" if stability else ""
    return f"{numbers}{suffix}{'-dev' if found[7] else ''}"


def is_dev(version: str) -> bool:
    """Whether it is a branch, which the document '~dev' lists."""
    lower = version.lower()
    return lower.startswith("dev-") or lower.endswith("-dev")


# ---------------------------------------------------------------- path segments

_UNSAFE = re.compile(r"[^0-9A-Za-z._+-]|\A\.+\Z")
_SEGMENT = re.compile(r"(?:[0-9A-Za-z._+-]|~[0-9a-f]{2})+\Z", re.ASCII)


def escape(text: str) -> str:
    """A version or reference as a path segment that no reader, Composer's URL templates included, changes.

    Branches hold slashes. Composer's own mirrors write an MD5 instead, which no rule could read a version from;
    '~' cannot occur in a git reference, so '~2f' is free.
    """
    return _UNSAFE.sub(lambda odd: "".join(f"~{byte:02x}" for byte in odd[0].encode()), text)


def unescape(segment: str) -> str:
    """The text that `escape` wrote. Raises NotFound for what it never writes: each text has one spelling."""
    text = ""
    if _SEGMENT.match(segment):
        raw = re.sub(rb"~([0-9a-f]{2})", lambda code: bytes([int(code[1], 16)]), segment.encode())
        text = raw.decode("utf-8", "replace")
    if not text or escape(text) != segment:
        raise NotFound(f"{segment[:80]!r} is no version or reference as this gateway writes it")
    return text
