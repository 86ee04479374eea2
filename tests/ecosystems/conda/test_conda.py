"""Conda's routes, upstream addresses, homes, agents and client settings."""

from __future__ import annotations

import re
import tomllib

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.adoption.settings import line_for
from subak.ecosystems.base import FOREVER, Page, Site, View, decode_path, match_route, subject_of
from subak.ecosystems.conda import CONDA
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

SITE = Site("https://registry.example/alias/")
HEX = "0123456789abcdef" * 4
FILE = "/lab/noarch/acme-1.0-0.conda"


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(CONDA.routes, decode_path(CONDA.spell(raw)))
    assert found, raw
    subject = CONDA.subject(*found)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- paths


@given(st.text(max_size=60), st.sampled_from(["/", "/lab/", "/lab/noarch/", "/lab/noarch/shards/", "/t/"]))
def test_a_path_either_means_one_thing_or_is_refused(text: str, folder: str) -> None:
    try:
        found = match_route(CONDA.routes, decode_path(CONDA.spell(folder + text)))
        subject = CONDA.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        assert asked("/" + subject.key) == subject


@pytest.mark.parametrize(
    "path", [FILE, "/lab/notices.json", "/lab/noarch/repodata.json", f"/lab/noarch/{HEX}.msgpack.zst"]
)
@pytest.mark.parametrize("token", ["/t/abc", "/t/a-b%2Fc", "/t/<TOKEN>", "/t/one/t/two"])
def test_tokens_never_come_into_keys(path: str, token: str) -> None:
    assert asked(token + path) == asked(path)
    assert CONDA.spell(CONDA.spell(token + path)) == path


def test_a_token_is_only_what_comes_first() -> None:
    assert CONDA.spell("/t") == "/t"
    assert CONDA.spell("/t/x") == "/t/x"
    assert asked("/lab/t/x/noarch/repodata.json").key == "lab/t/x/noarch/repodata.json"


def test_which_routes_are_what() -> None:
    packed = {route.name for route in CONDA.routes if route.plain}
    assert packed == {"shards", "zst", "current-zst", "run-exports-zst"}
    assert {route.name for route in CONDA.routes if route.open} == {"shard"}, "a package is what an index announces"
    assert {route.name for route in CONDA.routes if route.moves} == {"package"}
    assert CONDA.route("shard").fresh_for == FOREVER
    assert all(60 <= route.fresh_for <= 600 for route in CONDA.routes if route.kind is Kind.LISTING)


def test_purls_lead_to_names_and_versions() -> None:
    for purl in ("pkg:conda/acme@1.0", asked(FILE).purl):
        subject = subject_of(PackageURL.from_string(purl), CONDA)
        assert subject is not None
        assert (subject.name, subject.version, subject.purl.partition("@")[0]) == ("acme", "1.0", "pkg:conda/acme")


# ---------------------------------------------------------------- upstream


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/pkgs/main/noarch/repodata.json.zst", "pkgs/main/noarch/repodata.json.zst"),
        ("/t/secret/lab/notices.json", "lab/notices.json"),
        ("/lab/noarch/acme-1!2+x-0.conda", "lab/noarch/acme-1%212%2Bx-0.conda"),
        (f"/lab/noarch/shards/{HEX}.msgpack.zst", f"lab/noarch/shards/{HEX}.msgpack.zst"),
    ],
)
def test_everything_lies_where_it_lies(path: str, address: str) -> None:
    assert CONDA.source(asked(path), SITE) == SITE.base + address


def test_a_package_is_announced_by_the_indexes_of_its_platform() -> None:
    homes = CONDA.homes(asked("/pkgs/main/linux-64/acme-1.0-0.tar.bz2"), SITE)
    assert homes == tuple(
        asked(f"/pkgs/main/linux-64/{file}")
        for file in ("repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json")
    )
    assert CONDA.homes(asked(f"/lab/noarch/{HEX}.msgpack.zst"), SITE) == ()


