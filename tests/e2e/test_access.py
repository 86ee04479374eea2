"""What does not depend on the protocol alone: reverse proxies, the deny list, keys, methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from e2e.running import IMPATIENT, Gateway
from e2e.test_protocol_npm import PNPM, packument, problem
from e2e.test_protocol_npm import stock as stock_npm
from e2e.test_protocol_pypi import A10, page, row
from registry.upstream import Registry


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Gateway]]:
    with Registry() as upstream:
        upstream.add_wheel("a", "1.0")
        stock_npm(upstream)
        data = tmp_path_factory.mktemp("access") / "data"
        with Gateway(data, IMPATIENT, {"pypi": upstream.pypi_url, "npm": upstream.npm_url}) as gateway:
            yield upstream, gateway


def test_behind_a_trusted_proxy_links_carry_its_address_pypi(tmp_path: Path) -> None:
    forwarded = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "mirror.example",
        "x-forwarded-prefix": "/packages",
        "x-forwarded-for": "192.0.2.7",
    }
    with Registry() as upstream:
        upstream.add_wheel("a", "1.0", provenance=True)
        urls = {"pypi": upstream.pypi_url}
        for trusted in ("127.0.0.0/8", ""):
            settings = {**IMPATIENT, "server.trusted_proxies": trusted}
            with Gateway(tmp_path / f"data{len(trusted)}", settings, urls) as gateway:
                found = page(gateway, "a", **forwarded).json()["files"][0]
                seen_at = "https://mirror.example/packages" if trusted else gateway.url
                url = urljoin(f"{seen_at}/pypi/simple/a/", found["url"])
                assert url.startswith(f"{seen_at}/pypi/files/")
                assert found["provenance"].startswith(f"{seen_at}/pypi/integrity/")
                moved = gateway.ask("/pypi/simple/A", forwarded)
                if moved.status != 200:
                    target = urljoin(f"{seen_at}/pypi/simple/A", moved["location"])
                    assert target == f"{seen_at}/pypi/simple/a/"
                own = page(gateway, "a").json()["files"][0]
                assert urljoin(f"{gateway.url}/pypi/simple/a/", own["url"]).startswith(f"{gateway.url}/pypi/files/")


def test_denied_versions_are_neither_listed_nor_served_pypi(tmp_path: Path) -> None:
    with Registry() as upstream:
        upstream.add_wheel("a", "1.0")
        upstream.add_wheel("a", "1.1")
        urls = {"pypi": upstream.pypi_url}
        with Gateway(tmp_path / "one", IMPATIENT, urls) as gateway:
            path = urlsplit(row(gateway, "a", A10)["url"]).path
        settings = {**IMPATIENT, "access.deny": "pkg:pypi/a@1.0"}
        with Gateway(tmp_path / "two", settings, urls) as gateway:
            document = page(gateway, "a").json()
            assert [f["filename"] for f in document["files"]] == ["a-1.1-py3-none-any.whl"]
            assert document["versions"] == ["1.1"]
            assert A10 not in page(gateway, "a", "text/html").body.decode()
            for denied in (path, path + ".metadata"):
                answer = gateway.ask(denied)
                assert answer.status == 403
                assert answer["content-type"].startswith("application/problem+json")
                assert "pkg:pypi/a" in answer.json()["detail"]
                assert answer.reason not in ("", "Forbidden")
            assert upstream.count("*" + A10) == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_reading_only_pypi(world: tuple[Registry, Gateway], method: str) -> None:
    _, gateway = world
    answer = gateway.ask("/pypi/simple/a/", method=method, body=b"{}")
    assert answer.status == 405
    assert "GET" in answer["allow"]


def test_keyed_paths_want_a_key_pypi(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = gateway.ask("/k/pypi/simple/a/")
    assert answer.status == 401
    assert answer["www-authenticate"].lower().startswith("basic")


def test_behind_a_trusted_proxy_links_carry_its_address_npm(tmp_path: Path) -> None:
    forwarded = {
        "x-forwarded-proto": "https",
        "x-forwarded-host": "mirror.example:8443",
        "x-forwarded-prefix": "/packages",
    }
    with Registry() as upstream:
        upstream.add_npm("@s/c", "1.0.0")
        for trusted in ("127.0.0.0/8", ""):
            settings = {**IMPATIENT, "server.trusted_proxies": trusted}
            with Gateway(tmp_path / f"data{len(trusted)}", settings, {"npm": upstream.npm_url}) as gateway:
                plain = packument(gateway, "@s/c")
                seen_at = "https://mirror.example:8443/packages" if trusted else gateway.url
                answer = packument(gateway, "@s/c", **forwarded)
                dist = answer.json()["versions"]["1.0.0"]["dist"]
                assert dist["tarball"] == f"{seen_at}/npm/@s/c/-/c-1.0.0.tgz"
                assert dist["attestations"]["url"].startswith(f"{seen_at}/npm/-/npm/v1/attestations/")
                assert (answer["etag"] == plain["etag"]) == (answer.body == plain.body)
                assert upstream.count("/@s*c") <= 2


def test_denied_versions_are_neither_listed_nor_served_npm(tmp_path: Path) -> None:
    with Registry() as upstream:
        stock_npm(upstream)
        upstream.add_npm("whole", "1.0.0")
        settings = {**IMPATIENT, "access.deny": "pkg:npm/b@1.1.0,pkg:npm/%40s/c@1.0.0,pkg:npm/whole"}
        with Gateway(tmp_path / "data", settings, {"npm": upstream.npm_url}) as gateway:
            for accept in ("application/json", PNPM):
                document = packument(gateway, "b", accept).json()
                assert list(document["versions"]) == ["1.0.0", "2.0.0-rc.1"]
                assert document["dist-tags"] == {"latest": "1.0.0", "next": "2.0.0-rc.1"}
                assert "1.1.0" not in document.get("time", {})
            assert gateway.ask("/npm/-/package/b/dist-tags").json()["latest"] == "1.0.0"
            assert gateway.ask("/npm/b/latest").json()["version"] == "1.0.0"
            for path in (
                "/npm/b/-/b-1.1.0.tgz",
                "/npm/@s%2fc/-/c-1.0.0.tgz",
                "/npm/whole",
                "/npm/whole/-/whole-1.0.0.tgz",
            ):
                answer = gateway.ask(path)
                document = problem(answer, 403)
                assert "pkg:npm/" in document["detail"]
                assert answer.reason not in ("", "Forbidden")
            assert gateway.ask("/npm/b/1.1.0").status in (403, 404)
            assert upstream.count("*.tgz") == 0


@pytest.mark.parametrize(("method", "path"), [("PUT", "/npm/a"), ("DELETE", "/npm/a/-rev/1"), ("PUT", "/npm/-/user/x")])
def test_reading_only_npm(world: tuple[Registry, Gateway], method: str, path: str) -> None:
    upstream, gateway = world
    upstream.forget()
    answer = gateway.ask(path, method=method, body=b"{}")
    assert answer.status in (404, 405)
    if path == "/npm/a":
        problem(answer, 405)
    assert upstream.count() == 0
