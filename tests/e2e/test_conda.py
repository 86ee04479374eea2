"""Conda through a real gateway: the protocol by hand, and rattler (pixi's own library) as the client."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard

from e2e.clients import alone, ran
from e2e.running import ROOT, Gateway
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, refused
from registry.conda_registry import ALIAS, FILES, JSON, SHARDS, ZST, CondaRegistry, Package
from registry.weather import Weather

WITHOUT: Mapping[str, frozenset[str]] = {
    "shards": frozenset(),
    "zst": frozenset({SHARDS}),
    "json": frozenset({SHARDS, ZST}),
}
"""What an upstream must lack so that clients take the representation of that name."""


@dataclass(frozen=True)
class Stock:
    """A small channel: a package that wants another, on two platforms, in both kinds of file."""

    old: Package
    new: Package
    other: Package


def stock(upstream: CondaRegistry, **more: Any) -> Stock:
    old = upstream.add("acme", "1.0", **more)
    new = upstream.add("acme", "1.1", ("b-c >=0.1",), kind="tar.bz2", **more)
    other = upstream.add("b-c", "1!0.1+x", subdir="linux-64", padding=200_000, **more)
    upstream.index(more.get("channel", "lab"))
    return Stock(old, new, other)


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[CondaRegistry]:
    with CondaRegistry(tmp_path / "alias") as registry:
        yield registry


before = partial(in_front_of, "conda")


# ---------------------------------------------------------------- the client


@dataclass(slots=True)
class Machine:
    """Somebody's machine with empty caches, whose channels are named below an alias."""

    folder: Path
    alias: str
    channels: tuple[str, ...] = ("lab",)
    specs: tuple[str, ...] = ("acme",)
    mirrors: dict[str, list[str]] = field(default_factory=dict)

    @property
    def lock(self) -> Path:
        return self.folder / "pixi.lock"

    def again(self, folder: Path, *, locked: bool) -> Machine:
        """The same project on another fresh machine, with or without its lock file."""
        other = Machine(folder, self.alias, self.channels, self.specs, self.mirrors)
        if locked:
            folder.mkdir(parents=True)
            other.lock.write_bytes(self.lock.read_bytes())
        return other

    def _run(self) -> dict[str, Any]:
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = {
            "alias": self.alias, "channels": self.channels, "specs": self.specs, "mirrors": self.mirrors,
            "cache": str(self.folder / "cache"), "prefix": str(self.folder / "prefix"), "lock": str(self.lock),
        }  # fmt: skip
        command = [sys.executable, ROOT / "tests" / "e2e" / "rattler_client.py", json.dumps(wanted)]
        done = ran(command, self.folder, alone(self.folder, "CONDA", "RATTLER", "PIXI", "MAMBA"))
        assert done.stdout, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def installs(self) -> dict[str, str]:
        """Versions by name of what was installed, each proven to be in the prefix. Fails the test when it fails."""
        answer = self._run()
        assert "installed" in answer, answer
        for name, (version, _) in answer["installed"].items():
            assert (self.folder / "prefix" / "share" / f"{name}.txt").read_text() == f"{name} {version}\n"
        return {name: version for name, (version, _) in answer["installed"].items()}

    def fails(self) -> str:
        """What the client said when it failed."""
        answer = self._run()
        assert "failed" in answer, answer
        return str(answer["failed"])


ALL = {"acme": "1.1", "b-c": "1!0.1+x"}

client = pytest.mark.clients


def behind(gateway: Gateway, folder: Path, **more: Any) -> Machine:
    return Machine(folder, f"{gateway.url}/conda/", **more)


def taken(upstream: CondaRegistry) -> list[str]:
    """What the upstream gave, without what is named by a hash."""
    return sorted({r.path.rpartition("/")[2] for r in upstream.seen() if r.status == 200 and "/shards/" not in r.path})


