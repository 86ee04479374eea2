"""One ecosystem served twice by one gateway: each registry with an upstream, copies and figures of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.running import IMPATIENT, Gateway, clean_environment
from e2e.scene import SIMPLE_JSON, eventually, refused
from registry.upstream import Registry
from subak.config import upstream_variable

PAIR = ("pypi", "pypi-internal")


@pytest.fixture
def two() -> Iterator[tuple[Registry, Registry]]:
    with Registry() as public, Registry() as internal:
        yield public, internal


def before(two: tuple[Registry, Registry], tmp_path: Path, **settings: str) -> Gateway:
    public, internal = two
    urls = {"pypi": public.pypi_url, "npm": public.npm_url}
    urls |= {"pypi-internal": internal.pypi_url, "npm-internal-old": internal.npm_url}
    own = {name.replace("__", "."): value for name, value in settings.items()}
    return Gateway(tmp_path / "data", {**IMPATIENT, **own}, urls, workers=2)


def wheel(gateway: Gateway, registry: str, name: str = "thing") -> str:
    """Where the gateway has the first file of a project."""
    rows = gateway.ask(f"/{registry}/simple/{name}/", {"accept": SIMPLE_JSON}).json()["files"]
    url = str(rows[0]["url"])
    return url.removeprefix(gateway.url) if url.startswith("http") else f"/{registry}/{url.rpartition('../')[2]}"


def subak(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {upstream_variable(name): url for name, url in gateway.upstreams.items()}
    own |= {"SUBAK_DATA": str(gateway.data), "HOME": str(gateway.data.parent), "PATH": os.environ["PATH"]}
    env = {**clean_environment(**own), "PYTHONPATH": gateway.environment()["PYTHONPATH"]}
    command = [sys.executable, "-m", "subak", *arguments]
    return subprocess.run(
        command, env=env, cwd=gateway.data.parent, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_same_name_twice(two: tuple[Registry, Registry], tmp_path: Path) -> None:
    """Same project, same version, other bytes: nothing of one registry is ever answered for the other."""
    files = [
        registry.add_wheel("thing", "1.0", padding=padding) for registry, padding in zip(two, (9, 99), strict=True)
    ]
    assert files[0].body != files[1].body
    with before(two, tmp_path) as gateway:
        for registry, upstream, file in zip(PAIR, two, files, strict=True):
            path = wheel(gateway, registry)
            assert path.startswith(f"/{registry}/files/")
            for _ in range(2):
                answer = gateway.ask(path)
                assert (answer.status, answer.body == file.body) == (200, True)
            eventually(lambda path=path: gateway.ask(path)["x-subak-cache"] == "hit")
            assert upstream.count(file.path) == 1
            keyed = gateway.ask(f"/k/{registry}/simple/thing/")
            assert keyed.status == 401
        for upstream in two:
            upstream.down()
        assert [gateway.ask(wheel(gateway, registry)).body for registry in PAIR] == [file.body for file in files]
        moved = gateway.ask("/pypi-internal/simple/Thing")
        assert (moved.status, moved["location"]) == (301, f"{gateway.url}/pypi-internal/simple/thing/")
        assert gateway.ask("/pypi-other/simple/thing/").status == 404
        assert "Traceback" not in gateway.log()


def test_links_of_a_further_registry_lead_back_to_it(two: tuple[Registry, Registry], tmp_path: Path) -> None:
    version = two[1].add_npm("thing", "1.0.0")
    with before(two, tmp_path) as gateway:
        packument = gateway.ask("/npm-internal-old/thing").json()
        assert packument["versions"]["1.0.0"]["dist"]["tarball"] == f"{gateway.url}/npm-internal-old{version.path}"
        assert gateway.ask(f"/npm-internal-old{version.path}").body == version.body
        assert gateway.ask("/npm/thing").status == 404


def test_a_denied_package_is_denied_everywhere(two: tuple[Registry, Registry], tmp_path: Path) -> None:
    for registry in two:
        registry.add_wheel("thing", "1.0")
        registry.add_wheel("thing", "2.0")
    with before(two, tmp_path, access__deny="pkg:pypi/thing@2.0,pkg:npm/evil") as gateway:
        for registry in PAIR:
            page = gateway.ask(f"/{registry}/simple/thing/", {"accept": SIMPLE_JSON}).json()
            assert page["versions"] == ["1.0"]
        for registry in ("npm", "npm-internal-old"):
            refused(gateway.ask(f"/{registry}/evil"), 403)


def test_people_are_told_of_it(two: tuple[Registry, Registry], tmp_path: Path) -> None:
    two[1].add_wheel("thing", "1.0")
    with before(two, tmp_path) as gateway:
        path = wheel(gateway, "pypi-internal")
        assert gateway.ask(path).status == 200
        assert f"pypi-internal {two[1].pypi_url}" in " ".join(gateway.log().split())
        page = gateway.ask("/", {"accept": "text/html"}).body.decode()
        assert "/pypi-internal/" in page
        assert gateway.ask("/-/api/v1/status").json()["upstreams"]["pypi-internal"]["url"] == two[1].pypi_url
        assert 'ecosystem="pypi-internal"' in gateway.ask("/-/metrics").body.decode()
        story = subak(gateway, "explain", path).stdout
        assert "pypi-internal: artifact" in story
        assert "held as sha256" in story
        doctor = json.loads(subak(gateway, "doctor", "--json", "--url", gateway.url).stdout)["findings"]
        (found,) = (f for f in doctor if f["name"] == "upstream pypi-internal")
        assert (found["state"], found["text"].endswith("(from SUBAK_UPSTREAM_PYPI_INTERNAL) answers")) == ("ok", True)
        gateway.stop()
        rows = json.loads(subak(gateway, "stats", "--json").stdout)["ecosystems"]
        assert {row["ecosystem"]: row["requests"] for row in rows}["pypi-internal"] == 2


def test_a_name_that_cannot_be_served_stops_the_start(two: tuple[Registry, Registry], tmp_path: Path) -> None:
    for name, told in (("oci-internal", "insist on /v2/"), ("pypy-internal", "did you mean 'pypi'?")):
        gateway = Gateway(tmp_path / name, IMPATIENT, {"pypi": two[0].pypi_url, name: two[1].pypi_url})
        with pytest.raises(RuntimeError, match="ended with 1") as caught:
            gateway.start()
        assert told in str(caught.value)
        assert "Traceback" not in str(caught.value)
