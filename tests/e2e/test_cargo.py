"""Cargo through a real gateway: the protocol by hand, the real client, and the registry that this machine reaches."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import pytest

from e2e.asking import Answer
from e2e.clients import Runs, alone, ran, unable
from e2e.running import IMPATIENT, ROOT, Gateway, clean_environment
from e2e.scene import eventually, in_front_of
from registry.cargo_registry import CargoRegistry, Crate, folded
from registry.weather import Weather
from subak.adoption.settings import fill
from subak.ecosystems.cargo import CARGO

SECRET = re.compile(r"sbk_[\w-]+")
CRATES = "*/crates/*"


def stock(upstream: CargoRegistry) -> None:
    """A small tree; one crate with capitals, one with build metadata."""
    upstream.add("lab-b", "1.0.0")
    upstream.add("lab-b", "1.1.0", padding=200_000, links=None)
    upstream.add("Lab_Up", "0.1.0", {"lab-b": "1"}, source="pub use lab_b::VERSION;\n")
    upstream.add("cc", "2.0.0+build.5")
    upstream.add("syn", "0.5.0-rc.1")
    upstream.add("a", "1.0.0", {"Lab_Up": "0.1", "cc": "2"}, source="pub use Lab_Up::VERSION;\npub use cc as c;\n")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CargoRegistry, Gateway]]:
    with CargoRegistry() as upstream:
        stock(upstream)
        data = tmp_path_factory.mktemp("cargo") / "data"
        with Gateway(data, IMPATIENT, {"cargo": upstream.url}) as gateway:
            yield upstream, gateway


before = partial(in_front_of, "cargo")


def path_of(crate: Crate) -> str:
    """Where our config.json leads for this version."""
    return f"/cargo/crates/{crate.name}/{crate.vers}/{crate.cksum}.crate"


def rows(answer: Answer) -> dict[str, dict[str, object]]:
    assert answer.status == 200, (answer.status, answer.body[:300])
    return {row["vers"]: row for row in map(json.loads, answer.body.splitlines())}


def told(answer: Answer, status: int, *words: str) -> None:
    """Fails unless it is a plain text that Cargo prints as it is."""
    assert answer.status == status, (answer.status, answer.body[:300])
    assert answer["content-type"].startswith("text/plain")
    assert not answer.body.lstrip().startswith(b"{")
    for word in words:
        assert word in answer.body.decode()


# ---------------------------------------------------------------- the protocol by hand


def test_config_leads_here(world: tuple[CargoRegistry, Gateway]) -> None:
    _, gateway = world
    answer = gateway.ask("/cargo/index/config.json")
    assert answer.json() == {
        "dl": f"{gateway.url}/cargo/crates/{{crate}}/{{version}}/{{sha256-checksum}}.crate",
        "api": f"{gateway.url}/cargo",
    }
    assert gateway.ask("/cargo/index/config.json", {"if-none-match": answer["etag"]}).status == 304


@pytest.mark.parametrize("name", ["a", "cc", "syn", "lab-b", "Lab_Up"])
def test_index_files_say_what_upstream_says(world: tuple[CargoRegistry, Gateway], name: str) -> None:
    upstream, gateway = world
    answer = gateway.ask("/cargo" + folded(name))
    assert list(rows(answer).values()) == [crate.row for crate in upstream.crates[name.lower()]]
    assert answer["content-type"] == "text/plain"
    again = gateway.ask("/cargo" + folded(name), {"if-none-match": answer["etag"], "cargo-protocol": "version=1"})
    assert (again.status, again.body, again["etag"]) == (304, b"", answer["etag"])


def test_upgrade_to_http2_is_passed_over(world: tuple[CargoRegistry, Gateway]) -> None:
    _, gateway = world
    upgrade = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA"}
    with contextlib.suppress(TimeoutError):  # the connection stays open: what counts is the answer
        answer = gateway.ask("/cargo/index/config.json", upgrade, within=2)
        assert answer.status == 200
        assert "dl" in answer.json()


@pytest.mark.parametrize(("name", "vers"), [("lab-b", "1.1.0"), ("Lab_Up", "0.1.0"), ("cc", "2.0.0+build.5")])
def test_every_spelling_of_a_file(world: tuple[CargoRegistry, Gateway], name: str, vers: str) -> None:
    upstream, gateway = world
    crate = upstream.find(name, vers)
    assert crate
    spellings = [path_of(crate), f"/cargo/crates/{name}/{vers}/download", f"/cargo/crates/{name}/{name}-{vers}.crate"]
    for plus in ("+", "%2B", "%2b", "%252B"):
        for path in spellings:
            answer = gateway.ask(path.replace("+", plus))
            assert (answer.status, answer.complete, answer.body) == (200, True, crate.body), path
            assert answer["content-type"] == "application/gzip"
    upstream_asked = upstream.seen(f"*{name}-{vers.replace('+', '%2B')}.crate", "files")
    assert len(upstream_asked) <= 1, "one file, whatever it is called"


def test_head_ranges_and_304_of_files(world: tuple[CargoRegistry, Gateway]) -> None:
    upstream, gateway = world
    crate = upstream.find("lab-b", "1.1.0")
    assert crate
    path = path_of(crate)
    whole = gateway.ask(path)
    assert whole.body == crate.body
    assert "immutable" in whole["cache-control"]
    head = gateway.ask(path, method="HEAD")
    assert (head.status, int(head["content-length"])) == (200, len(crate.body))
    assert gateway.ask(path, {"range": "bytes=0-9"}).body == crate.body[:10]
    assert gateway.ask(path, {"range": "bytes=-10"}).body == crate.body[-10:]
    assert gateway.ask(path, {"if-none-match": head["etag"]}).status == 304


def test_what_is_not_there_is_told_in_plain_words(world: tuple[CargoRegistry, Gateway]) -> None:
    upstream, gateway = world
    told(gateway.ask("/cargo/index/no/bo/nobody"), 404)
    told(gateway.ask("/cargo/index/la/b_/lab_b"), 404)
    told(gateway.ask("/cargo/index/se/rd/lab-b"), 404)
    told(gateway.ask(f"/cargo/crates/lab-b/1.0.0/{'0' * 64}.crate"), 404)
    told(gateway.ask("/cargo/crates/lab-b/9.9.9/download"), 404)
    told(gateway.ask("/cargo/index/info/refs?service=git-upload-pack"), 404, f"sparse+{gateway.url}/cargo/index/")
    assert upstream.seen("*9.9.9*") == []


def test_search(world: tuple[CargoRegistry, Gateway]) -> None:
    upstream, gateway = world
    answer = gateway.ask("/cargo/api/v1/crates?q=lab&per_page=10", {"authorization": "secret"})
    assert [row["name"] for row in answer.json()["crates"]] == ["lab-b", "Lab_Up"]
    (asked,) = upstream.seen("/api/v1/crates")
    assert asked.query == "q=lab&per_page=10"
    assert "authorization" not in asked.headers


def test_publishing_is_refused(world: tuple[CargoRegistry, Gateway]) -> None:
    _, gateway = world
    told(gateway.ask("/cargo/api/v1/crates/new", method="PUT", body=b"x"), 405, "does not publish")


def test_keyed_paths_want_a_key_first(world: tuple[CargoRegistry, Gateway]) -> None:
    _, gateway = world
    for path in ("/k/cargo/index/config.json", "/k/cargo/index/1/a"):
        told(gateway.ask(path), 401)


def test_a_file_that_storage_forbids(tmp_path: Path) -> None:
    """Storage services answer 403 for what they do not have. Nothing is asked of them but what the index announces,
    so there it is a fault that an operator must see, and it is over when they mend it."""
    with CargoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        crate = upstream.add("lab-b", "1.0.0")
        upstream.weather.set("*.crate", Weather(status=403))
        told(gateway.ask(path_of(crate)), 502, "403")
        upstream.weather.clear()
        assert gateway.ask(path_of(crate)).body == crate.body


def test_corrupt_files_are_refused_and_not_kept(tmp_path: Path) -> None:
    with CargoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        for name, padding in (("small", 0), ("large", 400_000)):
            crate = upstream.add(name, "1.0.0", padding=padding)
            upstream.weather.set("*.crate", Weather(corrupt=True))
            answer = gateway.ask(path_of(crate))
            assert answer.status == 502 or not answer.complete
            assert set(gateway.blobs()) == {b for b in gateway.blobs() if b != crate.sha256}
            upstream.weather.clear()
            assert gateway.ask(path_of(crate)).body == crate.body
            eventually(lambda crate=crate: crate.sha256 in gateway.blobs())
        assert gateway.leftovers() == []


def test_a_wrong_checksum_in_the_index_lets_nothing_through(tmp_path: Path) -> None:
    with CargoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        crate = upstream.add("lab-b", "1.0.0", cksum="0" * 64)
        for path in (path_of(crate), "/cargo/crates/lab-b/1.0.0/download"):
            assert gateway.ask(path).status == 502
        told(gateway.ask(f"/cargo/crates/lab-b/1.0.0/{crate.sha256}.crate"), 404)
        assert crate.sha256 not in gateway.blobs()


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"name":"a","vers"'])
def test_a_broken_index_never_replaces_a_good_one(tmp_path: Path, body: bytes) -> None:
    with CargoRegistry() as upstream, before(upstream, tmp_path, cache__fresh="0.01ms") as gateway:
        upstream.add("a", "1.0.0")
        good = gateway.ask("/cargo/index/1/a").body
        upstream.weather.set("/index/1/a", Weather(body=body))
        for _ in range(2):
            assert gateway.ask("/cargo/index/1/a").body == good


@pytest.mark.parametrize(
    "dl",
    [
        "{files}/{crate}/{crate}-{version}.crate",
        "{files}/{prefix}/{lowerprefix}/{crate}/{version}/download",
        "{files}/{sha256-checksum}",
        "{files}/crates",
    ],
)
def test_bare_mirrors_with_every_template(tmp_path: Path, dl: str) -> None:
    with CargoRegistry(bare=True, dl=dl) as upstream, before(upstream, tmp_path) as gateway:
        stock(upstream)
        for found in upstream.crates.values():
            answer = gateway.ask("/cargo" + folded(found[0].name))
            assert answer["etag"], "upstream has no validators; Cargo downloads everything again without ours"
            for crate in found:
                assert gateway.ask(path_of(crate)).body == crate.body
        assert "api" not in gateway.ask("/cargo/index/config.json").json()
        told(gateway.ask("/cargo/api/v1/crates?q=a"), 404, "search")


def test_hidden_versions_are_yanked_and_their_files_refused(tmp_path: Path) -> None:
    with CargoRegistry() as upstream:
        stock(upstream)
        deny = "pkg:cargo/lab-b@1.1.0,pkg:cargo/cc"
        with before(upstream, tmp_path, access__deny=deny) as gateway:
            found = rows(gateway.ask("/cargo/index/la/b-/lab-b"))
            assert {vers: row["yanked"] for vers, row in found.items()} == {"1.0.0": False, "1.1.0": True}
            for crate in (upstream.find("lab-b", "1.1.0"), upstream.find("cc", "2.0.0+build.5")):
                assert crate
                for path in (path_of(crate), f"/cargo/crates/{crate.name}/{crate.vers}/download"):
                    told(gateway.ask(path), 403, "deny list")
            told(gateway.ask("/cargo/index/2/cc"), 403, "deny list")
            assert upstream.seen(CRATES, "files") == []


def test_a_yank_shows_once_the_index_is_old(tmp_path: Path) -> None:
    with CargoRegistry() as upstream, before(upstream, tmp_path, cache__fresh="0.01ms") as gateway:
        crate = upstream.add("lab-b", "1.0.0")
        first = gateway.ask("/cargo/index/la/b-/lab-b")
        crate.row["yanked"] = True
        eventually(lambda: rows(gateway.ask("/cargo/index/la/b-/lab-b"))["1.0.0"]["yanked"] is True)
        assert gateway.ask("/cargo/index/la/b-/lab-b")["etag"] != first["etag"]
        assert gateway.ask(path_of(crate)).body == crate.body


# ---------------------------------------------------------------- the real client


@lru_cache(maxsize=1)
def toolchain() -> Path:
    """The folder of cargo and rustc themselves: rustup's stand-ins look for toolchains in the home we replace."""
    if not shutil.which("cargo") or not shutil.which("rustc"):
        unable("cargo is not installed")
    asked = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    beside = Path(asked.stdout.strip()) / "bin"
    return beside if (beside / "cargo").exists() else Path(str(shutil.which("cargo"))).parent


