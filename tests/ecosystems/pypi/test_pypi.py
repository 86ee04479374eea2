from __future__ import annotations

import re

import pytest

from subak.ecosystems.base import Page, Site, View, decode_path, match_route, negotiate
from subak.ecosystems.pypi import FORMS, PYPI
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

BASE = "https://registry.example/simple/"
PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def subject(path: str) -> Subject:
    found = match_route(PYPI.routes, decode_path(path))
    assert found is not None
    named = PYPI.subject(*found)
    assert isinstance(named, Subject)
    return named


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        (BROWSER, "text/html"),
        (PIP, "application/vnd.pypi.simple.v1+json"),
        (PIP.replace("0.1,", "0.2,"), "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.v1+json, */*;q=0.1", "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.latest+json", "application/vnd.pypi.simple.v1+json"),
        ("application/vnd.pypi.simple.latest+html, text/html;q=0.5", "application/vnd.pypi.simple.v1+html"),
        ("application/vnd.pypi.simple.v2+json", "text/html"),
    ],
)
def test_what_clients_ask_and_get(accept: str, content_type: str) -> None:
    assert negotiate(FORMS, accept).content_type == content_type


@pytest.mark.parametrize(
    ("path", "base", "url"),
    [
        ("/simple/zope-interface/", BASE, "https://registry.example/simple/zope-interface/"),
        ("/simple/", BASE, BASE),
        ("/pypi/Demo/json", BASE, "https://registry.example/pypi/demo/json"),
        ("/pypi/demo/1!1.0+x/json", BASE, "https://registry.example/pypi/demo/1%211.0%2Bx/json"),
        (
            "/integrity/demo/1.0/demo-1.0.tar.gz/provenance",
            "https://registry.example/api/pypi/remote/simple/",
            "https://registry.example/api/pypi/remote/integrity/demo/1.0/demo-1.0.tar.gz/provenance",
        ),
        ("/simple/demo/", "https://registry.example/root/pypi/", "https://registry.example/root/pypi/demo/"),
    ],
)
def test_source(path: str, base: str, url: str) -> None:
    assert PYPI.source(subject(path), Site(base)) == url


def test_a_file_has_no_source_but_its_pin() -> None:
    with pytest.raises(ValueError, match="pin"):
        PYPI.source(subject("/files/p/a-1.0.zip"), Site(BASE))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/files/p/zope.interface-5.4.0.tar.gz", ["zope-interface"]),
        ("/files/p/demo_kit-1.0-py3-none-any.whl", ["demo-kit"]),
        ("/files/p/demo_kit-1.0-py3-none-any.whl.metadata", ["demo-kit"]),
        ("/files/p/python-demo-kit-1.0.tar.gz", ["python-demo-kit", "python-demo", "python"]),
        ("/files/~h.example%3A8/a/b-c-d-e-f-1.0.zip", ["b-c-d-e-f", "b-c-d-e", "b-c-d", "b-c"]),
        ("/files/README", []),
        ("/simple/demo/", []),
        ("/pypi/demo/json", []),
    ],
)
def test_homes(path: str, names: list[str]) -> None:
    homes = PYPI.homes(subject(path), Site(BASE))
    assert homes == tuple(subject(f"/simple/{name}/") for name in names)


@pytest.mark.parametrize("path", ["/files/a/", "/simple/-a/", "/simple/%C3%A4/", "/pypi/a%21/json", "/simple/a%3Ab"])
def test_impossible_paths(path: str) -> None:
    with pytest.raises(NotFound):
        subject(path)


@pytest.mark.parametrize(
    "path", ["/", "/files", "/files/", "/legacy/", "/pypi", "/pypi/a", "/simple/a/b/", "/integrity/a/1/f"]
)
def test_paths_without_a_route(path: str) -> None:
    assert match_route(PYPI.routes, path) is None