@client
@pytest.mark.parametrize("form", WITHOUT)
def test_install_then_without_upstream(upstream: CondaRegistry, tmp_path: Path, form: str) -> None:
    things = stock(upstream)
    upstream.missing |= WITHOUT[form]
    # Clients ask for what is not there before they take what is: that must be known, too, when upstream is gone.
    with before(upstream, tmp_path, cache__absent="1h") as gateway:
        first = behind(gateway, tmp_path / "first")
        assert first.installs() == ALL
        assert gateway.url in first.lock.read_text()
        packages = [p.path.rpartition("/")[2] for p in (things.new, things.other)]
        index = {"shards": SHARDS, "zst": ZST, "json": JSON}[form]
        fetched = [name.replace("%21", "!").replace("%2B", "+") for name in taken(upstream)]
        assert sorted(fetched) == sorted([*packages, index])
        upstream.forget()
        first.again(tmp_path / "second", locked=False).installs()
        first.again(tmp_path / "third", locked=True).installs()
        assert [r for r in upstream.seen() if r.status == 200] == [], "further machines cost the upstream nothing"
        upstream.down()
        gateway.restart()
        assert first.again(tmp_path / "afresh", locked=False).installs() == ALL
        assert first.again(tmp_path / "locked", locked=True).installs() == ALL
        assert "Traceback" not in gateway.log()


@client
@pytest.mark.parametrize("form", WITHOUT)
def test_a_hidden_version_is_hidden_in_every_form(upstream: CondaRegistry, tmp_path: Path, form: str) -> None:
    stock(upstream)
    upstream.missing |= WITHOUT[form]
    with before(upstream, tmp_path) as gateway:
        locked = behind(gateway, tmp_path / "locked")
        locked.installs()
        gateway.settings["access.deny"] = "pkg:conda/acme@1.1.0"
        gateway.restart()
        assert behind(gateway, tmp_path / "new").installs() == {"acme": "1.0"}
        assert "403" in locked.again(tmp_path / "again", locked=True).fails()
        assert behind(gateway, tmp_path / "other", specs=("b-c",)).installs() == {"b-c": "1!0.1+x"}
        # Where the name does not occur, clients need not take the whole index.
        noarch, linux = (gateway.ask(f"/conda/lab/{subdir}/{SHARDS}") for subdir in ("noarch", "linux-64"))
        assert (noarch.status, linux.status) == (404, 200 if form == "shards" else 404)


@client
def test_a_corrupt_package_is_refused(upstream: CondaRegistry, tmp_path: Path) -> None:
    things = stock(upstream)
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set("*.conda", Weather(corrupt=True))
        upstream.weather.set("*.tar.bz2", Weather(corrupt=True))
        machine = behind(gateway, tmp_path / "first")
        assert "502" in machine.fails() or "body" in machine.fails()
        for package in (things.new, things.other):
            answer = gateway.ask(f"/conda{package.path}")
            assert answer.status == 502 or not answer.complete
        assert not any(body in (things.new.body, things.other.body) for body in gateway.blobs().values())
        assert not {things.new.sha256, things.other.sha256} & gateway.blobs().keys()
        eventually(lambda: gateway.leftovers() == [])
        upstream.weather.clear()
        assert behind(gateway, tmp_path / "second").installs() == ALL


@client
@pytest.mark.parametrize("form", WITHOUT)
def test_a_lock_file_asks_no_index_first(upstream: CondaRegistry, tmp_path: Path, form: str) -> None:
    """A fresh gateway finds the pins by itself: in the shard of each name, or in the whole index."""
    stock(upstream)
    with before(upstream, tmp_path, name="maker") as gateway:
        locked = behind(gateway, tmp_path / "first")
        locked.installs()
        address = gateway.url
    upstream.missing |= WITHOUT[form]
    upstream.forget()
    with before(upstream, tmp_path, name="fresh") as gateway:
        other = locked.again(tmp_path / "second", locked=True)
        other.lock.write_text(other.lock.read_text().replace(address, gateway.url))
        assert other.installs() == ALL
        assert len(upstream.seen("*/shards/*")) == (2 if form == "shards" else 0)
        assert len([r for r in upstream.seen("*/repodata.json*") if r.status == 200]) == (0 if form == "shards" else 2)


