"""Reading a project's page of the simple repository API, from JSON (PEP 691) or HTML (PEP 503), file by file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page
from subak.ecosystems.pypi.names import is_distribution, normalise, version_of
from subak.ecosystems.pypi.places import Places
from subak.errors import UpstreamLied
from subak.model.digest import STRENGTH

if TYPE_CHECKING:  # loaded where it is used: it takes 6 ms
    from selectolax.lexbor import LexborHTMLParser

LARGEST_HTML = 16 * 2**20
"""Bytes of HTML that we build a tree of (some 12 times that in memory); larger pages must come as JSON."""

T = TypeVar("T")

# ---------------------------------------------------------------- what a page says


class Listed(msgspec.Struct, frozen=True, gc=False):
    """One file of a project page. Texts are as upstream wrote them, unescaped."""

    filename: str
    path: str
    """Below our mount, decoded, no leading slash: 'files/…'."""
    url: str
    """Where upstream keeps it: absolute, ASCII, with its query, without fragment."""
    version: str
    """Canonical; '' when the file name does not tell."""
    hashes: Mapping[str, str]
    """Lowercase algorithm to hex, unchecked."""
    size: int = -1
    upload_time: str = ""
    requires_python: str = ""
    yanked: bool | str = False
    sidecar: bool | Mapping[str, str] | None = None
    """PEP 658/714: whether there is one, or its own digests (never the wheel's); None if the page does not say."""
    provenance: str = ""
    gpg_sig: bool | None = None
    raw: Raw = Raw()
    """The whole entry as it came, when it came as JSON."""

    @property
    def has_sidecar(self) -> bool:
        return self.sidecar is not None and self.sidecar is not False


@dataclass(frozen=True, slots=True)
class Project:
    """A project page: what it says of the project, and its files."""

    files: Iterator[Listed]
    """To be read once. Raises UpstreamLied at the first entry that is none."""
    version: str = "1.0"
    """Of the API (PEP 629)."""
    status: str = ""
    """PEP 792."""
    reason: str = ""
    tracks: tuple[str, ...] = ()
    """PEP 708, passed through."""
    alternates: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    """PEP 700, upstream's spelling; empty when it came as HTML."""
    raw: Mapping[str, Raw] = field(default_factory=dict)
    """The members of the JSON object but for `files`, as they came; empty when it came as HTML."""


def read_project(name: str, page: Page) -> Project:
    """Read the page of the project of that (normalised) name.

    Raises UpstreamLied when it is no such page: another media type, broken JSON or JSON without `files`, an API
    of a higher major version (PEP 629), HTML that `_is_project_page` does not know.
    """
    return _from_json(name, page) if form_of(page) == "json" else _from_html(name, page)


_SIMPLE = re.compile(r"application/vnd\.pypi\.simple\.(?:v([0-9]+)|latest)\+(json|html)\Z")


def form_of(page: Page) -> str:
    """'json' or 'html', by the Content-Type alone: sniffing would let an error page pass. Raises UpstreamLied."""
    media = page.content_type.partition(";")[0].strip().lower()
    simple = _SIMPLE.match(media)
    if simple:
        check_api(simple[1] or "1")
        return simple[2]
    if media in ("text/html", "application/json"):
        return media.rpartition("/")[2]
    raise UpstreamLied(f"the upstream's page has the media type {media[:100]!r}, neither simple JSON nor HTML")


def check_api(version: str) -> str:
    """The API version, if it is one that we understand (PEP 629). Raises UpstreamLied."""
    found = re.fullmatch(r"([0-9]{1,6})(?:\.[0-9]{1,6})?", version.strip())
    if not found or int(found[1]) != 1:
        raise UpstreamLied(f"the upstream speaks version {version[:40]!r} of the simple API; we understand 1.x")
    return version.strip()


# ---------------------------------------------------------------- JSON


class _File(msgspec.Struct, rename="kebab"):
    filename: str
    url: str
    hashes: dict[str, str] | None = None
    requires_python: str | None = None
    size: int | None = None
    upload_time: str | None = None
    yanked: bool | str | None = None
    core_metadata: bool | dict[str, str] | None = None
    data_dist_info_metadata: bool | dict[str, str] | None = None
    provenance: str | None = None
    gpg_sig: bool | None = None


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"
    tracks: tuple[str, ...] = ()


class _Status(msgspec.Struct):
    status: str = ""
    reason: str | None = None


class _Page(msgspec.Struct, rename="kebab"):
    files: list[Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None
    alternate_locations: tuple[str, ...] | None = None
    versions: tuple[str, ...] | None = None


def decode(body: bytes | memoryview | Raw, kind: type[T]) -> T:
    """Read JSON as that type. Raises UpstreamLied for broken JSON and for another shape."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamLied(f"the upstream's JSON cannot be read: {error}") from error


def check_text(body: bytes | memoryview) -> None:
    """Raises UpstreamLied unless all of it is UTF-8: the JSON reader looks only into texts that it decodes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), 2**18):
            decoder.decode(body[start : start + 2**18])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UpstreamLied("the upstream's JSON is not UTF-8") from error


