"""Python index documents: what they announce, and how our clients see them, whatever form upstream sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote, unquote, urljoin

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.names import folded_version, normalise
from subak.ecosystems.pypi.pages import Listed, Project, check_text, decode, form_of, read_project
from subak.ecosystems.pypi.places import SIDECAR
from subak.model.digest import UNPINNED, Digest, Pin, strongest
from subak.model.exchange import Subject

CHUNK = 64 * 2**10
"""Bytes of a rendering handed out at once, about."""

_encode = msgspec.json.Encoder().encode

# ---------------------------------------------------------------- pins


def project_pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """The files of a project page and their sidecars. Raises UpstreamLied, see `read_project`, and for a digest
    that is none: a pin that cannot be read must not become no pin."""
    project = read_project(subject.name, page)
    if form_of(page) == "json":
        check_text(page.body)
    return _pins(subject.name, project)


def _pins(name: str, project: Project) -> Iterator[Pin]:
    for file in project.files:
        published = _unix(file.upload_time)
        pin = Pin(file.path, file.url, strongest(dict(file.hashes)), max(file.size, -1), name, file.version, published)
        yield pin
        if file.has_sidecar:
            yield Pin(file.path + SIDECAR, _beside(file.url), _sidecar_digest(file), -1, name, file.version, published)


def _sidecar_digest(file: Listed) -> Digest:
    """Of the sidecar's own bytes, never the wheel's."""
    return strongest(dict(file.sidecar)) if isinstance(file.sidecar, Mapping) else UNPINNED


def _beside(url: str) -> str:
    """The sidecar's URL: PEP 658 appends to the path, so before a query."""
    path, mark, query = url.partition("?")
    return path + SIDECAR + mark + query


