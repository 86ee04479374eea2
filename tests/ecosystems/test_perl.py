"""CPAN: names of distributions, Perl data that is read and never run, lists that lose a version."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from registry.perl_registry import CHECKSUMS, MODLIST, PerlRegistry
from subak.ecosystems import perl
from subak.ecosystems.base import Page, Site, View, match_route, subject_of
from subak.ecosystems.perl import PERL
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Subject

SITE = Site("https://registry.example/CPAN/")
FOLDER = "A/AC/ACME"
SHA256 = hashlib.sha256(b"a").hexdigest()


def subject(path: str) -> Subject:
    """Of a path below the mount. Raises NotFound."""
    found = match_route(PERL.routes, f"/{path}")
    if found is None:
        raise NotFound(path)
    named = PERL.subject(*found)
    assert isinstance(named, Subject)
    return named


def page(body: bytes) -> Page:
    return Page(body, "text/plain", "https://registry.example/x")


def pins(path: str, body: bytes) -> list[Pin]:
    return list(PERL.pins(subject(path), page(body)))


def shown(path: str, body: bytes, *hidden: str) -> bytes:
    view = View("gzip", "http://gateway.example/perl", hidden=frozenset(hidden))
    return b"".join(PERL.render(subject(path), page(body), view))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("stem", "name", "version"),
    [
        ("Acme-Lab-1.02", "Acme-Lab", "1.02"),
        ("Acme-Lab-v1.2.3", "Acme-Lab", "v1.2.3"),
        ("Acme-Lab-V3_1_1-0.1", "Acme-Lab", "V3_1_1-0.1"),
        ("Acme-6502-0.76", "Acme-6502", "0.76"),
        ("Acme-2nd-1.0", "Acme-2nd", "1.0"),
        ("Acme-Lab-1.0-1", "Acme-Lab", "1.0-1"),
        ("Acme-Lab-1.0-TRIAL", "Acme-Lab", "1.0-TRIAL"),
        ("Acme-Lab-1.0+git.5", "Acme-Lab", "1.0+git.5"),
        ("Acme-Lab-7", "Acme-Lab", "7"),
        ("Acme-Lab-1a", "Acme-Lab", "1a"),
        ("Acme_Lab-0_5", "Acme_Lab", "0_5"),
        ("Lab.pm-1.23", "Lab", "1.23"),
        ("perl5.004_04", "perl5.004_04", ""),
        ("Acme-Lab", "Acme-Lab", ""),
    ],
)
@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".zip", ".tar.bz2", ".TAR.GZ", ".meta", ".readme"])
def test_names_and_versions(stem: str, name: str, version: str, ending: str) -> None:
    found = subject(f"authors/id/{FOLDER}/{stem}{ending}")
    assert (found.name, found.version) == (f"ACME/{name}", version)
    purl = PackageURL.from_string(found.purl)
    assert (purl.namespace, purl.name, purl.version or "") == ("ACME", name, version)
    document = subject_of(purl, PERL)
    assert (document.purl if document else "") == (found.purl if version else "")


@pytest.mark.parametrize(
    "purl",
    ["pkg:cpan/Acme::Lab@1.0", "pkg:cpan/ACME/Acme-Lab", "pkg:npm/lab@1.0", "pkg:cpan/A/Lab@1.0", "pkg:cpan/ACME/L-1@x",
     "pkg:cpan/ACME/Lab-1.0@2.0", "pkg:cpan/ACME/Lab.pm@1.0", "pkg:cpan/AC%20ME/Lab@1.0", "pkg:cpan/ACME/..@1.0"],
)  # fmt: skip
def test_purls_that_name_no_file(purl: str) -> None:
    with pytest.raises(NotFound):
        PERL.path_of(PackageURL.from_string(purl))


def test_an_author_is_spelt_in_capitals() -> None:
    path = PERL.path_of(PackageURL.from_string("pkg:cpan/acme/Acme-Lab@v1.0"))
    assert path == f"authors/id/{FOLDER}/Acme-Lab-v1.0.tar.gz"
    assert {PERL.fold_version(version) for version in ("v1.0", "V1.0", "1.0")} == {"1.0"}


def test_a_file_is_where_its_checksums_are() -> None:
    for folder in (FOLDER, f"{FOLDER}/old"):
        file = subject(f"authors/id/{folder}/Acme-Lab-1.0+x.tar.gz")
        assert [home.key for home in PERL.homes(file, SITE)] == [f"authors/id/{folder}/CHECKSUMS"]
        assert PERL.source(file, SITE) == f"{SITE.base}authors/id/{folder}/Acme-Lab-1.0+x.tar.gz"
    assert PERL.homes(subject(f"authors/id/{FOLDER}/CHECKSUMS"), SITE) == ()


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=700), max_size=12), min_size=1, max_size=6))
def test_no_path_does_anything_else(parts: list[str]) -> None:
    for start in ("", "authors/id/", f"authors/id/{FOLDER}/"):
        try:
            found = subject(start + "/".join(parts))
        except (NotFound, BadRequest):
            continue
        assert found.key == start + "/".join(parts)
        assert PackageURL.from_string(found.purl).type == "cpan" if found.purl else True


# ---------------------------------------------------------------- CHECKSUMS


def checksums(rows: str) -> bytes:
    return CHECKSUMS.replace("ROWS", rows).encode()


def row(name: str = "Acme-Lab-1.0.tar.gz", **facts: str) -> str:
    """One file's entry; facts are Perl."""
    told = {"cpan_path": f"'{FOLDER}'", "mtime": "'2024-05-06'", "sha256": f"'{SHA256}'", "size": "7"} | facts
    inside = ",\n".join(f"    '{key}' => {value}" for key, value in sorted(told.items()) if value)
    return f"  '{name}' => {{\n{inside}\n  }}"