@dataclass(slots=True)
class Machine(Runs):
    """Somebody's machine with an empty CARGO_HOME and a project, pointed at a gateway as `subak run` does it."""

    folder: Path
    url: str
    """The gateway, with '/k' for its keyed half."""
    wants: Mapping[str, str]
    main: str = "fn main() {}\n"
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.project / "src").mkdir(parents=True)
        rows = "".join(f'{name} = "{wanted}"\n' for name, wanted in self.wants.items())
        manifest = f'[package]\nname = "somebody"\nversion = "1.0.0"\nedition = "2021"\n\n[dependencies]\n{rows}'
        (self.project / "Cargo.toml").write_text(manifest)
        (self.project / "src" / "main.rs").write_text(self.main)
        for name, text in CARGO.clients[0].files:
            (self.folder / name).write_text(fill(text, self.url))

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def lock(self) -> Path:
        return self.project / "Cargo.lock"

    def again(self, folder: Path, *, locked: bool) -> Machine:
        """The same project on another fresh machine, with or without its lock file."""
        other = Machine(folder, self.url, self.wants, self.main, dict(self.environ))
        if locked:
            shutil.copy(self.lock, other.lock)
        return other

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run cargo here, with the arguments that its shim puts in front. Whatever goes round the gateway fails."""
        ((program, front),) = CARGO.clients[0].shims
        path = f"{toolchain()}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "CARGO_HOME": str(self.folder / "cargo-home"), "CARGO_NET_RETRY": "0", **self.environ}
        shim = [part.replace("{folder}", str(self.folder)) for part in front]
        environ = alone(self.folder, "CARGO", "RUSTUP", **own)
        return ran([toolchain() / program, *shim, *arguments], self.project, environ)

    def versions(self) -> set[tuple[str, str]]:
        """Name and version of every package in the lock file, ourselves aside."""
        rows = re.findall(r'name = "([^"]*)"\nversion = "([^"]*)"\nsource', self.lock.read_text())
        return set(rows)


TREE = {("a", "1.0.0"), ("cc", "2.0.0+build.5"), ("lab-b", "1.1.0"), ("Lab_Up", "0.1.0")}
MAIN = 'fn main() { println!("{}", a::VERSION); }\n'

client = pytest.mark.clients


@client
def test_small_tree_then_without_upstream(tmp_path: Path) -> None:
    with CargoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            first = Machine(tmp_path / "first", gateway.url, {"a": "1"}, MAIN)
            assert "1.1.0" in first.must("run")
            assert first.versions() == TREE
            assert gateway.url not in first.lock.read_text(), "the lock file is as it would be without us"
            paths = [r.path for r in upstream.seen(door="index")]
            assert sorted(paths) == sorted(["/index/config.json", *(folded(name) for name, _ in TREE)])
            assert len(upstream.seen("*.crate")) == len(TREE)
            upstream.forget()
            first.must("update")
            first.again(tmp_path / "second", locked=False).must("fetch")
            assert upstream.seen() == [], "a second fresh machine costs the upstream nothing"
            upstream.down()
            gateway.restart()
            locked = first.again(tmp_path / "locked", locked=True)
            locked.must("fetch", "--locked")
            assert "1.1.0" in locked.must("run", "--locked", "--offline")
            afresh = first.again(tmp_path / "afresh", locked=False)
            assert "1.1.0" in afresh.must("run")
            assert afresh.lock.read_text() == first.lock.read_text()
            assert "Traceback" not in gateway.log()


@client
def test_documents_stale_and_upstream_cut_off(tmp_path: Path) -> None:
    with CargoRegistry() as upstream:
        stock(upstream)
        stale = {"cache__fresh": "0.01ms", "cache__revalidate_behind": "0"}
        with before(upstream, tmp_path, **stale) as gateway:
            first = Machine(tmp_path / "first", gateway.url, {"a": "1"}, MAIN)
            first.must("fetch")
            upstream.down()
            first.again(tmp_path / "afresh", locked=False).must("fetch")
            first.again(tmp_path / "locked", locked=True).must("fetch", "--locked")


@client
def test_the_client_says_why(tmp_path: Path) -> None:
    """Refusals and broken files: the person reads our words in Cargo's error."""
    with CargoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            machine = Machine(tmp_path / "first", gateway.url, {"lab-b": "1"})
            upstream.weather.set("*lab-b-1.1.0.crate", Weather(corrupt=True))
            assert "download" in machine.fails("fetch")
            good = upstream.find("lab-b", "1.1.0")
            assert good
            assert good.sha256 not in gateway.blobs()
            upstream.weather.clear()
            machine.must("fetch")
            nobody = Machine(tmp_path / "second", gateway.url, {"nobody-has-this": "1"})
            assert "nobody-has-this" in nobody.fails("fetch")