def _from_json(name: str, page: Page) -> Project:
    head = decode(page.body, _Page)
    raw = decode(page.body, dict[str, Raw])
    del raw["files"]
    status = head.project_status or _Status()
    return Project(
        files=_json_files(name, head.files, Places(page.url)),
        version=check_api(head.meta.api_version),
        status=status.status,
        reason=status.reason or "",
        tracks=head.meta.tracks,
        alternates=head.alternate_locations or (),
        versions=head.versions or (),
        raw=raw,
    )


def _json_files(name: str, files: list[Raw], places: Places) -> Iterator[Listed]:
    for raw in files:
        file = decode(raw, _File)
        place = places.find(file.url, file.filename)
        if place is None:
            continue
        # PEP 714: the new key wins where both are present
        sidecar = file.data_dist_info_metadata if file.core_metadata is None else file.core_metadata
        yield Listed(
            filename=file.filename,
            path=place.path,
            url=place.url,
            version=version_of(file.filename, name),
            hashes=_lower(file.hashes) if file.hashes else hashes_in(place.fragment),
            size=-1 if file.size is None else file.size,
            upload_time=file.upload_time or "",
            requires_python=file.requires_python or "",
            yanked=file.yanked or False,
            sidecar=_lower(sidecar) if isinstance(sidecar, dict) else sidecar,
            provenance=file.provenance or "",
            gpg_sig=file.gpg_sig,
            raw=raw,
        )


def _lower(hashes: Mapping[str, str]) -> dict[str, str]:
    return {algorithm.lower(): value for algorithm, value in hashes.items()}


# ---------------------------------------------------------------- HTML


def parse_html(page: Page) -> LexborHTMLParser:
    """The tree of an HTML page. Raises UpstreamLied above LARGEST_HTML bytes."""
    if len(page.body) > LARGEST_HTML:
        raise UpstreamLied(
            f"the upstream's HTML page has {len(page.body)} bytes, more than the {LARGEST_HTML} that we read",
            fix="Use an upstream that offers the simple API as JSON (PEP 691).",
        )
    return tree_of(bytes(page.body), page)


def tree_of(html: bytes, page: Page) -> LexborHTMLParser:
    """The tree of a piece of that page; its charset parameter is obeyed."""
    from selectolax.lexbor import LexborHTMLParser

    found = re.search(r";\s*charset=\"?([\w.:-]+)", page.content_type, re.IGNORECASE | re.ASCII)
    charset = found[1].lower() if found else "utf-8"
    try:
        return LexborHTMLParser(html if charset in ("utf-8", "utf8") else html.decode(charset, "replace"))
    except LookupError as error:
        raise UpstreamLied(f"the upstream's HTML is in an unknown charset, {charset[:40]!r}") from error


