"""npm's packument: what it pins, and how each client must see it.

A packument may be tens of megabytes. It is never turned into an object tree: the top level and the table of
versions become dicts of raw slices of the body, and each version is opened alone, changed in two places and
let go. Whatever is not changed leaves as it came, unknown fields included.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote_to_bytes, urljoin

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.npm.versions import repaired
from subak.errors import NotFound, Refused, UpstreamLied
from subak.model.digest import STRENGTH, UNPINNED, Digest, Pin, digest, from_sri
from subak.model.exchange import Kind, Subject

CHUNK = 64 * 1024
"""Bytes of one yielded piece, about."""

URL_SAFE = "@!~*'()$&,;=:+"
"""What stays readable in a path segment besides letters, digits and '-._' (RFC 3986 §3.3)."""

ABBREVIATED = frozenset({
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies",
    "peerDependencies", "peerDependenciesMeta", "acceptDependencies", "bin", "directories", "dist", "engines", "cpu",
    "os", "libc", "funding", "hasInstallScript", "_hasShrinkwrap",
    "bundledDependencies",  # the older spelling of bundleDependencies, which clients read as well
})  # fmt: skip
"""The fields of a version in the abbreviated form; leaving one out breaks installs."""

_INSTALL_SCRIPTS = ("preinstall", "install", "postinstall")

_object: Callable[[Raw | bytes | memoryview], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_texts: Callable[[Raw], dict[str, str]] = msgspec.json.Decoder(dict[str, str]).decode
_text_or_null: Callable[[Raw], str | None] = msgspec.json.Decoder(str | None).decode
_encode = msgspec.json.Encoder().encode

_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for a body that is not the JSON we expect, or nested without end."""


# ---------------------------------------------------------------- hooks


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each tarball, in the document's order.

    Raises UpstreamLied for anything but this project's packument, and for a digest that cannot be read.
    Raises NotFound for the stub that some registries send with 200 for an unpublished package: that is an
    absence, and must not replace a copy that still lists versions.
    """
    if subject.kind is Kind.CONFIG:
        _fields(page.body, subject.key)  # keys and attestations announce nothing, but are JSON objects
        return iter(())
    packument = _open(subject, page)
    _tags(packument, frozenset())  # what is kept can be shown
    return _pins(packument, page.url)


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The packument, or the part of it that `view.form` names: full, abbreviated, manifest, tags.

    Raises NotFound when there is no such version or tag, Refused when policy withholds it or all there is,
    UpstreamLied for a document that is none; all but the last before the first piece.
    """
    if subject.kind is Kind.CONFIG:
        return _pieces((memoryview(page.body),))
    packument = _open(subject, page)
    if packument.versions and view.hidden.issuperset(packument.versions):
        raise Refused(f"every version of {subject.name} is withheld by this gateway's policy", rule="deny")
    tags = _tags(packument, view.hidden)
    match view.form:
        case "full":
            return _pieces(_full(packument, view, tags))
        case "abbreviated":
            return _pieces(_abbreviated(packument, view, tags))
        case "manifest":
            return _pieces(_manifest(packument, view, _wanted(packument, view, tags)))
        case "tags":
            return _pieces((_encode(tags),))
    raise ValueError(f"npm has no form {view.form!r}")


# ---------------------------------------------------------------- reading


@dataclass(slots=True)
class _Packument:
    """The two outer layers of a packument; the slices point into the page's body."""

    name: str
    fields: dict[str, Raw]
    versions: dict[str, Raw]
    time: dict[str, Raw]


def _open(subject: Subject, page: Page) -> _Packument:
    fields = _fields(page.body, subject.name)
    try:
        name = _text_or_null(fields["name"]) if "name" in fields else None
        if name != subject.name:
            raise UpstreamLied(f"the upstream was asked for {subject.name} and sent a document of {name!r}")
        time = _member(fields, "time", f"{name}: time")
        versions = _member(fields, "versions", f"{name}: versions")
        if not versions and "unpublished" in time:
            raise NotFound(f"{name} was unpublished from its registry")
        if not versions and "versions" not in fields:
            raise UpstreamLied(f"the document of {name} lists no versions")
    except msgspec.MsgspecError as error:
        raise UpstreamLied(f"the document of {subject.name} has an unusable name: {error}") from error
    return _Packument(name, fields, versions, time)


def _fields(body: Raw | bytes | memoryview, what: str) -> dict[str, Raw]:
    try:
        return _object(body)
    except msgspec.DecodeError as error:
        whole = _without_lone_surrogates(body)
        if whole is None:
            raise UpstreamLied(f"{what}: not a JSON object: {error}") from error
        return _fields(whole, what)
    except _BROKEN as error:
        raise UpstreamLied(f"{what}: not a JSON object: {error}") from error


