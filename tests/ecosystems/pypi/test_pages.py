from __future__ import annotations

import pytest

from subak.ecosystems.base import Page
from subak.ecosystems.pypi.pages import LARGEST_HTML, Listed, Project, check_api, form_of, hashes_in, read_project
from subak.errors import UpstreamLied

JSON = "application/vnd.pypi.simple.v1+json"
HEX = "a" * 64
URL = "https://registry.example/simple/a/"


def page(body: str | bytes, content_type: str = "text/html", url: str = URL) -> Page:
    return Page(memoryview(body.encode() if isinstance(body, str) else body), content_type, url)


def read(body: str | bytes, content_type: str = "text/html", url: str = URL) -> Project:
    return read_project("a", page(body, content_type, url))


def only(body: str, content_type: str = "text/html") -> Listed:
    (file,) = read(body, content_type).files
    return file


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("text/html", "html"),
        ("Text/HTML; charset=UTF-8", "html"),
        ("application/vnd.pypi.simple.v1+html", "html"),
        ("application/vnd.pypi.simple.latest+html;charset=utf-8", "html"),
        (JSON, "json"),
        ("application/vnd.pypi.simple.latest+json", "json"),
        ("application/json", "json"),
    ],
)
def test_form_of(content_type: str, form: str) -> None:
    assert form_of(page("", content_type)) == form


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/vnd.pypi.simple.v2+json", "application/xml"])
def test_form_of_another_kind_of_page(content_type: str) -> None:
    with pytest.raises(UpstreamLied):
        form_of(page('{"files":[]}', content_type))


@pytest.mark.parametrize("version", ["1.0", "1", "1.99", " 1.4 "])
def test_known_api(version: str) -> None:
    assert check_api(version) == version.strip()


@pytest.mark.parametrize("version", ["2.0", "0.9", "", "one", "1.0.0", "1" * 5000])
def test_unknown_api(version: str) -> None:
    with pytest.raises(UpstreamLied, match="simple API"):
        check_api(version)


# ---------------------------------------------------------------- HTML

ANCHOR = '<a href="/p/a-1.0-py3-none-any.whl#sha256={}"{}>a-1.0-py3-none-any.whl</a>'


def anchor(attributes: str = "") -> str:
    return f"<title>Links for a</title>{ANCHOR.format(HEX, attributes)}"


@pytest.mark.parametrize(
    "html",
    [
        "<title>Links for a</title>",
        "<h1>Links for a</h1>",
        "<html><head><title>Index of /simple/a/</title></head><a href='../'>../</a></html>",
        '<meta name="pypi:repository-version" content="1.1">',
        '<p><a href="A-1.0.tar.gz">A</a>',
        "<title>Links for Ü</title>",
    ],
)
def test_html_that_is_a_project_page(html: str) -> None:
    read(html)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>",
        '<title>Sign in</title><a href="/help">Help</a><a href="/client.exe">Get the client</a>',
        '<a href="/p/other-1.0.tar.gz">other project</a>',
        '{"message": "an error"}',
        '<meta name="pypi:repository-version" content="2.0">',
    ],
)
def test_html_that_is_none(html: str) -> None:
    with pytest.raises(UpstreamLied):
        read(html)


def test_too_much_html() -> None:
    with pytest.raises(UpstreamLied, match="more than"):
        read(b"<title>Links for a</title>" + b" " * LARGEST_HTML)


def test_one_anchor() -> None:
    assert only(
        anchor(
            ' data-requires-python="&gt;=3.8,&quot;" data-yanked="" data-core-metadata="sha256=BB" data-gpg-sig="false"'
            ' data-upload-time="2026-02-19T05:00:56.027585Z" data-provenance="/integrity"'
        )
    ) == Listed(
        filename="a-1.0-py3-none-any.whl",
        path="files/p/a-1.0-py3-none-any.whl",
        url="https://registry.example/p/a-1.0-py3-none-any.whl",
        version="1.0",
        hashes={"sha256": HEX},
        upload_time="2026-02-19T05:00:56.027585Z",
        requires_python='>=3.8,"',
        yanked=True,
        sidecar={"sha256": "bb"},
        provenance="/integrity",
        gpg_sig=False,
    )


@pytest.mark.parametrize(
    ("attributes", "yanked"),
    [("", False), (" data-yanked", True), (' data-yanked="&lt;b&gt; bad"', "<b> bad")],
)
def test_yanked(attributes: str, yanked: bool | str) -> None:
    assert only(anchor(attributes)).yanked == yanked


@pytest.mark.parametrize(
    ("attributes", "sidecar"),
    [
        ("", None),
        (' data-core-metadata="false"', None),
        (' data-core-metadata="true"', True),
        (' data-dist-info-metadata="sha256=00"', {"sha256": "00"}),
        (' data-dist-info-metadata="sha256=00" data-core-metadata="sha256=11"', {"sha256": "11"}),
    ],
)
def test_sidecar(attributes: str, sidecar: object) -> None:
    assert only(anchor(attributes)).sidecar == sidecar


def test_base_and_order() -> None:
    html = '<base href="https://files.example/x/"><title>Links for a</title>'
    html += "".join(f'<a href="a-{n}.tar.gz">a</a>' for n in (2, 10, 1))
    assert [f.url for f in read(html).files] == [f"https://files.example/x/a-{n}.tar.gz" for n in (2, 10, 1)]