def test_shards_are_followed_and_nothing_else() -> None:
    index = {"info": {"base_url": "", "shards_base_url": "s/"}, "shards": {"acme": bytes.fromhex(HEX)}}
    body = zstandard.compress(msgspec.msgpack.encode(index))
    page = Page(body, "", f"{SITE.base}lab/noarch/repodata_shards.msgpack.zst?signed=1")
    assert CONDA.leads(asked(FILE), page) == asked(f"/lab/noarch/s/{HEX}.msgpack.zst")
    assert CONDA.leads(asked("/lab/noarch/acme2-1.0-0.conda"), page) is None
    for other in ("repodata.json", "repodata.json.zst", f"s/{HEX}.msgpack.zst"):
        assert CONDA.leads(asked(FILE), Page(b"{}", "", f"{SITE.base}lab/noarch/{other}")) is None


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize("path", ["/lab/notices.json", "/lab/channeldata.json", "/lab/noarch/run_exports.json"])
def test_what_else_a_channel_tells_is_kept_as_it_is(path: str) -> None:
    page = Page(b'{"packages": {"a-1-0.conda": {"run_exports": {}}}, "x": [ ]}', "", "")
    assert list(CONDA.pins(asked(path), page)) == []
    assert b"".join(CONDA.render(asked(path), page, View("json", "", hidden=frozenset({"a@1"})))) == page.body
    with pytest.raises(UpstreamLied):
        list(CONDA.pins(asked(path), Page(b"<html>", "", "")))


def test_packed_and_plain_are_told_apart_by_name() -> None:
    body = b'{"packages": {}}'
    for path, good in (
        ("/lab/noarch/current_repodata.json", body),
        ("/lab/noarch/current_repodata.json.zst", zstandard.compress(body)),
        ("/lab/noarch/run_exports.json.zst", zstandard.compress(body)),
    ):
        assert list(CONDA.pins(asked(path), Page(good, "", ""))) == []
        with pytest.raises(UpstreamLied):
            list(CONDA.pins(asked(path), Page(zstandard.compress(good), "", "")))


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        ("conda/26.7.1 requests/2.32 CPython/3.12 Linux/6.8 solver/libmamba", "conda", "26.7.1"),
        ("conda-build/25.1 requests/2.32", "conda-build", "25.1"),
        ("mamba/2.9.0 libcurl/8.9.1", "mamba", "2.9.0"),
        ("micromamba/2.3.0 libcurl/8.9.1", "micromamba", "2.3.0"),
        ("pixi/0.81.0", "pixi", "0.81.0"),
        ("py-rattler/0.28.0", "rattler", "0.28.0"),
        ("rattler/0.40", "rattler", "0.40"),
        ("rattler-build/0.50.0", "rattler-build", "0.50.0"),
        ("python-requests/2.32", "", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    found = [(p.family, m["version"]) for p in CONDA.agents if (m := re.match(p.pattern, agent))]
    assert found == ([(family, version)] if family else [])


def test_clients_are_pointed_at_the_alias() -> None:
    for client in CONDA.clients:
        assert all(value == "{base}/conda" for _, value in client.environ)
        assert "{base}/conda" in client.line


def test_pixi_gets_a_mirror_for_everything_below_the_alias() -> None:
    pixi = next(client for client in CONDA.clients if client.name == "pixi")
    line = line_for(pixi, "http://gateway.example", "https://registry.example/alias")
    written = re.search(r"mirrors '\{(\S+): (\[.*\])\}'", line)
    assert written
    told = tomllib.loads(f"{written[1]} = {written[2]}")
    assert told == {"https://registry.example/alias/": ["http://gateway.example/conda/"]}


def test_an_alias_with_a_token_is_not_passed_over_in_silence() -> None:
    assert CONDA.hints.clean("https://registry.example/alias") == "https://registry.example/alias"
    assert CONDA.hints.clean("https://registry.example/t/") == "https://registry.example/t/"
    for text in ("https://registry.example/t/secret", "https://registry.example/t/secret/"):
        with pytest.raises(ValueError, match="token") as caught:
            CONDA.hints.clean(text)
        assert "secret" not in str(caught.value)