def _member(fields: Mapping[str, Raw], key: str, what: str) -> dict[str, Raw]:
    """The object below `key`; an absent or null one is empty."""
    raw = fields.get(key)
    return {} if raw is None or _is(raw, b"null") else _fields(raw, what)


def _is(raw: Raw, literal: bytes) -> bool:
    return memoryview(raw).nbytes == len(literal) and bytes(raw) == literal


def _text(fields: Mapping[str, Raw], key: str, what: str) -> str:
    """The text below `key`; '' when absent or null. Raises UpstreamLied for anything else."""
    if key not in fields:
        return ""
    try:
        return _text_or_null(fields[key]) or ""
    except _BROKEN as error:
        raise UpstreamLied(f"{what}: {key} is not a text: {error}") from error


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _without_lone_surrogates(body: Raw | bytes | memoryview) -> bytes | None:
    """The body with each half of a UTF-16 pair replaced by U+FFFD; None if there is none.

    Readmes were cut at a fixed length, now and then inside such a pair, and JavaScript writes the half
    that is left as an escape. RFC 8259 §8.2 allows it, our decoder does not. Costs a copy, so it is only
    tried after a failure.
    """
    found = 0

    def mend(escape: re.Match[bytes]) -> bytes:
        nonlocal found
        if escape["lone"] is None:
            return escape[0]
        found += 1
        return b"\\ufffd"

    mended = _ESCAPE.sub(mend, memoryview(body))
    return mended if found else None


# ---------------------------------------------------------------- files and their pins


@dataclass(slots=True)
class _Shelf:
    """Gives each tarball of one packument its file name here; every reader must offer all versions in order.

    A file keeps upstream's base name. Where two different addresses share one (such as '…/download'), the
    first keeps it and the next gets the conventional name, so that no path ever means two files.
    """

    name: str
    taken: dict[str, str] = field(default_factory=dict)

    def place(self, version: str, tarball: str) -> str:
        base = self.name.rpartition("/")[2]
        for file in (
            _base_name(tarball),
            f"{base}-{version}.tgz",
            hashlib.sha256(tarball.encode()).hexdigest() + ".tgz",
        ):
            if _FILE.match(file) and self.taken.setdefault(file, tarball) == tarball:
                return file
        raise UpstreamLied(f"{self.name}@{version}: two versions claim the file {_base_name(tarball)!r}")


_FILE = re.compile(r"(?!\.{1,2}\Z)[^\x00-\x20\x7f\\%?#/]{1,255}\Z")
"""What `decode_path` lets through as one segment."""


_WEB = ("https://", "http://")


def _base_name(url: str) -> str:
    """The last segment of an address, decoded; '' if it is not UTF-8."""
    last = re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[2]
    try:
        return unquote_to_bytes(last).decode("utf-8") if "%" in last else last
    except UnicodeDecodeError:
        return ""


def _pins(packument: _Packument, url: str) -> Iterator[Pin]:
    shelf = _Shelf(packument.name)
    seen: set[str] = set()
    for version, raw in packument.versions.items():
        what = f"{packument.name}@{version}"
        dist = _member(_fields(raw, what), "dist", f"{what}: dist")
        tarball = _text(dist, "tarball", what)
        if not tarball:
            continue
        file = shelf.place(version, tarball)
        address = tarball if tarball.startswith(_WEB) else _absolute(url, tarball)
        if file in seen or not address.startswith(_WEB):
            continue  # not fetchable: without a pin our rewritten address answers 404
        seen.add(file)
        yield Pin(
            path=f"{packument.name}/-/{file}",
            url=address,
            digest=_digest(dist, what),
            name=packument.name,
            version=version,
            published=_moment(_text(packument.time, version, what)),
        )


def _absolute(url: str, link: str) -> str:
    """The link resolved against the document's address; '' when it cannot be."""
    try:
        return urljoin(url, link)
    except ValueError:  # such as '//[x'
        return ""


def _digest(dist: Mapping[str, Raw], what: str) -> Digest:
    """The strongest of `integrity` and `shasum`."""
    integrity, shasum = _text(dist, "integrity", what), _text(dist, "shasum", what)
    try:
        found = [from_sri(integrity), digest("sha1", shasum) if shasum else UNPINNED]
    except UpstreamLied as error:
        raise UpstreamLied(f"{what}: {error}") from error
    return max(found, key=lambda d: STRENGTH.index(d.algorithm) if d else -1)


def _moment(text: str) -> float:
    """ISO 8601 as Unix time; 0 when it is none: an unknown time, for which policy has a rule."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


# ---------------------------------------------------------------- writing


def _full(packument: _Packument, view: View, tags: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Every field upstream sent, in its order. An upstream that only has the abbreviated form gives that."""
    before = b"{"
    for key, raw in packument.fields.items():
        yield before + _encode(key) + b":"
        before = b","
        if key == "versions":
            yield from _versions(packument, view, abbreviated=False)
        elif key == "dist-tags" and view.hidden:
            yield _encode(tags)
        elif key == "time" and view.hidden:
            yield _shown_time(packument, view)
        else:
            yield memoryview(raw)
    yield b"}"


