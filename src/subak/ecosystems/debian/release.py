"""Release files: the signed list of a suite's indexes, with their sizes and digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from subak.ecosystems.base import Page
from subak.ecosystems.debian.shapes import askable, folder_of
from subak.errors import UpstreamLied
from subak.model.digest import Digest, Pin, digest
from subak.model.exchange import Subject

STRONG = ("sha256", "sha512")
"""The digests that count, the one that files are stored by first. MD5 and SHA-1 vouch for nothing; apt ignores them."""

_MESSAGE, _SIGNATURE, _END = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP "


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a suite, by its path below the suite's folder."""

    size: int
    digests: dict[str, Digest] = field(default_factory=dict)

    @property
    def digest(self) -> Digest:
        """The one to check with."""
        return next(self.digests[name] for name in STRONG if name in self.digests)


@dataclass(frozen=True, slots=True)
class Release:
    """What a suite says of itself. `files` holds what has a strong digest and a path that can be asked for."""

    by_hash: bool
    files: dict[str, Listed]


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """Every index under its own name and, where the suite offers that, under its digests.

    Raises UpstreamLied when the page is not what its name says: a login page, a clear-signed text cut short.
    """
    if subject.route == "signature":
        _check_signature(bytes(page.body[:64]))
        return
    folder = folder_of(subject.key)
    release = read(subject, page)
    for path, listed in release.files.items():
        yield Pin(f"{folder}{path}", "", listed.digest, listed.size)
        by_hash = f"{folder}{folder_of(path)}by-hash/"
        for name, value in listed.digests.items() if release.by_hash else ():
            yield Pin(f"{by_hash}{name.upper()}/{value.hex}", "", listed.digest, listed.size)


def read(subject: Subject, page: Page) -> Release:
    """Raises UpstreamLied unless the page is an InRelease or Release file."""
    text = str(page.body, "utf-8", "replace").replace("\r\n", "\n")
    return _parsed(_signed(text) if subject.route == "inrelease" else text)


def _signed(text: str) -> str:
    """The text of a clear-signed message (RFC 9580 §7). The signature is for the client to check: it has the key."""
    head, _, rest = text.partition("\n\n")
    body, signature, after = rest.partition(f"\n{_SIGNATURE}\n")
    if not head.startswith(_MESSAGE):
        raise UpstreamLied("InRelease does not begin as a signed message does")
    if not signature or f"\n{_END}SIGNATURE-----" not in after:
        raise UpstreamLied("InRelease ends before its signature does")
    return "\n".join(line.removeprefix("- ") for line in body.split("\n"))


def _check_signature(head: bytes) -> None:
    # An OpenPGP packet begins with its highest bit set (RFC 9580 §4.2).
    if not head.startswith(_SIGNATURE.encode()) and not (head and head[0] & 0x80):
        raise UpstreamLied("Release.gpg is not an OpenPGP signature")


_SECTIONS = {"md5sum": "", "sha1": "", "sha256": "sha256", "sha512": "sha512"}


def _parsed(text: str) -> Release:
    """Raises UpstreamLied for a text without lists of files, and for a row of them that cannot be read."""
    files: dict[str, Listed] = {}
    fields: dict[str, str] = {}
    section = ""
    for line in text.split("\n"):
        if not line.startswith((" ", "\t")):
            name, _, value = line.partition(":")
            section = name.lower()
            fields[section] = value.strip().lower()
        elif algorithm := _SECTIONS.get(section):
            _add(files, algorithm, line)
    if not _SECTIONS.keys() & fields.keys():
        raise UpstreamLied("a Release file that lists no files")
    return Release(fields.get("acquire-by-hash") == "yes", files)


def _add(files: dict[str, Listed], algorithm: str, line: str) -> None:
    words = line.split(None, 2)
    if len(words) != 3 or not (words[1].isascii() and words[1].isdigit()):
        raise UpstreamLied(f"a row of Release is not 'digest size path': {line[:140]!r}")
    path = askable(words[2].rstrip())
    if path:
        listed = files.setdefault(path, Listed(int(words[1][:18])))
        listed.digests[algorithm] = digest(algorithm, words[0])
