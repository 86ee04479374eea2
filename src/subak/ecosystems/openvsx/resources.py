"""Files inside a package, by their paths: what editors in a browser read, and the lists of folders."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx.places import Place, about, quoted
from subak.errors import UpstreamLied
from subak.model.exchange import Kind, Subject

ROOT = "vscode/unpkg/"

_decode = msgspec.json.Decoder(list[str]).decode
_encode = msgspec.json.Encoder().encode


def resource(at: Place, path: str) -> Subject:
    """A file inside a package; or, when its last name has no dot, perhaps a folder: upstream lists those as addresses
    of its own, so they are documents."""
    path = path.rstrip("/")
    key = f"{ROOT}{at.namespace.lower()}/{at.name.lower()}/{at.version}{f'/{path}' if path else ''}"
    if "." in path.rpartition("/")[2]:
        return about(at, Kind.ARTIFACT, "resource", key)
    return about(at, Kind.CONFIG, "folder", key)


def check(page: Page) -> None:
    """Raises UpstreamLied for a web page."""
    if page.content_type.lower().startswith("text/html"):
        raise UpstreamLied("the gallery sent a web page instead of what is in a package")


def listed(page: Page, view: View) -> bytes:
    """The list of a folder with addresses of ours; a file as it is. What lies elsewhere is left out."""
    body = bytes(page.body)
    try:
        urls = _decode(body) if page.content_type.lower().startswith("application/json") else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        urls = None  # a file that happens to be JSON
    if urls is None:
        return body
    return bytes(_encode([shown for url in urls if (shown := _ours(url, view.base))]))


def _ours(url: str, base: str) -> str:
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    _, found, rest = path.partition(f"/{ROOT}")
    return f"{base}/{quoted(ROOT + rest)}" if found else ""