def test_documents_name_their_forms_and_times() -> None:
    documents = [r for r in PYPI.routes if r.kind in (Kind.INDEX, Kind.LISTING, Kind.CONFIG) and "bare" not in r.name]
    assert len(documents) == 5
    assert all(0 < r.fresh_for <= 3600 and r.forms for r in documents)
    assert PYPI.mount == "/pypi"


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize(
    ("path", "body", "content_type", "announced"),
    [
        ("/simple/demo/", b'<title>Links for demo</title><a href="/demo-1.0.zip">x</a>', "text/html", 1),
        ("/simple/", b"<title>Simple index</title><a href='demo/'>demo</a>", "text/html", 0),
        ("/pypi/demo/json", b'{"info":{}}', "application/json", 0),
        ("/pypi/demo/1.0/json", b'{"urls":[]}', "application/json", 0),
        (
            "/integrity/demo/1.0/demo-1.0.tar.gz/provenance",
            b'{"version":1,"attestation_bundles":[]}',
            "application/vnd.pypi.integrity.v1+json",
            0,
        ),
    ],
)
def test_every_document_is_checked_and_rendered(path: str, body: bytes, content_type: str, announced: int) -> None:
    about = subject(path)
    page = Page(memoryview(body), content_type, PYPI.source(about, Site(BASE)))
    assert len(list(PYPI.pins(about, page))) == announced
    form = PYPI.route(about.route).forms[0].name
    assert b"".join(PYPI.render(about, page, View(form, "https://gw.example/pypi")))
    error_page = Page(b"<h1>502 Bad Gateway</h1>", "text/html", page.url)
    with pytest.raises(UpstreamLied):
        PYPI.pins(about, error_page)


def test_provenance_passes_untouched() -> None:
    about = subject("/integrity/demo/1.0/demo-1.0.tar.gz/provenance")
    body = b'{ "attestation_bundles": [] }'
    page = Page(body, "application/vnd.pypi.integrity.v1+json", "https://registry.example/x")
    assert b"".join(PYPI.render(about, page, View("json", ""))) == body


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("agent", "family", "version", "ci"),
    [
        ('pip/26.3 {"ci":null,"cpu":"x86_64","python":"3.11.7"}', "pip", "26.3", False),
        ('pip/23.2.1 {"ci":true,"cpu":"x86_64"}', "pip", "23.2.1", True),
        ('uv/0.13.8 {"ci": true,"installer":{"name":"uv","subcommand":["pip","install"]}}', "uv", "0.13.8", True),
        ("poetry/2.5.1 CPython/3.11.7 Linux/6.1", "poetry", "2.5.1", False),
        ("pdm/2.26.2 CPython/3.11.7 Linux/6.1", "pdm", "2.26.2", False),
        ("twine/7.0.0 CPython/3.11.7", "twine", "7.0.0", False),
        ("Hatch/1.14.0 CPython/3.12", "hatch", "1.14.0", False),
        ("bandersnatch/6.6.0 (cpython 3.12)", "bandersnatch", "6.6.0", False),
        ("devpi-server/6.14.0 (py3.11)", "devpi", "6.14.0", False),
        ("pip-audit/2.9.0", "pip-audit", "2.9.0", False),
        ("pip/9.0 truncat", "pip", "9.0", False),
    ],
)
def test_agents(agent: str, family: str, version: str, ci: bool) -> None:
    found = [(a, m) for a in PYPI.agents if (m := re.match(a.pattern, agent))]
    assert [(a.family, m["version"]) for a, m in found] == [(family, version)]
    assert bool(found[0][0].ci and re.search(found[0][0].ci, agent)) is ci


def test_client_settings_fill_in() -> None:
    values = {"base": "http://10.0.0.1:8765", "host": "10.0.0.1", "port": "8765", "netloc": "10.0.0.1:8765"}
    for client in PYPI.clients:
        texts = [value for _, value in (*client.environ, *client.plain_http)] + [client.line]
        filled = [text.format(**values) for text in texts]
        assert any("http://10.0.0.1:8765/pypi/simple/" in text for text in filled)
    lines = {c.name: c.line.format(**values) for c in PYPI.clients}
    assert 'url = "http://10.0.0.1:8765/pypi/simple/"\\ndefault = true\\n' in lines["uv"]
