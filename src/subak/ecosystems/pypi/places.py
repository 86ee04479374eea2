"""Where the files of one index document appear on this gateway."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin

import msgspec

from subak.ecosystems.base import LONGEST_PATH, decode_path
from subak.errors import BadRequest

SIDECAR = ".metadata"
"""What PEP 658 appends to a file's URL."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a file is upstream, and where on this gateway."""

    path: str
    url: str
    fragment: str


_URL = re.compile(
    r"(?i:https?)://(?:[^/?#@\x00-\x20\x7f\\]*@)?((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)"
    r"(/[^?#\x00-\x20\x7f\\]*)(?:\?[^#\x00-\x20\x7f\\]*)?(?:#([^\x00-\x20\x7f\\]*))?\Z"
)
"""Host with port, path, fragment; nothing that two readers could read differently (RFC 3986 allows none of it)."""
_UNLIKE_RELATIVE = re.compile(r"[\x00-\x20\x7f\\]|^[A-Za-z][A-Za-z0-9+.-]*:|^///")
"""What `urljoin` would drop or repair in silence, and links with a scheme that `_URL` does not know."""
_EASY = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9._~+-]*)+\Z")
"""Paths that `decode_path` gives back as they are; nearly all, and this is six times faster."""
_PLAIN = re.compile(r"[^\x00-\x20\x7f\\%?#/]+\Z")


class Places:
    """Gives each file of one page its path here: 'files/' and upstream's path, verbatim but decoded, so that a lock
    file's URL names the file without our remembering it. The rule is the same whoever reads the page:

    - a file name that is not the path's last segment is appended to it: clients take it from there;
    - the first entry of a path has it; one on another host goes below '~host:port/', any further one is left out;
    - links that are not http(s), or whose path `decode_path` would refuse, and sidecars are left out.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._taken: dict[str, str] = {}  # path to host

    def find(self, link: str, filename: str = "") -> Place | None:
        """The file that a link of this page leads to; None if it is left out."""
        found = _URL.match(link)
        if not found:
            if _UNLIKE_RELATIVE.search(link):
                return None
            try:
                link = urljoin(self._base, link)
            except ValueError:  # brackets that hold no address
                return None
            found = _URL.match(link)
        if not found:
            return None
        host, fragment = found[1].lower(), found[3] or ""
        path = _decoded(found[2], filename)
        if not path:
            return None
        for candidate in (f"files/{path}", f"files/~{host}/{path}"):
            holder = self._taken.setdefault(candidate, "")
            if not holder:
                self._taken[candidate] = host
                return Place(candidate, _ascii(link.partition("#")[0]), fragment)
            if holder == host:
                break
        return None


_ROOM = LONGEST_PATH - 512
"""Encoded bytes that a path of ours may have; the rest is for mounts, prefixes and '.metadata'."""


def _decoded(path: str, filename: str) -> str:
    """Upstream's path without leading slash, ending in the file name; '' if a client could not ask for it."""
    if not _EASY.match(path):
        try:
            path = decode_path(re.sub("/{2,}", "/", path))
        except BadRequest:
            return ""
    path = path.lstrip("/")
    if filename and path.rpartition("/")[2] != filename:
        if not _PLAIN.match(filename) or filename in (".", ".."):
            return ""
        path = f"{path.rstrip('/')}/{filename}".lstrip("/")
    if not path or path.endswith(("/", SIDECAR)) or (len(path) > _ROOM // 12 and len(quote(path)) > _ROOM):
        return ""
    return path


def _ascii(url: str) -> str:
    return url if url.isascii() else quote(url, safe="/:?=&%#@!$'()*+,;~[]")
