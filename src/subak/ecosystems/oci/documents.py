"""What manifests, lists of tags and lists of referrers say. A manifest is never written anew: its bytes are its name.

Shapes: OCI Image Specification 1.1 (manifest.md, image-index.md) and Docker's schema 2, which OCI's grew from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from subak.ecosystems.base import Facts, Page, View
from subak.ecosystems.oci.names import digest_of
from subak.errors import Refused, UpstreamLied
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

_MEDIA = re.compile(r"application/[A-Za-z0-9][A-Za-z0-9.+_-]{0,126}\Z")
_LARGEST = 2**63 - 1


class _Descriptor(msgspec.Struct):
    digest: str
    size: int
    mediaType: str = ""
    urls: list[str] | None = None


class _Manifest(msgspec.Struct):
    """An image, or a list of images (`manifests`) for several platforms."""

    schemaVersion: int
    mediaType: str = ""
    config: _Descriptor | None = None
    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | msgspec.UnsetType | None = msgspec.UNSET
    """null is an empty list: so Go writes one."""


class _Tags(msgspec.Struct):
    name: str
    tags: list[str] | None = None


_manifest = msgspec.json.Decoder(_Manifest)
_tags = msgspec.json.Decoder(_Tags)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw] | None)
_descriptor = msgspec.json.Decoder(_Descriptor)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


# ---------------------------------------------------------------- what they announce


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """The manifest that a tag points to, under its digest, and whatever it lists itself.

    Raises UpstreamLied for what is no such document. A file has its digest for a name, so whatever it holds is
    right: what cannot be read of it announces nothing.
    """
    if subject.route == "tags":
        _check_tags(page)
        return
    if subject.kind is Kind.ARTIFACT:
        try:
            yield from _listed(subject.name, _parsed(page))
        except UpstreamLied:
            return
        return
    manifest = _parsed(page)
    if subject.route == "tag":
        yield _itself(subject.name, page, manifest)
    else:  # a list of referrers: what is kept can be shown, whatever is withheld of it one day
        _shown(page, frozenset())
    yield from _listed(subject.name, manifest)


def _itself(name: str, page: Page, manifest: _Manifest) -> Pin:
    body = bytes(page.body)
    named = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return _pin(name, "manifests", _Descriptor(named, len(body), _media_type(page, manifest)), keep_type=True)


def _media_type(page: Page, manifest: _Manifest) -> str:
    """As it was sent: OCI manifests need not say it themselves. Some plain file servers know no such types."""
    sent = page.content_type.partition(";")[0].strip().lower()
    if _MEDIA.match(sent) and sent != "application/octet-stream":
        return sent
    if _MEDIA.match(manifest.mediaType):
        return manifest.mediaType
    return MANIFEST if manifest.manifests is msgspec.UNSET else INDEX


def _listed(name: str, manifest: _Manifest) -> Iterator[Pin]:
    """What a manifest refers to. A descriptor with `urls` lies elsewhere, as the registry may not hand it out."""
    for child in manifest.manifests or ():
        if not child.urls and digest_of(child.digest):
            yield _pin(name, "manifests", child, keep_type=True)
    for blob in (*filter(None, (manifest.config,)), *(manifest.layers or ())):
        if not blob.urls and digest_of(blob.digest):
            yield _pin(name, "blobs", blob, keep_type=False)


def _pin(name: str, place: str, of: _Descriptor, *, keep_type: bool) -> Pin:
    media = of.mediaType if keep_type and _MEDIA.match(of.mediaType) else ""
    path = f"{name}/{place}/{of.digest}"
    return Pin(path, "", digest_of(of.digest), of.size, name, of.digest, content_type=media)


def _parsed(page: Page) -> _Manifest:
    try:
        manifest = _manifest.decode(page.body)
    except _UNREADABLE as error:
        raise UpstreamLied(f"what was sent for {page.url} is no image manifest: {error}"[:300]) from error
    if manifest.schemaVersion != 2:
        raise UpstreamLied(
            f"{page.url} is an image of schema {manifest.schemaVersion}, whose bytes nothing vouches for",
            fix="Push the image again with a current client.",
        )
    # Exactly one of both: two readers could see two images in a document that is each (CVE-2021-41190).
    image = manifest.config is not None or manifest.layers is not None
    if image == (manifest.manifests is not msgspec.UNSET) or (image and manifest.config is None):
        raise UpstreamLied(f"what was sent for {page.url} is neither an image nor a list of images")
    parts = (manifest.config, *(manifest.layers or ()), *(manifest.manifests or ()))
    for part in parts:
        if part is not None and (":" not in part.digest or not 0 <= part.size <= _LARGEST):
            raise UpstreamLied(f"{page.url} lists something without a digest or a size")
    return manifest


def _check_tags(page: Page) -> _Tags:
    try:
        found = _tags.decode(page.body)
    except _UNREADABLE as error:
        raise UpstreamLied(f"what was sent for {page.url} is no list of tags: {error}"[:300]) from error
    _outside(page)
    return found


def _outside(page: Page) -> dict[str, msgspec.Raw]:
    """The members of a list, read or not. Raises UpstreamLied where one of their names cannot be written again."""
    try:
        return _members.decode(page.body)
    except _UNREADABLE as error:
        raise UpstreamLied(f"what was sent for {page.url} is no JSON object: {error}"[:300]) from error


# ---------------------------------------------------------------- what the client sees


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """A manifest as it is, or Refused when policy withholds the tag or what it points to; lists without what is
    withheld. Raises UpstreamLied as well."""
    body = bytes(page.body)
    if subject.route == "tag":
        points_to = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if not view.hidden.isdisjoint((subject.version, points_to)):
            raise Refused(f"{subject.name}:{subject.version} ({points_to}) is withheld by this gateway's policy")
        yield body
    elif not view.hidden:
        yield body
    elif subject.route == "tags":
        listed = _check_tags(page)
        yield _with_member(page, "tags", [tag for tag in listed.tags or () if tag not in view.hidden])
    else:
        yield _with_member(page, "manifests", list(_shown(page, view.hidden)))


def _with_member(page: Page, member: str, rows: list[str] | list[msgspec.Raw]) -> bytes:
    return msgspec.json.encode({**_outside(page), member: rows})


def _shown(page: Page, hidden: frozenset[str]) -> Iterator[msgspec.Raw]:
    try:
        rows = _rows.decode(_outside(page)["manifests"]) or []
        described = [(_descriptor.decode(row).digest, row) for row in rows]
    except (*_UNREADABLE, KeyError) as error:
        raise UpstreamLied(f"what was sent for {page.url} is no list of referrers") from error
    return (row for digest, row in described if digest not in hidden)


# ---------------------------------------------------------------- headers

VERSION = ("docker-distribution-api-version", "registry/2.0")


def announced(subject: Subject, headers: Mapping[str, str]) -> Digest:
    """The digest in a response's head, for manifests and blobs."""
    return digest_of(headers.get("docker-content-digest", "").strip())