def _unix(text: str) -> float:
    """RFC 3339 to Unix time; 0 when there is none or it cannot be read."""
    if not text:
        return 0.0
    try:
        time = datetime.fromisoformat(text)
        return max(0.0, (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0.0


# ---------------------------------------------------------------- one project


def render_project(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The project page in the form of the view, less the versions that it hides. Raises UpstreamLied."""
    project = read_project(subject.name, page)
    hidden = frozenset(map(folded_version, view.hidden))
    files = (f for f in project.files if not (hidden and folded_version(f.version) in hidden))
    attested = _Attested(subject.name, page.url, view.base)
    if view.form == "json":
        return chunked(_project_json(subject.name, project, files, attested, hidden))
    return chunked(_project_html(subject.name, project, files, attested))


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces into chunks of about CHUNK bytes."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(held)
            held.clear()
            size = 0
    if held:
        yield b"".join(held)


def link_to(path: str) -> str:
    """A path of ours, percent-encoded."""
    return quote(path, safe="/~")


def root_of(index: str) -> str:
    """What lies above an index: its URL (ending in '/') without the last segment if that is 'simple' or '+simple'."""
    return re.sub(r"(?<=/)\+?simple/\Z", "", index)


class _Attested:
    """Where a file's provenance is asked for here (PEP 740: an absolute URL).

    Only for URLs that we can serve, those at upstream's own integrity endpoint: an advertised link must not
    lead past us, nor to a 404. Others become no link.
    """

    def __init__(self, name: str, page_url: str, base: str) -> None:
        self._name = name
        self._page_url = page_url
        self._root = root_of(urljoin(page_url.rstrip("/") + "/", "../"))
        self._base = base

    def url(self, file: Listed) -> str:
        """Our URL, '' for none."""
        if not file.provenance:
            return ""
        try:
            upstream = urljoin(self._page_url, file.provenance)
        except ValueError:  # brackets that hold no address
            return ""
        found = _INTEGRITY.fullmatch(upstream.removeprefix(self._root))
        name, version, filename = map(unquote, found.groups()) if found else ("", "", "")
        if (normalise(name), folded_version(version), filename) != (
            self._name,
            folded_version(file.version),
            file.filename,
        ):
            return ""
        return f"{self._base}/integrity/{self._name}/{quote(version, safe='')}/{quote(filename, safe='')}/provenance"


_INTEGRITY = re.compile(r"integrity/([^/?#]+)/([^/?#]+)/([^/?#]+)/provenance")


# ---------------------------------------------------------------- as JSON (PEP 691)


def _project_json(
    name: str, project: Project, files: Iterable[Listed], attested: _Attested, hidden: frozenset[str]
) -> Iterator[bytes]:
    head = _kept_head(name, project, hidden) if project.raw else _new_head(name, project)
    yield _encode(head)[:-1] + b',"files":['
    comma = b""
    for file in files:
        entry = _kept_entry(file, attested) if file.raw else _new_entry(file, attested)
        yield comma + _encode(entry)
        comma = b","
    yield b"]}"


def _kept_head(name: str, project: Project, hidden: frozenset[str]) -> dict[str, object]:
    """Upstream's members as they came, unknown ones too; `versions` less the hidden."""
    head: dict[str, object] = {"meta": None, "name": name, **project.raw}
    if isinstance(head["meta"], Raw):
        head["meta"] = {"api-version": project.version, **decode(head["meta"], dict[str, Raw])}
    else:
        head["meta"] = {"api-version": project.version}
    if hidden and project.versions:
        head["versions"] = [v for v in project.versions if folded_version(v) not in hidden]
    return head


def _new_head(name: str, project: Project) -> dict[str, object]:
    # 1.1 would promise a size for every file (PEP 700), which HTML does not tell
    meta: dict[str, object] = {"api-version": "1.0"}
    if project.tracks:
        meta["tracks"] = project.tracks
    head: dict[str, object] = {"meta": meta, "name": name}
    if project.status:
        head["project-status"] = {"status": project.status} | ({"reason": project.reason} if project.reason else {})
    if project.alternates:
        head["alternate-locations"] = project.alternates
    return head


_entry_of = msgspec.json.Decoder(dict[str, Raw]).decode


def _kept_entry(file: Listed, attested: _Attested) -> Mapping[str, object]:
    """Upstream's entry as it came, unknown keys too, with our links."""
    entry: dict[str, object] = {**_entry_of(file.raw), "url": "../../" + link_to(file.path)}
    if entry.get("provenance") is not None:
        entry["provenance"] = attested.url(file) or None
    # PEP 714: both keys say the same, or neither is there
    if file.sidecar is not None:
        entry["core-metadata"] = entry["data-dist-info-metadata"] = file.sidecar
    return entry


def _new_entry(file: Listed, attested: _Attested) -> Mapping[str, object]:
    entry: dict[str, object] = {"filename": file.filename, "url": "../../" + link_to(file.path), "hashes": file.hashes}
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if file.upload_time:
        entry["upload-time"] = file.upload_time
    if file.yanked:
        entry["yanked"] = file.yanked
    if file.has_sidecar:
        entry["core-metadata"] = entry["data-dist-info-metadata"] = file.sidecar
    if file.provenance:
        entry["provenance"] = attested.url(file) or None
    if file.gpg_sig is not None:
        entry["gpg-sig"] = file.gpg_sig
    return entry


# ---------------------------------------------------------------- as HTML (PEP 503)


def html_head(title: str, version: str, metas: Iterable[tuple[str, str]] = ()) -> bytes:
    """The beginning of an index page, all of it escaped."""
    marks = [("repository-version", version), *metas]
    lines = "".join(f'<meta name="pypi:{name}" content="{escape(content)}">\n' for name, content in marks if content)
    return (
        f'<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n{lines}<title>{escape(title)}</title>\n</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n"
    ).encode()


HTML_TAIL = b"</body>\n</html>\n"


def _project_html(name: str, project: Project, files: Iterable[Listed], attested: _Attested) -> Iterator[bytes]:
    metas = [
        ("project-status", project.status),
        ("project-status-reason", project.reason),
        *(("tracks", url) for url in project.tracks),
        *(("alternate-locations", url) for url in project.alternates),
    ]
    yield html_head(f"Links for {name}", project.version, metas)
    for file in files:
        yield _anchor(file, attested).encode()
    yield HTML_TAIL


def _anchor(file: Listed, attested: _Attested) -> str:
    """One file as a line of HTML. Every text goes through `escape`: a reason to yank may hold quotes and tags."""
    hashes = dict(file.hashes)
    # lock files of old tools know sha256 alone, so a stronger one does not displace it
    pin = strongest({"sha256": hashes["sha256"]} if "sha256" in hashes else hashes)
    fragment = f"#{pin.algorithm}={pin.hex}" if pin else ""
    texts = [f'<a href="../../{link_to(file.path)}{fragment}"']
    if file.requires_python:
        texts.append(f' data-requires-python="{escape(file.requires_python)}"')
    if file.yanked:
        texts.append(f' data-yanked="{escape("" if file.yanked is True else file.yanked)}"')
    if file.has_sidecar:
        digest = _sidecar_digest(file)
        value = f"{digest.algorithm}={digest.hex}" if digest else "true"
        texts.append(f' data-core-metadata="{value}" data-dist-info-metadata="{value}"')
    if file.upload_time:
        texts.append(f' data-upload-time="{escape(file.upload_time)}"')
    provenance = attested.url(file)
    if provenance:
        texts.append(f' data-provenance="{escape(provenance)}"')
    if file.gpg_sig is not None:
        texts.append(f' data-gpg-sig="{"true" if file.gpg_sig else "false"}"')
    texts.append(f">{escape(file.filename)}</a><br/>\n")
    return "".join(texts)