@client
def test_hidden_and_yanked_versions(tmp_path: Path) -> None:
    """New resolutions pass over what is hidden; a lock file that names it gets the reason."""
    with CargoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            old = Machine(tmp_path / "old", gateway.url, {"lab-b": "1"})
            old.must("fetch")
            assert old.versions() == {("lab-b", "1.1.0")}
        with before(upstream, tmp_path, access__deny="pkg:cargo/lab-b@1.1.0") as gateway:
            new = Machine(tmp_path / "new", gateway.url, {"lab-b": "1"})
            new.must("fetch")
            assert new.versions() == {("lab-b", "1.0.0")}
            shutil.copy(old.lock, new.lock)
            assert "deny list" in new.fails("fetch", "--locked")
        yanked = upstream.find("lab-b", "1.1.0")
        assert yanked
        yanked.row["yanked"] = True
        with Gateway(tmp_path / "fresh", IMPATIENT, {"cargo": upstream.url}) as gateway:
            new = Machine(tmp_path / "newer", gateway.url, {"lab-b": "1"})
            new.must("fetch")
            assert new.versions() == {("lab-b", "1.0.0")}
            shutil.copy(old.lock, new.lock)
            new.must("fetch", "--locked")
            assert new.versions() == {("lab-b", "1.1.0")}