HOME = f"authors/id/{FOLDER}/CHECKSUMS"
PATH = f"authors/id/{FOLDER}/Acme-Lab-1.0.tar.gz"
LAST_SECOND = 1715039999.0
"""2024-05-06 23:59:59 UTC."""


def test_what_is_announced() -> None:
    with PerlRegistry() as registry:
        dist = registry.add("Acme-Lab", "1.0")
        found = {pin.path: pin for pin in pins(HOME, registry.checksums(FOLDER))}
    assert set(found) == {PATH, PATH.replace(".tar.gz", ".meta"), PATH.replace(".tar.gz", ".readme")}
    assert found[PATH] == Pin(
        PATH, "", Digest("sha256", dist.sha256), len(dist.body), "ACME/Acme-Lab", "1.0", LAST_SECOND
    )


@pytest.mark.parametrize(
    "body",
    [
        checksums(row()),
        checksums(row()).replace(b"\n", b"\r\n"),
        b"# written by hand\n$cksum = {\n" + row().encode() + b",\n};\n",
        b"$cksum = {" + row().replace("\n", " ").encode() + b"};",
        checksums(row(size="'7'", junk=r"'it\'s a \\ thing'", mode="-1")),
        checksums(row("old", isdir="1", sha256="", size="") + ",\n" + row()),
        checksums(
            row("a,b%20c.zip") + ",\n" + row(r"it\'s") + ",\n" + row("../up") + ",\n" + row("CHECKSUMS") + ",\n" + row()
        ),
        checksums(row(cpan_path="")),
        checksums(row(cpan_path="'A/AC'")),
        checksums(row(md5=f"'{'0' * 32}'")),
        checksums(row()) + b"system('anything') behind __END__ is no Perl\n",
    ],
)
def test_it_is_read_in_every_spelling(body: bytes) -> None:
    assert pins(HOME, body) == [Pin(PATH, "", Digest("sha256", SHA256), 7, "ACME/Acme-Lab", "1.0", LAST_SECOND)]