def next_page(subject: Subject, link: str, base: str, known: tuple[str, ...]) -> str:
    """An upstream's `Link` (RFC 8288) to the next page of a list as a link to ours, '' when there is none.

    `known` are the parameters that our route understands: a link with others could not be followed through us.
    """
    found = re.search(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?', link, re.IGNORECASE)
    if not found:
        return ""
    try:
        asked = parse_qsl(urlsplit(found[1]).query, keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return ""
    if not asked or not {name for name, _ in asked} <= set(known):
        return ""
    return f'<{base}/{subject.key.partition("?")[0]}?{urlencode(asked)}>; rel="next"'


def headers_of(subject: Subject, facts: Facts, known: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What clients read beside the body: containerd believes a tag's digest only from here."""
    found = [VERSION]
    if subject.route == "tag" and facts.sha256:
        found.append(("docker-content-digest", f"sha256:{facts.sha256}"))
    elif subject.route in ("manifest", "blob"):
        found.append(("docker-content-digest", subject.version))
    link = next_page(subject, facts.kept.get("link", ""), facts.base, known)
    if link:
        found.append(("link", link))
    if facts.kept.get("oci-filters-applied", "").lower() == "artifacttype":
        found.append(("oci-filters-applied", "artifactType"))
    return tuple(found)