@client
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_upstream_refuses_now_is_served_stale(upstream: CondaRegistry, tmp_path: Path, status: int) -> None:
    """Clients remember for a week that there are no shards, once they were told so by a 4xx."""
    stock(upstream)
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        behind(gateway, tmp_path / "first").installs()
        upstream.weather.set("*", Weather(status=status))
        assert behind(gateway, tmp_path / "second").installs() == ALL
        answer = gateway.ask(f"/conda/lab/win-64/{SHARDS}")  # nothing of it is held
        assert answer.status >= 500


@client
def test_pixis_mirrors(upstream: CondaRegistry, tmp_path: Path) -> None:
    """The lock file names the upstream, which is nowhere: everything comes from here."""
    stock(upstream)
    with before(upstream, tmp_path) as gateway:
        elsewhere = "http://alias.example/"
        mirrors = {elsewhere: [f"{gateway.url}/conda/"]}
        machine = Machine(tmp_path / "first", elsewhere, mirrors=mirrors)
        assert machine.installs() == ALL
        assert gateway.url not in machine.lock.read_text()
        upstream.down()
        assert machine.again(tmp_path / "second", locked=True).installs() == ALL


@client
def test_packages_that_are_elsewhere(upstream: CondaRegistry, tmp_path: Path) -> None:
    """CEP-15: they are fetched from where the index says, and clients are told that they are here."""
    things = stock(upstream)
    for subdir in ("noarch", "linux-64"):
        index = upstream.file(f"/lab/{subdir}/{JSON}")
        tree = json.loads(index.read_text())
        tree["info"]["base_url"] = f"{upstream.at(FILES)}/lab/{subdir}/"
        index.write_text(json.dumps(tree))
        upstream.file(f"/lab/{subdir}/{ZST}").write_bytes(zstandard.compress(index.read_bytes()))
    upstream.missing.add(SHARDS)
    with before(upstream, tmp_path) as gateway:
        machine = behind(gateway, tmp_path / "first")
        assert machine.installs() == ALL
        assert f"{gateway.url}/conda{things.new.path}" in machine.lock.read_text()
        assert upstream.seen("*acme*", ALIAS) + upstream.seen("*b-c*", ALIAS) == []
        assert len(upstream.seen("*acme*", FILES) + upstream.seen("*b-c*", FILES)) == 2
        for name in (JSON, ZST):
            assert b"base_url" not in unpacked(gateway.ask(f"/conda/lab/noarch/{name}").body)


@client
def test_channels_of_several_segments(upstream: CondaRegistry, tmp_path: Path) -> None:
    stock(upstream, channel="pkgs/main")
    with before(upstream, tmp_path) as gateway:
        assert behind(gateway, tmp_path / "first", channels=("pkgs/main",)).installs() == ALL
        assert "404" in behind(gateway, tmp_path / "second", channels=("pkgs/none",)).fails()


# ---------------------------------------------------------------- the protocol by hand


def unpacked(body: bytes) -> bytes:
    return zstandard.decompress(body, max_output_size=10**7) if body.startswith(b"\x28\xb5\x2f\xfd") else body


def test_indexes_are_what_upstream_has(upstream: CondaRegistry, tmp_path: Path) -> None:
    stock(upstream)
    with before(upstream, tmp_path) as gateway:
        for name, kind in ((SHARDS, "application/zstd"), (ZST, "application/zstd"), (JSON, "application/json")):
            path = f"/lab/noarch/{name}"
            head = gateway.ask(f"/conda{path}", method="HEAD")
            answer = gateway.ask(f"/conda{path}", {"accept-encoding": "gzip, br, zstd" if name != JSON else "identity"})
            assert (answer.status, answer.body) == (200, upstream.file(path).read_bytes())
            assert (answer["content-type"], answer["content-encoding"]) == (kind, "")
            assert (head.status, head["content-length"], head["etag"]) == (200, str(len(answer.body)), answer["etag"])
            assert len(upstream.seen(path)) == 1
            again = gateway.ask(f"/conda{path}", {"if-none-match": answer["etag"]})
            assert (again.status, again.body) == (304, b"")
            assert int(answer["cache-control"].partition("max-age=")[2]) <= 300
        packed = gateway.ask(f"/conda/lab/noarch/{JSON}", {"accept-encoding": "gzip"})
        assert packed["content-encoding"] == (
            "gzip" if upstream.file(f"/lab/noarch/{JSON}").stat().st_size > 1400 else ""
        )