@client
def test_search_and_info(tmp_path: Path) -> None:
    with CargoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            machine = Machine(tmp_path / "first", gateway.url, {})
            assert 'lab-b = "1.1.0"' in machine.must("search", "--registry", "subak", "lab")
            assert "1.1.0" in machine.must("info", "--registry", "subak", "lab-b")


@client
@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_keyed(tmp_path: Path, scheme: str) -> None:
    """Below /k/ Cargo is challenged, and then sends its token as it is with config, index and files."""
    with CargoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            made = subprocess.run(
                [sys.executable, "-m", "subak", "keys", "create", "somebody", "--data", str(gateway.data)],
                env=clean_environment(PYTHONPATH=str(ROOT / "src")), capture_output=True, text=True, check=True,
            )  # fmt: skip
            found = SECRET.search(made.stdout)
            assert found
            keyed = f"{gateway.url}/k"
            assert "no token found" in Machine(tmp_path / "without", keyed, {"a": "1"}).fails("fetch")
            known = {"CARGO_REGISTRIES_SUBAK_TOKEN": scheme + found[0]}
            machine = Machine(tmp_path / "with", keyed, {"a": "1"}, MAIN, known)
            assert "1.1.0" in machine.must("run")
            assert machine.versions() == TREE
            config = gateway.ask("/k/cargo/index/config.json", {"authorization": f"Bearer {found[0]}"}).json()
            assert config["auth-required"] is True
            assert config["dl"].startswith(f"{keyed}/cargo/crates/")
            assert not [r for r in upstream.seen() if "authorization" in r.headers]


