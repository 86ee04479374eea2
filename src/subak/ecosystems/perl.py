"""Perl: a list of modules, a list of checksums in each author's folder, and immutable distributions beside it.

CHECKSUMS is Perl, signed by PGP. It is never run here but read by a grammar that knows nothing else, and it leaves as
it came, for clients may verify the signature: what policy withholds goes from the list of modules only.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import AgentPattern, Client, Ecosystem, Form, Hints, Own, Page, Route, Site, View
from subak.ecosystems.paths import DAY, HOUR, MINUTE
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Pin, strongest
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

# ---------------------------------------------------------------- paths

_GZIP = (Form("gzip", ("application/gzip", "application/x-gzip"), "application/gzip"),)
_TEXT = (Form("text", ("text/plain",), "text/plain; charset=utf-8"),)

ROUTES: tuple[Route, ...] = (
    Route("packages", "/modules/02packages.details.txt.gz", Kind.LISTING, 15 * MINUTE, forms=_GZIP, plain=True),
    Route("modlist", "/modules/03modlist.data.gz", Kind.CONFIG, DAY, forms=_GZIP, plain=True),
    Route("authors", "/authors/01mailrc.txt.gz", Kind.CONFIG, HOUR, forms=_GZIP, plain=True),
    Route("checksums", "/authors/id/{folder+}/CHECKSUMS", Kind.INDEX, 15 * MINUTE, forms=_TEXT),
    Route("dist", "/authors/id/{path+}", Kind.ARTIFACT, whole=True),
    Route("beside", "/authors/id/{path+}", Kind.ARTIFACT, content_type="text/plain; charset=utf-8", open=True),
)

_BELOW = "authors/id/"
_OWN = r"(/(?:authors/(?:id/.+|01mailrc\.txt\.gz)|modules/0[23][^/]+\.gz))"
_FOLDER = re.compile(r"([A-Z])/(\1[A-Z0-9-])/(?P<author>\2[A-Z0-9-]*)(?:/[A-Za-z0-9_][\w.+~-]*)*", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_][\w.+~@-]{0,250}", re.ASCII)
_ENDING = re.compile(r"\.(?:tar\.(?:gz|bz2|xz|Z)|tgz|tbz2?|zip|meta|readme)\Z", re.IGNORECASE)
_VERSIONED = re.compile(r"(.+?)-(v?\d+[._][\w.+~]*(?:-[\w.+~]+)*|v?\d\w*)", re.ASCII | re.IGNORECASE)


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means; it tells the last two routes apart. Raises NotFound for folders and impossible names."""
    if route.name == "checksums":
        return _checksums(groups["folder"])
    if "path" in groups:
        return _about(groups["path"])
    return Subject("perl", route.kind, route.name, route.pattern[1:])


def _checksums(folder: str) -> Subject:
    """Of an author's folder, or of one inside it."""
    if not (found := _FOLDER.fullmatch(folder)):
        raise NotFound("an author's files are at authors/id/A/AU/AUTHOR/; there are no listings of folders")
    return Subject("perl", Kind.INDEX, "checksums", f"{_BELOW}{folder}/CHECKSUMS", found["author"])


def _about(path: str) -> Subject:
    """Of a file below authors/id."""
    folder, _, file = path.rpartition("/")
    author = _checksums(folder).name
    if not _FILE.fullmatch(file):
        raise NotFound(f"no file of an author is called {file[:80]!r}")
    name, version = _release(file)
    text = purl("cpan", author, name, version)
    route = "beside" if file.endswith((".meta", ".readme")) else "dist"
    return Subject("perl", Kind.ARTIFACT, route, _BELOW + path, f"{author}/{name}", version, purl=text)


def _release(file: str) -> tuple[str, str]:
    """Name and version: the first number with a point begins it (Acme-6502-0.76.zip), else a number at the end."""
    stem = _ENDING.sub("", file)
    found = _VERSIONED.fullmatch(stem)
    return (found[1].removesuffix(".pm"), found[2]) if found else (stem, "")


def path_of(purl: PackageURL) -> str:
    """Where the author most likely keeps this version: no document tells about one distribution. Raises NotFound."""
    author = purl.namespace or ""
    path = f"{author[:1]}/{author[:2]}/{author}/{purl.name}-{purl.version}.tar.gz"
    if purl.type != "cpan" or not purl.version or _about(path).purl != PackageURL(*purl[:4]).to_string():
        raise NotFound(f"no path is known for {purl.to_string()}")
    return _BELOW + path