def _abbreviated(packument: _Packument, view: View, tags: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """The install form, and `time` where upstream has it: allowed, and it spares pnpm a second request."""
    yield b'{"name":' + _encode(packument.name)
    modified = packument.fields.get("modified") or packument.time.get("modified")
    if modified is not None:
        yield b',"modified":' + bytes(modified)
    yield b',"dist-tags":' + _encode(tags) + b',"versions":'
    yield from _versions(packument, view, abbreviated=True)
    if packument.time:
        yield b',"time":'
        yield _shown_time(packument, view)
    yield b"}"


def _shown_time(packument: _Packument, view: View) -> bytes:
    return _encode({key: raw for key, raw in packument.time.items() if key not in view.hidden})


def _versions(packument: _Packument, view: View, *, abbreviated: bool) -> Iterator[bytes]:
    shelf = _Shelf(packument.name)
    before = b"{"
    for version, raw in packument.versions.items():
        manifest = _rewritten(raw, version, shelf, view)
        if version in view.hidden:
            continue
        if abbreviated:
            manifest = _short(manifest)
        yield before + _encode(version) + b":" + _encode(manifest)
        before = b","
    yield b"{}" if before == b"{" else b"}"


def _manifest(packument: _Packument, view: View, wanted: str) -> Iterator[bytes]:
    shelf = _Shelf(packument.name)
    for version, raw in packument.versions.items():
        manifest = _rewritten(raw, version, shelf, view)
        if version == wanted:
            yield _encode(manifest)
            return


def _rewritten(raw: Raw, version: str, shelf: _Shelf, view: View) -> dict[str, Raw]:
    """One version with the addresses in `dist` pointing here. Signatures cover no address and stay valid."""
    what = f"{shelf.name}@{version}"
    manifest = _fields(raw, what)
    dist = _member(manifest, "dist", f"{what}: dist")
    tarball = _text(dist, "tarball", what)
    if tarball:
        file = quote(shelf.place(version, tarball), safe=URL_SAFE)
        dist["tarball"] = Raw(_encode(f"{view.base}/{shelf.name}/-/{file}"))
    attestations = _member(dist, "attestations", f"{what}: attestations")
    if "url" in attestations:
        spec = quote(what, safe=URL_SAFE + "/")
        attestations["url"] = Raw(_encode(f"{view.base}/-/npm/v1/attestations/{spec}"))
        dist["attestations"] = Raw(_encode(attestations))
    if dist:
        manifest["dist"] = Raw(_encode(dist))
    return manifest


def _short(manifest: Mapping[str, Raw]) -> dict[str, Raw]:
    short = {key: raw for key, raw in manifest.items() if key in ABBREVIATED}
    if "hasInstallScript" not in manifest and "scripts" in manifest:
        raw = manifest["scripts"]
        scripts = _fields(raw, "scripts") if bytes(memoryview(raw)[:1]) == b"{" else {}
        if any(name in scripts for name in _INSTALL_SCRIPTS):
            short["hasInstallScript"] = Raw(b"true")
    return short


def _pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The parts joined and cut again into pieces of about CHUNK bytes."""
    waiting = bytearray()
    for part in parts:
        for start in range(0, len(part), CHUNK):
            waiting += part[start : start + CHUNK]
            if len(waiting) >= CHUNK:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


# ---------------------------------------------------------------- tags


def _tags(packument: _Packument, hidden: frozenset[str]) -> dict[str, str]:
    """The dist-tags; upstream's own, unless a version they lead to is hidden."""
    raw = packument.fields.get("dist-tags")
    if raw is None or _is(raw, b"null"):
        return {}
    try:
        tags = _texts(raw)
    except _BROKEN as error:
        raise UpstreamLied(f"{packument.name}: dist-tags are not texts: {error}") from error
    if hidden.isdisjoint(tags.values()):
        return tags
    shown = [version for version in packument.versions if version not in hidden]

    def deprecated(version: str) -> bool:
        raw = _fields(packument.versions[version], f"{packument.name}@{version}").get("deprecated")
        return raw is not None and bytes(raw) not in (b"null", b"false", b'""')

    return repaired(tags, shown, hidden, deprecated)


def _wanted(packument: _Packument, view: View, tags: Mapping[str, str]) -> str:
    """The version that `view.part`, a version or a tag, means."""
    version = view.part if view.part in packument.versions else tags.get(view.part, "")
    if version in view.hidden:
        raise Refused(f"{packument.name}@{version} is withheld by this gateway's policy", rule="deny")
    if version not in packument.versions:
        raise NotFound(f"{packument.name} has no version or tag {view.part!r}")
    return version
