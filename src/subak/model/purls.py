"""Package URLs as text, written fast: most parts need no quoting, and all others are left to the reference library.

`purl(...)` equals `PackageURL(...).to_string()` of packageurl-python, which takes some 15 µs; plain parts take one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from packageurl import PackageURL

_Match = Callable[[str], re.Match[str] | None]

_ANY = r"A-Za-z0-9._~\-"
"""What no type's rules quote (RFC 3986, unreserved)."""
_LOWER = r"a-z0-9._~\-"


def _plain(namespace: str = _ANY, name: str = _ANY, version: str = _ANY) -> _Match:
    """Whether 'namespace\\nname\\nversion' stays as it is; a scope's '@' is quoted below."""
    segments = rf"(?:@?[{namespace}]++(?:/[{namespace}]++)*+)?"
    return re.compile(rf"{segments}\n[{name}]++\n[{version}:]*+\Z").match


_OF_ANY = _plain()
_BY_TYPE: Mapping[str, _Match] = {
    "cargo": _OF_ANY,
    "composer": _plain(namespace=_LOWER, name=_LOWER),
    "conda": _OF_ANY,
    "cpan": _plain(namespace=r"A-Z0-9._~\-"),
    "deb": _OF_ANY,
    "docker": _OF_ANY,
    "gem": _OF_ANY,
    "golang": _OF_ANY,
    "huggingface": _plain(version=_LOWER),
    "maven": _OF_ANY,
    "npm": _plain(name=_LOWER),
    "nuget": _OF_ANY,
    "pypi": _plain(namespace=_LOWER, name=r"a-z0-9.~\-"),
    "vscode-extension": _OF_ANY,
}
"""What each type's rules leave alone; the library folds cases and '_' for some. Other types always go to it."""

_QUALIFIERS = re.compile(rf"[a-z][a-z0-9._-]*+=[{_ANY}:/]++(?:\n[a-z][a-z0-9._-]*+=[{_ANY}:/]++)*+\Z").match


def purl(type_: str, namespace: str, name: str, version: str = "", qualifiers: Mapping[str, str] | None = None) -> str:
    """The canonical text of a package URL; '' for what is absent. Raises ValueError without a name."""
    plain = _BY_TYPE.get(type_)
    if plain is None or plain(f"{namespace}\n{name}\n{version}") is None:
        return _by_library(type_, namespace, name, version, qualifiers)
    told = ""
    if qualifiers:
        lines = "\n".join([f"{key}={value}" for key, value in sorted(qualifiers.items()) if value])
        if lines:
            if _QUALIFIERS(lines) is None:
                return _by_library(type_, namespace, name, version, qualifiers)
            told = "?" + lines.replace("\n", "&")
    at = f"@{version}" if version else ""
    if not namespace:
        return f"pkg:{type_}/{name}{at}{told}"
    if namespace[0] == "@":
        namespace = f"%40{namespace[1:]}"
    return f"pkg:{type_}/{namespace}/{name}{at}{told}"


def _by_library(type_: str, namespace: str, name: str, version: str, qualifiers: Mapping[str, str] | None) -> str:
    told: dict[str, Any] | None = dict(qualifiers) if qualifiers else None
    return str(PackageURL(type_, namespace or None, name, version or None, told).to_string())


def without_version(text: str) -> str:
    """'pkg:deb/debian/hello' of 'pkg:deb/debian/hello@1.0?arch=amd64'; '' of ''."""
    end = text.find("@")  # in names it is quoted
    return text[:end] if end >= 0 else text.partition("?")[0]