def fold_version(version: str) -> str:
    """v1.2.3 and 1.2.3 are one version to Perl."""
    return version.lower().removeprefix("v")


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A file is announced by the CHECKSUMS in its own folder."""
    folder = subject.key.removeprefix(_BELOW).rpartition("/")[0]
    return (_checksums(folder),) if subject.kind is Kind.ARTIFACT else ()


# ---------------------------------------------------------------- documents

_INSIDE = r"(?:[^'\\]|\\['\\])*+"
_FACT = re.compile(rf"'([\w-]++)'\s*+=>\s*+(?:'({_INSIDE})'|(-?\d++))", re.ASCII)
_FACTS = rf"(?:\s*+'[\w-]++'\s*+=>\s*+(?:'{_INSIDE}'|-?\d++)\s*+(?:,|(?=\}})))*+"
_ENTRY = re.compile(rf"\s*+'({_INSIDE})'\s*+=>\s*+\{{({_FACTS})\s*+\}}\s*+(?:,|(?=\}}))", re.ASCII)
_OPENING = re.compile(
    r"(?:0&&<<''; #[^\n]*+\n)?(?:-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]++: [^\n]*+\n)*+\n)?"
    r"(?:#[^\n]*+\n|\n)*+\$cksum = \{"
)
_CLOSING = re.compile(r"\s*+\};\s*+(?:\Z|__END__\n)")
"""As CPAN::Checksums and Data::Dumper write it. What stands behind __END__ Perl does not read: the signature."""


def _announced(subject: Subject, page: Page) -> Iterator[Pin]:
    """A pin for every file that can be asked for; folders and odd names cannot. Raises UpstreamLied."""
    folder = subject.key.removeprefix(_BELOW).removesuffix("/CHECKSUMS")
    for name, facts in _read(page).items():
        # CVE-2020-16155: without this, one author's signed list could be served as another's
        if not f"{folder}/".startswith(f"{facts.get('cpan_path', folder)}/"):
            raise UpstreamLied(f"CHECKSUMS of {folder} tells of {facts['cpan_path'][:80]!r}")
        if "isdir" not in facts and name != "CHECKSUMS" and _FILE.fullmatch(name):
            about, proof = _about(f"{folder}/{name}"), strongest(facts)
            size = int(facts["size"]) if facts.get("size", "").isdecimal() else -1
            yield Pin(about.key, "", proof, size, about.name, about.version, _day(facts.get("mtime", "")))


def _read(page: Page) -> dict[str, dict[str, str]]:
    """What is told of each file. Raises UpstreamLied for a body that holds, or to Perl could mean, anything else."""
    body = str(page.body, "latin-1").replace("\r\n", "\n")
    opening = _OPENING.match(body)
    at = opening.end() if opening else 0
    told: dict[str, dict[str, str]] = {}
    while opening and (entry := _ENTRY.match(body, at)):
        name, at, facts = entry[1], entry.end(), _FACT.findall(entry[2])
        if name in told or len(facts) > len({key for key, _, _ in facts}):
            raise UpstreamLied(f"CHECKSUMS tells twice of {name[:80]!r}")
        told[name] = {key: text or number for key, text, number in facts}
    if not opening or not _CLOSING.match(body, at):
        raise UpstreamLied(f"this is no CHECKSUMS file: {body[at : at + 80]!r}")
    return told


def _day(text: str) -> float:
    """The last second of a date (UTC): a version never counts as older than it is. 0 when it is none."""
    try:
        return max(0.0, datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() + DAY - 1)
    except ValueError:
        return 0.0


LARGEST = 2**28  # bytes of an unpacked list that we read; the list of modules has some tens of millions
_GZIPPED = b"\x1f\x8b"
_LISTS = {
    "packages": re.compile(rb"(?:[\w-]++:[^\n]*+\n)++\n(?:[^\s]++[ \t]++[^\s]++[ \t]++[^\s]++[ \t]*+(?:\n|\Z))*+\Z"),
    "modlist": re.compile(rb".*^package CPAN::Modulelist;", re.DOTALL | re.MULTILINE),
    "authors": re.compile(rb"(?:alias[ \t]++[^\s]++[ \t][^\n]*+(?:\n|\Z))++\Z"),
}
_COUNT = re.compile(rb"^(Line-Count:[ \t]*+)\d++", re.MULTILINE)


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What CHECKSUMS announces; lists announce nothing. Raises UpstreamLied when it is not what it should be."""
    if subject.route == "checksums":
        return _announced(subject, page)
    if not _LISTS[subject.route].match(_unpacked(page)):
        raise UpstreamLied(f"this is no {subject.key}")
    return iter(())