def test_nothing_is_announced_of_nothing() -> None:
    assert pins(HOME, b"$cksum = {};\n") == []
    (bare,) = pins(HOME, checksums(row(sha256="", size="", mtime="'yesterday'")))
    assert (bare.digest, bare.size, bare.published) == (UNPINNED, -1, 0.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Please log in</body></html>",
        checksums(row()).replace(b"$cksum = {", b"system('anything'); $cksum = {"),
        checksums(row()).replace(b"};\n__END__", b"}; system('anything');\n__END__"),
        checksums(row()).replace(b"};\n__END__", b"}\n__END__"),
        checksums(row()).replace(b"-----BEGIN PGP SIGNED MESSAGE-----", b"1;"),
        b"system('anything');\n" + checksums(row()),
        checksums(row())[:-200],
        checksums(row()).partition(b"};")[0],
        checksums(row(size="length('anything')")),
        checksums(row(size='"7"')),
        checksums(row(size="7 . 8")),
        checksums(row(size="{ a => 1 }")),
        checksums(row(mtime=r"'un\finished\'")),
        checksums(row().replace("'size' => 7", "size => 7")),
        checksums(row().replace("'size' => 7", "'size' => 7 'more' => 8")),
        checksums(row().replace("'size' => 7", "'size' => 7, 'size' => 8")),
        checksums(row() + ",\n" + row()),
        checksums(row() + "\n" + row("b.zip")),
        checksums(row(sha256="'no digest'")),
        checksums(row(cpan_path="'O/OT/OTHER'")),
        checksums(row(cpan_path="'A/AC/ACM'")),
        checksums(row(cpan_path=f"'{FOLDER}/old'")),
        checksums(row("old", isdir="1", cpan_path="'O/OT/OTHER'")),
    ],
)  # fmt: skip
def test_what_is_not_plain_data_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        pins(HOME, body)