def test_links_that_are_no_files_are_left_out() -> None:
    html = "<title>Links for a</title><a>no link</a><a href='../'>up</a><a href='https://home.example/'>home</a>"
    html += "<!-- <a href='a-1.zip'>a</a> --><script>'<a href=\"a-2.zip\">'</script><a href='a-3.zip'>a</a>"
    html += "<a href='a-4.zip.asc'>a</a><a href='odd#sha256=00'>odd</a><a href='ftp://h/a-5.zip'>a</a>"
    assert [f.filename for f in read(html).files] == ["a-3.zip", "odd"]


def test_project_metas() -> None:
    html = '<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="archived">'
    html += (
        '<meta name="pypi:project-status-reason" content="&lt;tired&gt;"><meta name="pypi:tracks" content="https://t">'
    )
    project = read(html)
    assert (project.version, project.status, project.reason) == ("1.4", "archived", "<tired>")
    assert project.tracks == ("https://t",)


def test_charset() -> None:
    html = "<title>Links for a</title><a href='a-1.zip' data-yanked='sch\xf6n'>a</a>"
    (file,) = read(html.encode("latin-1"), "text/html; charset=ISO-8859-1").files
    assert file.yanked == "schön"
    with pytest.raises(UpstreamLied, match="charset"):
        read(html, "text/html; charset=klingon")


def test_bytes_that_are_no_text() -> None:
    (file,) = read(b"<title>Links for a</title><a href='a-1.zip' data-yanked='\xff\xfe'>a</a>").files
    assert file.yanked


# ---------------------------------------------------------------- JSON


def entry(more: str = "") -> str:
    return (
        f'{{"meta":{{"api-version":"1.4"}},"name":"a","files":[{{"filename":"a-1.0.zip","url":"/p/a-1.0.zip"{more}}}]}}'
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"files":[',
        '{"files":{}}',
        '{"files":[1]}',
        '{"files":[{}]}',
        '{"files":[{"filename":"a.zip"}]}',
        '{"files":[],"meta":{"api-version":"2.0"}}',
        '{"files":[],"meta":{"api-version":1}}',
        '{"error":"not found"}',
        "<html><title>Links for a</title>",
        '{"x":' + "[" * 100_000,
        entry(',"size":"big"'),
        entry(',"hashes":[]'),
    ],
)
def test_json_that_is_no_project_page(text: str) -> None:
    with pytest.raises(UpstreamLied):
        list(read(text, JSON).files)


def test_one_entry() -> None:
    file = only(
        entry(
            ',"hashes":{"SHA256":"' + HEX + '"},"requires-python":">=3","size":7,"upload-time":"2020-01-01T00:00:00Z",'
            '"yanked":"bad","core-metadata":{"sha256":"00"},"data-dist-info-metadata":{"sha256":"11"},'
            '"provenance":"https://x","gpg-sig":true,"future":[1,{"a":null}]'
        ),
        JSON,
    )
    assert (file.path, file.url) == ("files/p/a-1.0.zip", "https://registry.example/p/a-1.0.zip")
    assert (file.version, file.hashes, file.size) == ("1.0", {"sha256": HEX}, 7)
    assert (file.requires_python, file.upload_time, file.yanked) == (">=3", "2020-01-01T00:00:00Z", "bad")
    assert (file.sidecar, file.provenance, file.gpg_sig) == ({"sha256": "00"}, "https://x", True)
    assert b'"future"' in bytes(file.raw)


@pytest.mark.parametrize(
    ("more", "sidecar", "has"),
    [
        ("", None, False),
        (',"core-metadata":null', None, False),
        (',"core-metadata":false,"data-dist-info-metadata":true', False, False),
        (',"core-metadata":null,"data-dist-info-metadata":true', True, True),
        (',"core-metadata":{}', {}, True),
    ],
)
def test_json_sidecar(more: str, sidecar: object, has: bool) -> None:
    file = only(entry(more), JSON)
    assert file.sidecar == sidecar
    assert file.has_sidecar is has


def test_json_without_what_is_optional() -> None:
    file = only(entry(',"hashes":null,"size":null,"yanked":null,"upload-time":null,"provenance":null'), JSON)
    assert (file.hashes, file.size, file.yanked, file.upload_time, file.provenance) == ({}, -1, False, "", "")


def test_json_digest_in_the_link() -> None:
    text = '{"files":[{"filename":"a-1.0.zip","url":"/a-1.0.zip#sha256=ab","hashes":{}}]}'
    assert only(text, JSON).hashes == {"sha256": "ab"}


def test_json_head() -> None:
    project = read(
        '{"meta":{"api-version":"1.4","_last-serial":5,"tracks":["https://t"]},"name":"a","files":[],"versions":["1.0"],'
        '"project-status":{"status":"archived","reason":null},"alternate-locations":["https://l"],"new":{}}',
        JSON,
    )
    assert (project.version, project.status, project.reason) == ("1.4", "archived", "")
    assert (project.tracks, project.alternates, project.versions) == (("https://t",), ("https://l",), ("1.0",))
    assert list(project.raw) == ["meta", "name", "versions", "project-status", "alternate-locations", "new"]


@pytest.mark.parametrize(
    ("fragment", "found"),
    [
        ("sha256=AB", {"sha256": "ab"}),
        ("egg=a&sha1=cd&SHA512=ef", {"sha1": "cd", "sha512": "ef"}),
        ("egg=a", {}),
        ("true", {}),
        ("", {}),
    ],
)
def test_hashes_in(fragment: str, found: dict[str, str]) -> None:
    assert hashes_in(fragment) == found