def _unpacked(page: Page) -> bytes:
    """Some servers unpack it on the way. Raises UpstreamLied."""
    if page.body[:2] != _GZIPPED:
        return bytes(page.body)
    decoder = zlib.decompressobj(31)
    try:
        text = decoder.decompress(page.body, LARGEST)
    except zlib.error as error:
        raise UpstreamLied(f"a list is no gzip file: {error}") from error
    if not decoder.eof or decoder.unused_data:
        raise UpstreamLied(f"a list breaks off, goes on behind its end, or unpacks to more than {LARGEST} bytes")
    return text


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document as it came, packed; but the list of modules without those of withheld versions."""
    less = subject.route == "packages" and view.hidden
    body = _without(_unpacked(page), view.hidden) if less else bytes(page.body)
    yield body if subject.route == "checksums" or body[:2] == _GZIPPED else gzip.compress(body, 6, mtime=0)


def _without(text: bytes, hidden: frozenset[str]) -> bytes:
    """Rows are 'module version path'. A module whose row goes is not found at all: there are no rows of older ones."""
    withheld = {f"{name}@{fold_version(version)}" for name, _, version in (entry.rpartition("@") for entry in hidden)}
    authors = {name.partition("/")[0].encode() for name in withheld}
    head, _, rows = text.partition(b"\n\n")
    told = ((row, row.split()[2].split(b"/")) for row in rows.splitlines())
    kept = [row for row, path in told if b"".join(path[2:3]) not in authors or _listed(path) not in withheld]
    return b"\n".join((_COUNT.sub(rb"\g<1>%d" % len(kept), head), b"", *kept, b""))


def _listed(path: list[bytes]) -> str:
    """'AUTHOR/Dist@version', as in `View.hidden`."""
    name, version = _release(path[-1].decode("latin-1"))
    return f"{path[2].decode()}/{name}@{fold_version(version)}"


# ---------------------------------------------------------------- clients


def clean(text: str) -> str:
    """'--notest --mirror https://… --mirror-only' → 'https://…'; '' without address. Raises ValueError for a folder."""
    option = re.search(r"(?:(?:--mirror|--from)[\s=]|-M)\s*(\S+)", text)
    url = option[1] if option else "" if text.startswith("-") else text
    if url and "://" not in url:
        raise ValueError("is a folder of this machine")
    return url


def _pointed(name: str, variable: str, value: str) -> Client:
    line = f"echo \"export {variable}='{value}'\" >> ~/.profile"
    return Client(name, ((variable, value),), line, version=(name, "--version"))


_CPAN = r"printf 'o conf pushy_https 0\no conf urllist {base}/perl\no conf commit\n' | PERL_MM_USE_DEFAULT=1 cpan"

PERL = Ecosystem(
    name="perl",
    title="Perl distributions (CPAN)",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    fold_version=fold_version,
    source=lambda subject, site: site.base + quote(subject.key, safe="/+@~"),
    homes=homes,
    pins=pins,
    render=render,
    own=(Own(_OWN, begins=("authors", "modules")), Own(r"(?:/[^/]+){1,3}?" + _OWN, within="/authors/")),
    words=("cpan",),
    hints=Hints(environ=("PERL_CPANM_OPT", "PERL_CARTON_MIRROR"), clean=clean),
    clients=(  # --from puts aside the mirrors named before it; cpanm does not ask wget and curl whether they got all
        _pointed("cpanm", "PERL_CPANM_OPT", "--no-wget --no-curl --from {base}/perl"),
        _pointed("carton", "PERL_CARTON_MIRROR", "{base}/perl"),  # asks elsewhere, too, for what is refused here
        Client("cpan", (), _CPAN),  # no variable points it here
    ),
    agents=(
        AgentPattern("cpanm", r"cpanminus/(?P<version>[\w.]+)"),
        AgentPattern("carton", r"Menlo/(?P<version>[\w.]+)"),
        AgentPattern("perl", r"(?:HTTP-Tiny|libwww-perl)/(?P<version>[\w.]+)"),  # cpan, which does not name itself
    ),
    pinned_by="the sha256 in the CHECKSUMS of the author's folder",
)
