"""How repositories, tags and digests are spelled (OCI Distribution Specification 1.1, 'Pulling manifests')."""

from __future__ import annotations

import re

from packageurl import PackageURL

from subak.errors import NotFound
from subak.model import purls
from subak.model.digest import UNPINNED, Digest

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*\Z")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")
_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})\Z|(sha512):([0-9a-f]{128})\Z")
_LONGEST_NAME = 255


def repository(name: str) -> str:
    """The name itself. Raises NotFound when no repository can be called so."""
    if len(name) > _LONGEST_NAME or not _NAME.match(name):
        raise NotFound(f"no repository can be called {name[:80]!r}: names are lower-case")
    return name


def is_tag(text: str) -> bool:
    """Can a tag be written so?"""
    return bool(_TAG.match(text))


def digest_of(text: str) -> Digest:
    """'sha256:<hex>' as a digest; UNPINNED when it is none, or of an algorithm that we cannot verify with."""
    found = _DIGEST.match(text)
    return Digest(found[1] or found[3], found[2] or found[4]) if found else UNPINNED


def reference(text: str) -> str:
    """A tag or a digest, as written. Raises NotFound for what can be neither."""
    if not is_tag(text) and not digest_of(text):
        raise NotFound(f"{text[:80]!r} is no tag, and no sha256 or sha512 digest")
    return text


def purl(name: str, version: str = "") -> str:
    """`pkg:docker/<repository>@<tag or digest>`.

    Not `pkg:oci`: that type drops all but the name's last part, tells the rest in a qualifier that must name the
    registry's host, and knows no versions but digests.
    """
    namespace, _, last = name.rpartition("/")
    return purls.purl("docker", namespace, last, version)


def path_of(package: PackageURL) -> str:
    """The manifest that a purl of type docker or oci means, or without a version the list of tags.

    Raises NotFound for other types and impossible names.
    """
    version = package.version or ""
    qualifiers = package.qualifiers if isinstance(package.qualifiers, dict) else {}
    if package.type == "docker":
        name = f"{package.namespace}/{package.name}" if package.namespace else package.name
    elif package.type == "oci":
        # e.g. ?repository_url=registry.example/library/hello: the whole path stands behind the host
        name = qualifiers.get("repository_url", "").partition("/")[2].strip("/") or package.name
        version = version or qualifiers.get("tag", "")
    else:
        raise NotFound(f"no image is called {package.to_string()}")
    return f"{repository(name)}/manifests/{reference(version)}" if version else f"{repository(name)}/tags/list"
