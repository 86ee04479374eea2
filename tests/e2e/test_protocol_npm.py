"""The JavaScript registry as its clients see it through the gateway, over plain HTTP."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from e2e.asking import Answer, ask
from e2e.running import IMPATIENT, Gateway
from e2e.scene import eventually
from registry.npm_registry import KEPT, KEYS
from registry.upstream import Registry

SHORT = "application/vnd.npm.install-v1+json"
PNPM = f"{SHORT}; q=1.0, application/json; q=0.8, */*"
PNPM_FULL = "application/json; q=1.0, */*"
DATES = {
    "1.0.0": "2020-01-02T03:04:05.678Z",
    "1.1.0": "2021-01-02T03:04:05.678Z",
    "2.0.0-rc.1": "2022-01-02T03:04:05.678Z",
}


def stock(upstream: Registry) -> None:
    upstream.add_npm("b", "1.0.0", time=DATES["1.0.0"])
    upstream.add_npm("b", "1.1.0", time=DATES["1.1.0"], deprecated="use something else")
    upstream.add_npm("b", "2.0.0-rc.1", time=DATES["2.0.0-rc.1"], tag="next")
    upstream.add_npm(
        "a", "1.0.0", {"b": "^1.0.0", "@s/c": "1.0.0"},
        padding=30_000, os=["linux", "darwin"], cpu=["x64"], libc=["glibc"], engines={"node": ">=18"},
        bin={"a": "cli.js"}, hasInstallScript=True, peerDependencies={"p": "*"},
        peerDependenciesMeta={"p": {"optional": True}}, optionalDependencies={"o": "1"}, funding="https://f.example",
        _unknown={"kept": True}, scripts={"test": "true"},
    )  # fmt: skip
    upstream.add_npm("@s/c", "1.0.0")
    upstream.add_npm("@s/c", "1.0.1-beta.2+build.5", tag="beta")
    upstream.add_npm("Old.Name", "0.1.0", basename="Old.Name-0.1.tgz", integrity="sha1")
    for name in ("npm", "search", "ping", "simple"):
        upstream.add_npm(name, "1.0.0")
    upstream.npm.advisories["b"] = [{"id": 1, "url": "https://advisories.example/1", "severity": "low"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Gateway]]:
    with Registry() as upstream:
        stock(upstream)
        data = tmp_path_factory.mktemp("npm") / "data"
        with Gateway(data, IMPATIENT, {"pypi": upstream.pypi_url, "npm": upstream.npm_url}) as gateway:
            yield upstream, gateway


def packument(gateway: Gateway, name: str, accept: str = "application/json", **headers: str) -> Answer:
    return gateway.ask(f"/npm/{quote(name, safe='@')}", {**({"accept": accept} if accept else {}), **headers})


def versions(gateway: Gateway, name: str, accept: str = "application/json") -> dict[str, Any]:
    answer = packument(gateway, name, accept)
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.json()["versions"]
    return found


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """Checks that it is a problem document which npm clients can show, too."""
    assert answer.status == status, answer
    assert answer["content-type"].startswith("application/problem+json")
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert {"type", "title", "detail", "error"} <= set(document)
    return document


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize("spelling", ["@s%2fc", "@s%2Fc", "@s/c", "%40s%2fc", "%40s/c"])
def test_scoped_names_in_every_spelling(world: tuple[Registry, Gateway], spelling: str) -> None:
    upstream, gateway = world
    answer = gateway.ask(f"/npm/{spelling}")
    assert answer.status == 200
    assert answer.json()["name"] == "@s/c"
    assert answer["etag"] == gateway.ask("/npm/@s%2fc")["etag"]
    assert upstream.count("/@s*c") <= 1
    body = upstream.npm.packages["@s/c"].versions["1.0.0"].body
    assert gateway.ask(f"/npm/{spelling}/-/c-1.0.0.tgz").body == body
    assert upstream.count("/@s*/-/c-1.0.0.tgz") == 1


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (PNPM, SHORT),
        (PNPM_FULL, "application/json"),
        (SHORT, SHORT),
        (f"application/json, {SHORT};q=0.1", "application/json"),
    ],
)
def test_negotiation(world: tuple[Registry, Gateway], accept: str, content_type: str) -> None:
    _, gateway = world
    answer = packument(gateway, "a", accept)
    assert answer.status == 200
    assert answer["content-type"].partition(";")[0] == content_type
    assert ("readme" in answer.json()) == (content_type == "application/json")
    assert "accept" in answer["vary"].lower()


def test_each_representation_has_its_own_validator(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    full, short = packument(gateway, "a"), packument(gateway, "a", PNPM)
    assert full["etag"]
    assert short["etag"]
    assert full["etag"] != short["etag"]
    for accept, answer, other in (("application/json", full, short), (PNPM, short, full)):
        same = packument(gateway, "a", accept, **{"if-none-match": answer["etag"]})
        assert (same.status, same.body, same["etag"]) == (304, b"", answer["etag"])
        assert "accept" in same["vary"].lower()
        assert packument(gateway, "a", accept, **{"if-none-match": other["etag"]}).status == 200


def test_packuments_are_kept_ten_minutes_at_most(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = packument(gateway, "a")
    directives = dict(d.strip().partition("=")[::2] for d in answer["cache-control"].split(","))
    assert 0 <= int(directives["max-age"]) <= 600
    assert answer["x-request-id"]
    assert answer["via"].startswith("1.1 ")


def test_full_form_passes_everything_through(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    for name in ("a", "b", "@s/c", "Old.Name"):
        theirs = upstream.npm.packument(upstream.npm.packages[name])
        ours = packument(gateway, name).json()
        assert {**ours, "versions": 0} == {**theirs, "versions": 0}
        their_versions = theirs["versions"]
        assert isinstance(their_versions, dict)
        assert list(ours["versions"]) == list(their_versions)
        for version, true in their_versions.items():
            mine = ours["versions"][version]
            assert {**mine, "dist": 0} == {**true, "dist": 0}
            moved = ("tarball", "attestations")
            assert _without(mine["dist"], *moved) == _without(true["dist"], *moved)
            assert mine["dist"]["attestations"]["provenance"] == true["dist"]["attestations"]["provenance"]


def _without(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in keys}


def test_abbreviated_form_keeps_what_clients_read(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    theirs = upstream.npm.packages["a"].versions["1.0.0"].manifest
    short = packument(gateway, "a", PNPM).json()
    manifest = short["versions"]["1.0.0"]
    for key in KEPT:
        if key in theirs:
            assert manifest[key] == theirs[key]
    assert "_unknown" not in manifest
    assert "scripts" not in manifest
    assert not {"readme", "_id", "_rev", "maintainers"} & set(short)
    assert short["modified"] == packument(gateway, "a").json()["time"]["modified"]
    assert versions(gateway, "b", PNPM)["1.1.0"]["deprecated"] == "use something else"
    assert {"integrity", "shasum", "tarball", "signatures"} <= set(manifest["dist"])


def test_times_are_never_ours(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    time = packument(gateway, "b").json()["time"]
    assert {v: time[v] for v in DATES} == DATES
    short = packument(gateway, "b", PNPM).json()
    assert short.get("time", time) == time


def test_tarballs_lead_here(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    for name in ("a", "@s/c", "Old.Name"):
        for accept in ("application/json", PNPM):
            answer = packument(gateway, name, accept)
            assert upstream.npm.url not in answer.body.decode()
            for version, manifest in answer.json()["versions"].items():
                basename = upstream.npm.packages[name].versions[version].basename
                url = manifest["dist"]["tarball"]
                assert url.replace("%2B", "+").replace("%2f", "/") == f"{gateway.url}/npm/{name}/-/{basename}"
                attestations = manifest["dist"]["attestations"]["url"]
                assert attestations.startswith(f"{gateway.url}/npm/-/npm/v1/attestations/")


def test_one_manifest(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    for wanted, version in (("1.0.0", "1.0.0"), ("latest", "1.1.0"), ("next", "2.0.0-rc.1")):
        answer = gateway.ask(f"/npm/b/{wanted}")
        assert answer.status == 200
        manifest = answer.json()
        assert (manifest["name"], manifest["version"]) == ("b", version)
        assert manifest["dist"]["tarball"].startswith(f"{gateway.url}/npm/b/-/")
    assert gateway.ask("/npm/@s%2fc/latest").json()["version"] == "1.0.0"
    problem(gateway.ask("/npm/b/9.9.9"), 404)


def test_dist_tags(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    assert gateway.ask("/npm/-/package/b/dist-tags").json() == {"latest": "1.1.0", "next": "2.0.0-rc.1"}
    for spelling in ("@s%2fc", "@s/c"):
        assert gateway.ask(f"/npm/-/package/{spelling}/dist-tags").json()["beta"] == "1.0.1-beta.2+build.5"


@pytest.mark.parametrize("name", ["npm", "search", "ping", "simple", "Old.Name"])
def test_names_that_look_like_something_else(world: tuple[Registry, Gateway], name: str) -> None:
    _, gateway = world
    assert packument(gateway, name).json()["name"] == name


def test_names_keep_their_case(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    problem(packument(gateway, "old.name"), 404)


def test_unknown_package(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    assert "nobody-has-this" in json.dumps(problem(packument(gateway, "nobody-has-this"), 404))
    problem(gateway.ask("/npm/@s%2fnobody"), 404)
    problem(gateway.ask("/npm/b/-/b-9.9.9.tgz"), 404)


def test_compression_is_announced(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = packument(gateway, "a", **{"accept-encoding": "gzip"})
    body = gzip.decompress(answer.body) if answer["content-encoding"] == "gzip" else answer.body
    assert json.loads(body)["name"] == "a"
    if answer["content-encoding"]:
        assert "accept-encoding" in answer["vary"].lower()


# ---------------------------------------------------------------- tarballs


@pytest.mark.parametrize("accept", ["", PNPM, "application/json", "text/html"])
def test_tarballs_are_never_negotiated(world: tuple[Registry, Gateway], accept: str) -> None:
    upstream, gateway = world
    body = upstream.npm.packages["a"].versions["1.0.0"].body
    headers = {"accept-encoding": "gzip", **({"accept": accept} if accept else {})}
    answer = gateway.ask("/npm/a/-/a-1.0.0.tgz", headers)
    assert (answer.status, answer.complete) == (200, True)
    assert answer.body == body
    assert int(answer["content-length"]) == len(body)
    assert answer["accept-ranges"] == "bytes"
    assert answer["etag"]
    assert not answer["content-encoding"]
    assert "json" not in answer["content-type"]


def test_build_metadata_in_file_names(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    body = upstream.npm.packages["@s/c"].versions["1.0.1-beta.2+build.5"].body
    for spelling in ("c-1.0.1-beta.2+build.5.tgz", "c-1.0.1-beta.2%2Bbuild.5.tgz"):
        assert gateway.ask(f"/npm/@s%2fc/-/{spelling}").body == body


def test_unconventional_file_names(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    version = upstream.npm.packages["Old.Name"].versions["0.1.0"]
    assert gateway.ask("/npm/Old.Name/-/Old.Name-0.1.tgz").body == version.body


def test_ranges_head_and_304(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    body = upstream.npm.packages["a"].versions["1.0.0"].body
    path = "/npm/a/-/a-1.0.0.tgz"
    assert gateway.ask(path, {"range": "bytes=0-9"}).body == body[:10]
    assert gateway.ask(path, {"range": "bytes=-10"}).body == body[-10:]
    assert gateway.ask(path, {"range": f"bytes={len(body)}-"}).status == 416
    head = gateway.ask(path, method="HEAD")
    assert (head.status, int(head["content-length"])) == (200, len(body))
    assert gateway.ask(path, {"if-none-match": head["etag"]}).status == 304


def test_npm_ci_asks_for_tarballs_only(tmp_path: Path) -> None:
    """A cold tarball without its packument: the gateway finds the pin by itself, once."""
    with Registry() as upstream:
        stock(upstream)
        with Gateway(tmp_path / "data", IMPATIENT, {"npm": upstream.npm_url}) as gateway:
            for name, base in (("b", "b"), ("@s%2fc", "c")):
                answer = gateway.ask(f"/npm/{name}/-/{base}-1.0.0.tgz")
                assert (answer.status, answer["x-subak-cache"]) == (200, "miss")
            gateway.ask("/npm/b/-/b-1.1.0.tgz")
            assert upstream.count("/b") == 1


def test_tarballs_may_lie_on_another_host(tmp_path: Path) -> None:
    with Registry() as upstream:
        elsewhere = upstream.npm.url.replace("127.0.0.1", "localhost")
        version = upstream.add_npm("a", "1.0.0", tarball_url=f"{elsewhere}/a/-/a-1.0.0.tgz")
        with Gateway(tmp_path / "data", IMPATIENT, {"npm": upstream.npm_url}) as gateway:
            assert versions(gateway, "a")["1.0.0"]["dist"]["tarball"] == f"{gateway.url}/npm/a/-/a-1.0.0.tgz"
            assert gateway.ask("/npm/a/-/a-1.0.0.tgz").body == version.body


@pytest.mark.parametrize("integrity", ["sha512", "sha1", "none"])
def test_pins_strong_weak_and_none(tmp_path: Path, integrity: str) -> None:
    with Registry() as upstream:
        version = upstream.add_npm("a", "1.0.0", integrity=integrity)
        with Gateway(tmp_path / "data", IMPATIENT, {"npm": upstream.npm_url}) as gateway:
            dist = versions(gateway, "a")["1.0.0"]["dist"]
            assert gateway.ask("/npm/a/-/a-1.0.0.tgz").body == version.body
            eventually(lambda: hashlib.sha256(version.body).hexdigest() in gateway.blobs())
            if integrity == "sha1":
                assert dist["shasum"] == hashlib.sha1(version.body).hexdigest()


@pytest.mark.parametrize("size", [0, 400_000], ids=["small", "large"])
def test_wrong_pins_are_never_completed(tmp_path: Path, size: int) -> None:
    with Registry() as upstream:
        upstream.add_npm("a", "1.0.0", integrity="wrong", padding=size)
        with Gateway(tmp_path / "data", IMPATIENT, {"npm": upstream.npm_url}) as gateway:
            answer = gateway.ask("/npm/a/-/a-1.0.0.tgz")
            assert answer.status == 502 or (answer.status == 200 and not answer.complete)
            assert hashlib.sha256(upstream.npm.packages["a"].versions["1.0.0"].body).hexdigest() not in gateway.blobs()


# ---------------------------------------------------------------- services


def test_services_are_passed_through(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    assert gateway.ask("/npm/-/npm/v1/keys").json() == KEYS
    attestations = gateway.ask("/npm/-/npm/v1/attestations/@s%2fc@1.0.0").json()
    assert attestations["attestations"][0]["bundle"] == {"of": "@s/c@1.0.0"}
    found = gateway.ask("/npm/-/v1/search?text=ear&size=20")
    assert [o["package"]["name"] for o in found.json()["objects"]] == ["search"]
    (asked,) = upstream.seen("/-/v1/search")
    assert asked.query == "text=ear&size=20"
    assert gateway.ask("/npm/-/ping").status == 200


def test_search_is_not_kept(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    upstream.forget()
    for _ in range(2):
        assert gateway.ask("/npm/-/v1/search?text=npm").status == 200
    assert upstream.count("/-/v1/search") == 2


@pytest.mark.parametrize("packed", [True, False])
def test_audit(world: tuple[Registry, Gateway], packed: bool) -> None:
    upstream, gateway = world
    body = json.dumps({"a": ["1.0.0"], "b": ["1.0.0"]}).encode()
    headers = {"content-type": "application/json", **({"content-encoding": "gzip"} if packed else {})}
    path = "/npm/-/npm/v1/security/advisories/bulk"
    answer = gateway.ask(path, headers, method="POST", body=gzip.compress(body) if packed else body)
    assert answer.status == 200
    assert answer.json() == {"b": upstream.npm.advisories["b"]}


def test_no_credentials_are_passed_on(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    gateway.ask("/npm/-/v1/search?text=x", {"authorization": "Bearer secret", "cookie": "a=b"})
    gateway.ask("/npm/ping", {"cookie": "a=b"})
    assert not [r for r in upstream.requests if {"authorization", "cookie"} & set(r.headers)]


def test_bare_mirror(tmp_path: Path) -> None:
    with Registry(stripped=True) as upstream:
        version = upstream.add_npm("a", "1.0.0", {"b": "1"}, os=["linux"])
        with Gateway(tmp_path / "data", IMPATIENT, {"npm": upstream.npm_url}) as gateway:
            short = packument(gateway, "a", PNPM)
            assert short["content-type"].startswith(SHORT)
            assert "readme" not in short.json()
            assert short.json()["versions"]["1.0.0"]["os"] == ["linux"]
            full = packument(gateway, "a")
            assert "signatures" not in full.json()["versions"]["1.0.0"]["dist"]
            assert full["etag"]
            assert gateway.ask("/npm/a/-/a-1.0.0.tgz").body == version.body
            assert gateway.ask("/npm/a/1.0.0").json()["version"] == "1.0.0"
            assert gateway.ask("/npm/-/package/a/dist-tags").json() == {"latest": "1.0.0"}
            for path in ("/npm/-/npm/v1/keys", "/npm/-/npm/v1/attestations/a@1.0.0"):
                assert gateway.ask(path).status in (200, 404)
            audit = gateway.ask("/npm/-/npm/v1/security/advisories/bulk", method="POST", body=b'{"a":["1.0.0"]}')
            assert audit.status in (200, 404)
            search = gateway.ask("/npm/-/v1/search?text=a")
            assert search.status in (200, 404)
            if search.status == 200:
                assert search.json()["objects"] == []


def test_tarball_urls_survive_a_round_trip(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    for name in ("a", "b", "@s/c", "Old.Name"):
        for version, manifest in versions(gateway, name).items():
            path = urlsplit(manifest["dist"]["tarball"]).path
            body = gateway.ask(path).body
            assert body == upstream.npm.packages[name].versions[version].body
            if "integrity" in manifest["dist"]:
                sri = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
                assert manifest["dist"]["integrity"] == sri


def test_addresses_are_absolute(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    assert ask(versions(gateway, "a")["1.0.0"]["dist"]["tarball"], "").status == 200