# ---------------------------------------------------------------- the registry this machine reaches

REAL = {"itoa": "1", "memchr": "2", "semver": "1"}
REAL_MAIN = 'fn main() { println!("{}", itoa::Buffer::new().format(memchr::memchr(b\'c\', b"abc").unwrap())); }\n'


@client
@pytest.mark.xdist_group("registries")
@pytest.mark.timeout(600)
def test_real_tree_then_with_the_upstream_cut_off(tmp_path: Path) -> None:
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}) as gateway:
        config = gateway.ask("/cargo/index/config.json")
        if config.status != 200:
            unable(f"the crate registry cannot be reached: {config.body[:300]!r}")
        first = Machine(tmp_path / "first", gateway.url, REAL, REAL_MAIN)
        assert first.must("run").splitlines()[0] == "2"
        assert {name for name, _ in first.versions()} == set(REAL)
        dated = [json.loads(line) for line in gateway.ask("/cargo/index/it/oa/itoa").body.splitlines()]
        assert any(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.get("pubtime", "")) for row in dated)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            gateway.restart(cargo=f"http://127.0.0.1:{closed.getsockname()[1]}/")
            locked = first.again(tmp_path / "locked", locked=True)
            locked.must("fetch", "--locked")
            assert locked.must("run", "--locked", "--offline").splitlines()[0] == "2"
            first.again(tmp_path / "afresh", locked=False).must("fetch")
        for crate in (tmp_path / "locked" / "cargo-home").rglob("*.crate"):
            assert hashlib.sha256(crate.read_bytes()).hexdigest() in locked.lock.read_text()