@given(st.integers(0, 600), st.binary(max_size=30), st.integers(0, 60))
def test_whatever_else_it_holds_it_is_read_or_refused(at: int, noise: bytes, gone: int) -> None:
    body = checksums(row() + ",\n" + row("b.zip"))
    try:
        found = pins(HOME, body[:at] + noise + body[at + gone :])
    except UpstreamLied:
        return
    assert all(pin.path.startswith(f"authors/id/{FOLDER}/") for pin in found)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", [b" " * 200_000, b"'a' => {" * 20_000, b"'" * 200_000, b"'a'\\" * 50_000])
def test_no_body_takes_long(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        pins(HOME, b"$cksum = {" + body)
    with pytest.raises(NotFound):
        subject(f"authors/id/{FOLDER}/{'a-1' * 1300}.zip")


def test_it_leaves_as_it_came() -> None:
    body = checksums(row())
    assert shown(HOME, body) == shown(HOME, body, "ACME/Acme-Lab@1.0") == body


# ---------------------------------------------------------------- lists

LISTING = "modules/02packages.details.txt.gz"
OTHERS = {"modules/03modlist.data.gz": MODLIST, "authors/01mailrc.txt.gz": b'alias ACME "Nobody <a@mirror.example>"\n'}


@dataclass(frozen=True)
class Listed:
    """02packages as a strict client reads it."""

    count: int
    rows: dict[str, str]
    """{module: path}."""


def read(body: bytes) -> Listed:
    head, _, rows = gzip.decompress(body).decode().partition("\n\n")
    told = dict(line.split(":", 1) for line in head.splitlines())
    assert told["File"].strip() == "02packages.details.txt"
    parts = [line.split() for line in rows.splitlines()]
    assert rows == "" or rows.endswith("\n")
    found = Listed(int(told["Line-Count"]), {module: path for module, _, path in parts})
    assert found.count == len(parts) == len(found.rows)
    return found


@pytest.fixture(scope="module")
def packages() -> bytes:
    """Two authors; a version of Acme-Lab is only indexed for a module that later ones have not."""
    registry = PerlRegistry()
    registry.add("Acme-Lab", "v1.0", old=("Acme::Lab::Old", "Acme::Lab::Older"))
    registry.add("Acme-Lab", "1.1")
    registry.add("Acme-Lab-More", "1.1")
    registry.add("acme-lab", "1.1")
    registry.add("Acme-Lab2", "1.1", author="OTHER")
    return gzip.compress(registry.packages(), mtime=0)


@pytest.mark.parametrize(
    ("hidden", "gone"),
    [
        (("ACME/Acme-Lab@1.1",), {"Acme::Lab"}),
        (("ACME/Acme-Lab@1.0",), {"Acme::Lab::Old", "Acme::Lab::Older"}),
        (("ACME/Acme-Lab@V1.1", "OTHER/Acme-Lab2@1.1"), {"Acme::Lab", "Acme::Lab2"}),
        (("ACME/Acme-Lab@1", "OTHER/Acme-Lab@1.1", "ACME/Acme.Lab@1.1", "ACME/Acme-Lab@1.1."), ()),
        (("Acme-Lab@1.1", "@", "ACME/@1.1", "ACME/Acme-Lab@"), ()),
    ],
)
def test_a_withheld_version_is_not_listed(packages: bytes, hidden: tuple[str, ...], gone: set[str]) -> None:
    before = read(packages)
    assert before.count == 6
    first, second = (shown(LISTING, packages, *names) for names in (hidden, hidden[::-1]))
    assert first == second
    assert read(first).rows == {module: path for module, path in before.rows.items() if module not in gone}
    assert pins(LISTING, first) == []
    assert shown(LISTING, first, *hidden) == first


def test_odd_paths_are_withheld_as_well() -> None:
    odd = "x/y/ACME/ 1 z\n\xe9 1 A/AC/\xe9/z\nd 1 A/AC/ACME\n"
    rows = f"{odd}a 1 A/AC/ACME/old/Lab-1.0.zip\nb 1 A/AC/ACME/Lab.pm-v1.0.TGZ   \nc undef A/AC/ACME/Lab-1.0.1.zip"
    body = gzip.compress(f"File: 02packages.details.txt\nLine-Count: 99\n\n{rows}".encode())
    assert read(shown(LISTING, body, "ACME/Lab@1.0")).rows.keys() == {"x/y/ACME/", "\xe9", "d", "c"}


@given(
    st.from_regex(perl._FILE, fullmatch=True)
    | st.from_regex(r"[A-Z][a-z-]{,5}-[vV]?[0-9][0-9A-Z._-]{,5}\.(zip|tgz)", fullmatch=True)
)
def test_the_list_and_the_file_agree_on_what_is_withheld(file: str) -> None:
    about = subject(f"authors/id/{FOLDER}/{file}")
    if about.route != "dist" or not about.version:
        return
    body = gzip.compress(f"File: 02packages.details.txt\nLine-Count: 1\n\na 1 {FOLDER}/{file}\n".encode())
    hidden = f"{about.name}@{PERL.fold_version(about.version)}"
    assert read(shown(LISTING, body, hidden)).rows == {}


def test_lists_leave_as_they_came_or_packed(packages: bytes) -> None:
    for path, body in ((LISTING, packages), *((path, gzip.compress(text)) for path, text in OTHERS.items())):
        assert pins(path, body) == []
        assert shown(path, body) == body
        text = gzip.decompress(body)
        assert pins(path, text) == []
        assert gzip.decompress(shown(path, text)) == text
        assert shown(path, text) == shown(path, text), "no time is written"


@pytest.mark.parametrize("path", [LISTING, *OTHERS])
@pytest.mark.parametrize(
    "text", [b"", b"<html><body>Please log in</body></html>", b"\x00\xff", b"File: a\n\none two\n"]
)
def test_what_is_no_list_is_refused(path: str, text: bytes) -> None:
    for body in (text, gzip.compress(text)):
        with pytest.raises(UpstreamLied):
            pins(path, body)


def test_a_torn_list_is_refused(packages: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = packages[:40] + bytes([packages[40] ^ 1]) + packages[41:]
    for body in (packages[:-1], packages[:30], wrong, packages + packages, packages + b"x"):
        with pytest.raises(UpstreamLied):
            pins(LISTING, body)
    monkeypatch.setattr(perl, "LARGEST", 100)
    with pytest.raises(UpstreamLied):
        pins(LISTING, packages)


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("https://mirror.example/CPAN", "https://mirror.example/CPAN"),
        ("--mirror https://mirror.example/", "https://mirror.example/"),
        ("--notest --mirror=https://mirror.example --mirror-only", "https://mirror.example"),
        ("--mirror-only --from https://mirror.example", "https://mirror.example"),
        ("-n -M https://mirror.example -L local", "https://mirror.example"),
        ("-Mhttps://mirror.example", "https://mirror.example"),
        ("--mirror https://a.example --mirror https://b.example", "https://a.example"),
        ("--notest --mirror-only", ""),
        ("--mirror-index https://a.example/02packages", ""),
    ],
)
def test_the_address_in_a_setting(setting: str, url: str) -> None:
    assert PERL.hints.clean(setting) == url
    ours = dict(PERL.clients[0].environ)["PERL_CPANM_OPT"].replace("{base}", "http://127.0.0.1:8765")
    assert PERL.hints.clean(ours) == "http://127.0.0.1:8765/perl"


@pytest.mark.parametrize("setting", ["--mirror ~/minicpan --mirror-only", "/srv/cpan"])
def test_a_folder_is_not_passed_over(setting: str) -> None:
    with pytest.raises(ValueError, match="is a folder of this machine"):
        PERL.hints.clean(setting)