def metas_of(tree: LexborHTMLParser) -> dict[str, list[str]]:
    """The contents of `<meta name="pypi:…">`, by what follows the colon."""
    found: dict[str, list[str]] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("name") or ""
        if name.lower().startswith("pypi:"):
            found.setdefault(name[5:].lower(), []).append(attributes.get("content") or "")
    return found


def title_of(tree: LexborHTMLParser) -> str:
    """The page's title, else its first heading."""
    node = tree.css_first("title") or tree.css_first("h1")
    return node.text(strip=True) if node else ""


def base_of(tree: LexborHTMLParser, page: Page) -> str:
    """What relative links resolve against: `<base href>`, else where the page was found."""
    for node in tree.css("base"):
        return urljoin(page.url, (node.attributes.get("href") or "").strip())
    return page.url


def _from_html(name: str, page: Page) -> Project:
    tree = parse_html(page)
    metas = metas_of(tree)
    if not _is_project_page(name, tree, metas):
        raise UpstreamLied("the upstream sent HTML that is not a project page; it may be an error or a login page")
    return Project(
        files=_html_files(name, tree, Places(base_of(tree, page))),
        version=check_api((metas.get("repository-version") or ["1.0"])[0]),
        status=(metas.get("project-status") or [""])[0],
        reason=(metas.get("project-status-reason") or [""])[0],
        tracks=tuple(metas.get("tracks", ())),
        alternates=tuple(metas.get("alternate-locations", ())),
    )


_TITLE = re.compile(r"\b(?:links for|index of|simple index)\b", re.IGNORECASE)


def _is_project_page(name: str, tree: LexborHTMLParser, metas: Mapping[str, list[str]]) -> bool:
    """A project may have no files, and an error page may have links. So a page counts if it names its API version
    (PEP 629), or is entitled as every index does it ('Links for x', 'Index of /x/', 'Simple index'), or holds a
    link to a distribution of this very project."""
    if "repository-version" in metas or _TITLE.search(title_of(tree)):
        return True
    for node in tree.css("a"):
        filename = (node.attributes.get("href") or "").partition("#")[0].partition("?")[0].rpartition("/")[2]
        if is_distribution(filename) and normalise(filename).startswith(name):
            return True
    return False


def _html_files(name: str, tree: LexborHTMLParser, places: Places) -> Iterator[Listed]:
    for node in tree.css("a"):
        attributes = node.attributes
        place = places.find((attributes.get("href") or "").strip())
        if place is None:
            continue
        filename = place.path.rpartition("/")[2]
        hashes = hashes_in(place.fragment)
        if not hashes and not is_distribution(filename):
            continue  # the parent folder, the project's home page (PEP 438), a stray link
        sidecar = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
        signed = attributes.get("data-gpg-sig")
        yield Listed(
            filename=filename,
            path=place.path,
            url=place.url,
            version=version_of(filename, name),
            hashes=hashes,
            upload_time=attributes.get("data-upload-time") or "",
            requires_python=attributes.get("data-requires-python") or "",
            yanked=(attributes["data-yanked"] or True) if "data-yanked" in attributes else False,
            sidecar=_sidecar(sidecar),
            provenance=attributes.get("data-provenance") or "",
            gpg_sig=None if signed is None else signed.lower() == "true",
        )


def _sidecar(value: str | None) -> bool | dict[str, str] | None:
    if not value or value.lower() == "false":
        return None
    return hashes_in(value) or True


def hashes_in(fragment: str) -> dict[str, str]:
    """The digests in `sha256=<hex>&…`, known algorithms only, unchecked."""
    if "=" not in fragment:
        return {}
    pairs = (part.partition("=") for part in fragment.split("&"))
    return {name.lower(): value.lower() for name, _, value in pairs if name.lower() in STRENGTH}
