"""Real package managers through a real gateway: with the upstream there, and with it cut off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.clients import ALL, Client, Project, installed
from e2e.running import Gateway
from registry.upstream import Registry

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
CLIENTS = pytest.mark.parametrize("client", ALL.values(), ids=ALL)
SETTINGS = {"upstream.connect_timeout": "5s", "cache.patience": "5s", "cache.reserve": "0"}


def stock(upstream: Registry) -> None:
    """A small tree in both ecosystems, one Python package of it only as a source distribution."""
    upstream.add_wheel("top", "1.0", ("middle>=1", "bottom"), requires_python=">=3.8")
    upstream.add_wheel("middle", "1.0", ("bottom<2",), padding=100_000)
    upstream.add_wheel("middle", "2.0rc1", ("bottom<2",))
    upstream.add_wheel("bottom", "1.0", yanked="broken")
    upstream.add_sdist("bottom", "1.1")
    upstream.add_wheel("bottom", "2.0")
    upstream.add_npm("top", "1.0.0", {"middle": "^1.0.0", "@scope/bottom": "^1.0.0"}, bin={"top": "cli.js"})
    upstream.add_npm("middle", "1.0.0", {"@scope/bottom": "<2"}, padding=100_000)
    upstream.add_npm("@scope/bottom", "1.0.0", deprecated="no longer")
    upstream.add_npm("@scope/bottom", "1.1.0")
    upstream.add_npm("@scope/bottom", "2.0.0")
    upstream.add_npm("@scope/bottom", "3.0.0-rc.1", tag="next")


LOCAL = {"pypi": ("top", "middle", "bottom"), "npm": ("top",)}
"""What must be there afterwards; hoisting of the rest differs between clients."""


@CLIENTS
def test_the_clients_alone(tmp_path: Path, client: Client) -> None:
    """Straight at the local upstream: what fails here is not the gateway's doing."""
    with Registry() as upstream:
        stock(upstream)
        first = Project(tmp_path / "first", ("top",), upstream.pypi_url, upstream.npm_url)
        _try(client, first, LOCAL[client.ecosystem])
        _afresh_and_locked(client, first, tmp_path, LOCAL[client.ecosystem])


@CLIENTS
def test_small_tree_then_without_upstream(tmp_path: Path, client: Client) -> None:
    with Registry() as upstream:
        stock(upstream)
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Gateway(tmp_path / "data", SETTINGS, urls) as gateway:
            first = Project.behind(gateway.url, tmp_path / "first", ("top",))
            _try(client, first, LOCAL[client.ecosystem])
            upstream.forget()
            again = Project.behind(gateway.url, tmp_path / "again", ("top",))
            _try(client, again, LOCAL[client.ecosystem])
            fetched = [r.path for r in upstream.requests if not r.path.startswith("/-/")]
            assert fetched == [], "a second fresh machine costs the upstream nothing"
            upstream.down()
            _afresh_and_locked(client, first, tmp_path, LOCAL[client.ecosystem])
            assert "Traceback" not in gateway.log()


@pytest.mark.parametrize("client", [c for c in ALL.values() if c.name in ("pip", "uv", "npm")], ids=lambda c: c.name)
def test_small_tree_from_a_bare_mirror(tmp_path: Path, client: Client) -> None:
    with Registry(stripped=True) as upstream:
        stock(upstream)
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Gateway(tmp_path / "data", SETTINGS, urls) as gateway:
            first = Project.behind(gateway.url, tmp_path / "first", ("top",))
            _try(client, first, LOCAL[client.ecosystem])
            upstream.down()
            _afresh_and_locked(client, first, tmp_path, LOCAL[client.ecosystem])


@CLIENTS
def test_documents_stale_and_upstream_cut_off(tmp_path: Path, client: Client) -> None:
    """Everything held is long past its time and the upstream is gone: installs go on."""
    with Registry() as upstream:
        stock(upstream)
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        settings = {**SETTINGS, "cache.fresh": "0.01ms", "cache.revalidate_behind": "0"}
        with Gateway(tmp_path / "data", settings, urls) as gateway:
            first = Project.behind(gateway.url, tmp_path / "first", ("top",))
            _try(client, first, LOCAL[client.ecosystem])
            upstream.down()
            gateway.restart()
            _afresh_and_locked(client, first, tmp_path, LOCAL[client.ecosystem])


# ---------------------------------------------------------------- the registries this machine reaches


REAL = {"pypi": ("flask",), "npm": ("express",)}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all clients, with the upstreams that it finds by itself: each thing is fetched once."""
    with Gateway(tmp_path_factory.mktemp("outside") / "data", {"cache.reserve": "0"}) as gateway:
        yield gateway


@contextmanager
def cut_off(gateway: Gateway) -> Iterator[None]:
    """The same gateway at the same address, its upstreams out of reach; then as before."""
    found = gateway.upstreams
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        gateway.restart(pypi=nowhere + "simple/", npm=nowhere)
        try:
            yield
        finally:
            gateway.upstreams = found
            gateway.restart()


@pytest.mark.xdist_group("registries")
@CLIENTS
def test_real_tree_then_with_the_upstream_cut_off(outside: Gateway, tmp_path: Path, client: Client) -> None:
    first = Project.behind(outside.url, tmp_path / "first", REAL[client.ecosystem])
    _try(client, first, REAL[client.ecosystem])
    with cut_off(outside):
        assert first.index.startswith(outside.url), "lock files hold the gateway's address"
        _afresh_and_locked(client, first, tmp_path, REAL[client.ecosystem])


def _try(client: Client, project: Project, names: tuple[str, ...]) -> None:
    client.install(project)
    missing = [name for name in names if not installed(client, project, name)]
    assert not missing, f"{client.name} did not install {missing}"


def _afresh_and_locked(client: Client, first: Project, tmp_path: Path, names: tuple[str, ...]) -> None:
    """Empty caches and no lock; then empty caches and the lock that the first run left."""
    _try(client, first.again(tmp_path / "afresh"), names)
    locked = first.again(tmp_path / "locked", *client.keep)
    client.locked(locked)
    assert all(installed(client, locked, name) for name in names)