def test_packages_by_hand(upstream: CondaRegistry, tmp_path: Path) -> None:
    things = stock(upstream)
    with before(upstream, tmp_path) as gateway:
        path = f"/conda{things.other.path}"
        answer = gateway.ask(path.replace("!", "%21").replace("+", "%2B"))
        assert (answer.status, answer.complete, answer.body) == (200, True, things.other.body)
        eventually(lambda: gateway.ask(path)["x-subak-cache"] == "hit")
        part = gateway.ask(path, {"range": "bytes=10-19"})
        assert (part.status, part.body) == (206, things.other.body[10:20])
        head = gateway.ask(f"/conda{things.old.path}", method="HEAD")
        assert (head.status, head["content-length"]) == (200, str(len(things.old.body)))
        assert [r.path for r in upstream.seen("*b-c*")] == [things.other.path.replace("!", "%21").replace("+", "%2B")]
        unknown = upstream.add("acme", "1.2")
        refused(gateway.ask(f"/conda{unknown.path}"), 404)
        assert upstream.seen(unknown.path) == [], "what no index announces is not fetched"
        refused(gateway.ask(f"/conda/lab/noarch/{JSON}.bz2"), 404)
        refused(gateway.ask(path, method="DELETE"), 405)


def test_other_bytes_than_a_shards_name_says(upstream: CondaRegistry, tmp_path: Path) -> None:
    stock(upstream)
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set("*/shards/*", Weather(corrupt=True))
        (file,) = upstream.file("/lab/noarch/shards").iterdir()
        refused(gateway.ask(f"/conda/lab/noarch/shards/{file.name}"), 502)
        upstream.weather.clear()
        answer = gateway.ask(f"/conda/lab/noarch/shards/{file.name}")
        assert (answer.status, answer.body) == (200, file.read_bytes())
        refused(gateway.ask(f"/conda/lab/noarch/shards/{'0' * 64}.msgpack.zst"), 404)


def test_a_replaced_package_is_served_once_the_index_says_so(upstream: CondaRegistry, tmp_path: Path) -> None:
    things = stock(upstream)
    upstream.missing.add(SHARDS)
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask(f"/conda{things.old.path}").body == things.old.body
        eventually(lambda: things.old.sha256 in gateway.blobs())
        new = upstream.add("acme", "1.0", padding=1000)
        upstream.index()
        assert gateway.ask(f"/conda{things.old.path}").body == things.old.body, "held, and not contradicted yet"
        gateway.ask(f"/conda/lab/noarch/{ZST}")
        assert gateway.ask(f"/conda{things.old.path}").body == new.body


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"packages":{"a-1-0.conda":{', b'{"error":"no"}'])
def test_a_broken_index_never_replaces_a_good_one(upstream: CondaRegistry, tmp_path: Path, body: bytes) -> None:
    stock(upstream)
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        paths = [f"/conda/lab/noarch/{name}" for name in (SHARDS, ZST, JSON)]
        good = [gateway.ask(path).body for path in paths]
        for wrong in (body, zstandard.compress(body)):
            upstream.weather.set("*repodata*", Weather(body=wrong))
            assert [gateway.ask(path).body for path in paths] == good
        for path in ("/conda/lab/noarch/run_exports.json", "/conda/lab/channeldata.json"):
            refused(gateway.ask(path), 404)


def test_tokens_leave_no_trace(upstream: CondaRegistry, tmp_path: Path) -> None:
    things = stock(upstream)
    with before(upstream, tmp_path) as gateway:
        for path in (f"/lab/noarch/{SHARDS}", f"/lab/noarch/{ZST}", "/lab/notices.json", things.old.path):
            for _ in range(2):
                assert gateway.ask(f"/conda/t/tell-nobody{path}").status in (200, 404)
        assert gateway.ask("/conda/%74/tell-nobody/lab/noarch/repodata.json").status == 404
        gateway.stop()
        assert not [r for r in upstream.seen() if "tell-nobody" in r.target]
        assert "tell-nobody" not in gateway.log()
        for file in gateway.data.rglob("*"):
            assert not file.is_file() or b"tell-nobody" not in file.read_bytes(), file
