"""Gems through a real gateway: the protocol by hand, and Debian's own Bundler and gem."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from e2e.asking import Answer
from e2e.clients import alone, ran, unable
from e2e.scene import ALWAYS_OLD, eventually, in_front_of
from registry.rubygems_registry import GemRegistry
from registry.weather import Weather
from subak.ecosystems.rubygems import RUBYGEMS, specs


def stock(upstream: GemRegistry) -> None:
    """a depends on b; b is large enough to be streamed while it is verified."""
    upstream.add("b", "1.0.0", padding=200_000)
    upstream.add("a", "1.0.0", {"b": ">= 1.0"})
    upstream.add("money-2", "1.0")
    upstream.add("a", "1.0.0", platform="java")


@pytest.fixture
def upstream() -> Iterator[GemRegistry]:
    with GemRegistry() as registry:
        stock(registry)
        yield registry


before = partial(in_front_of, "rubygems")


def sound(answer: Answer, whole: bytes, *statuses: int) -> None:
    """Fails unless the answer's validator and digests are those of the whole text."""
    assert answer.status in (statuses or (200,)), (answer.status, answer.body[:300])
    sha256 = base64.b64encode(hashlib.sha256(whole).digest()).decode()
    assert answer["etag"] == f'"{hashlib.md5(whole).hexdigest()}"'
    assert answer["repr-digest"] == f"sha-256=:{sha256}:"
    assert answer["digest"] == f"sha-256={sha256}"
    assert answer["accept-ranges"] == "bytes"
    assert not answer["content-encoding"]
    if answer.status != 304:
        assert answer["content-type"] == "text/plain; charset=utf-8"


def refused(answer: Answer, status: int, *words: str) -> None:
    """Fails unless it is a plain text with these words."""
    assert answer.status == status, (answer.status, answer.body[:300])
    assert answer["content-type"].startswith("text/plain")
    for word in words:
        assert word in answer.body.decode()


# ---------------------------------------------------------------- the protocol by hand


def test_every_text_announces_its_own_digests(upstream: GemRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        texts = {"versions": upstream.versions, "info/a": upstream.info("a"), "names": b"---\na\nb\nmoney-2\n"}
        for path, whole in texts.items():
            for _ in range(3):  # a miss, a hit of the ordinary way, a hit at the door
                answer = gateway.ask(f"/rubygems/{path}", {"accept-encoding": "gzip"})
                sound(answer, whole)
                assert answer.body == whole
            part = gateway.ask(f"/rubygems/{path}", {"range": f"bytes={len(whole) - 1}-"})
            sound(part, whole, 206)
            assert part.body == whole[-1:]
            assert part["content-range"] == f"bytes {len(whole) - 1}-{len(whole) - 1}/{len(whole)}"
            head = gateway.ask(f"/rubygems/{path}", method="HEAD")
            sound(head, whole)
            assert (head.body, head["content-length"]) == (b"", str(len(whole)))
            both = {"range": f"bytes={len(whole) - 1}-", "if-none-match": answer["etag"]}
            sound(gateway.ask(f"/rubygems/{path}", both), whole, 304)
            assert gateway.ask(f"/rubygems/{path}", {"range": f"bytes={len(whole) + 5}-"}).status == 416
        assert [r.method for r in upstream.seen("/versions")] == ["GET"]


def test_the_root_answers_without_upstream(upstream: GemRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        head, answer = gateway.ask("/rubygems/", method="HEAD"), gateway.ask("/rubygems/")
        assert (head.status, answer.status) == (200, 200)
        assert answer["content-type"].startswith("text/plain")
        refused(gateway.ask("/rubygems/api/v1/dependencies?gems=a,b"), 404)
        assert upstream.paths() == []


def test_a_list_that_grew_is_fetched_from_its_end(upstream: GemRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = gateway.ask("/rubygems/versions")
        size = len(upstream.versions)
        upstream.add("b", "1.1.0")
        then = gateway.ask("/rubygems/versions", {"range": f"bytes={size - 1}-", "if-none-match": first["etag"]})
        sound(then, upstream.versions, 206)
        assert first.body[:-1] + then.body == upstream.versions
        asked = upstream.seen("/versions")[-1]
        assert (asked.status, asked.headers["range"]) == (206, f"bytes={size - 1}-")
        sound(gateway.ask("/rubygems/versions", {"if-none-match": then["etag"]}), upstream.versions, 304)
        assert upstream.seen("/versions")[-1].status == 304


@pytest.mark.parametrize("digests", [True, False])
def test_a_list_that_was_rebuilt_is_fetched_whole(upstream: GemRegistry, tmp_path: Path, digests: bool) -> None:
    upstream.digests = digests
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = gateway.ask("/rubygems/versions")
        upstream.rebuild()
        upstream.versions += b"x" * len(first.body) + b" 1.0 " + b"0" * 32 + b"\n"  # longer than before, other bytes
        answer = gateway.ask("/rubygems/versions", {"range": f"bytes={len(first.body) - 1}-"})
        sound(answer, upstream.versions, 200, 206)
        sound(gateway.ask("/rubygems/versions"), upstream.versions)
        assert gateway.ask("/rubygems/versions").body == upstream.versions


def test_upstreams_own_validators_do_not_matter(upstream: GemRegistry, tmp_path: Path) -> None:
    upstream.digests = False
    upstream.weather.set("/versions", Weather(no_validators=True, gzipped=True))
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        for _ in range(2):
            answer = gateway.ask("/rubygems/versions")
            sound(answer, upstream.versions)
            assert answer.body == upstream.versions


@pytest.mark.parametrize(
    "weather",
    [
        Weather(status=500),
        Weather(status=429, retry_after="60"),
        Weather(status=404),
        Weather(reset=True),
        Weather(body=b"<html><body>maintenance</body></html>"),
        Weather(body=b"---\n\xff\xfe binary junk\n"),
        Weather(body=b""),
    ],
    ids=lambda w: str(w.status or w.body or "reset"),
)
def test_what_clients_would_stampede_away_from_never_shows(
    upstream: GemRegistry, tmp_path: Path, weather: Weather
) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        texts = {path: gateway.ask(f"/rubygems/{path}").body for path in ("versions", "info/a")}
        upstream.weather.set("*", weather)
        for path, whole in texts.items():
            for _ in range(2):
                answer = gateway.ask(f"/rubygems/{path}")
                sound(answer, whole)
                assert answer.body == whole


def test_a_lock_file_asks_for_the_gem_alone(upstream: GemRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for gem in upstream.gems:
            answer = gateway.ask("/rubygems" + gem.path)
            assert (answer.status, answer.body) == (200, gem.body)
            assert answer["content-type"] == "application/octet-stream"
        assert upstream.seen("/info/money-2")
        assert not upstream.seen("/info/money")
        part = gateway.ask(f"/rubygems{upstream.gems[0].path}", {"range": "bytes=0-11"})
        assert (part.status, part.body) == (206, b"metadata.gz\0")
        refused(gateway.ask("/rubygems/gems/b-9.9.9.gem"), 404)


@pytest.mark.parametrize("which", ["b-1.0.0", "a-1.0.0"])
def test_a_corrupt_gem_is_refused_and_not_kept(upstream: GemRegistry, tmp_path: Path, which: str) -> None:
    gem = next(gem for gem in upstream.gems if gem.full == which)
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set(gem.path, Weather(corrupt=True))
        answer = gateway.ask("/rubygems" + gem.path)
        if answer.status == 200:
            assert not answer.complete
        else:
            refused(answer, 502)
        eventually(lambda: not gateway.leftovers())
        assert gem.sha256 not in gateway.blobs()
        assert all(len(body) < 1000 for body in gateway.blobs().values()), "only documents are kept"
        upstream.weather.clear()
        assert gateway.ask("/rubygems" + gem.path).body == gem.body


def test_a_yanked_gem_that_we_hold_is_served(upstream: GemRegistry, tmp_path: Path) -> None:
    gem = upstream.gems[0]
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        eventually(lambda: gateway.ask("/rubygems" + gem.path)["x-subak-cache"] == "hit")
        upstream.yank(gem)
        assert gateway.ask("/rubygems/versions").body == upstream.versions
        assert gateway.ask("/rubygems" + gem.path).body == gem.body


def test_a_gem_without_checksum_is_the_first_one_seen(tmp_path: Path) -> None:
    with GemRegistry() as upstream, before(upstream, tmp_path) as gateway:
        gem = upstream.add("old", "0.1", checksum="none")
        assert gateway.ask("/rubygems" + gem.path).body == gem.body
        wrong = upstream.add("wrong", "0.1", checksum="wrong")
        refused(gateway.ask("/rubygems" + wrong.path), 502)


# ---------------------------------------------------------------- versions withheld

DENY = {"access.deny": "pkg:gem/b@1.1.0,pkg:gem/a@2.0"}


def test_a_hidden_version_is_in_no_index_and_no_file(upstream: GemRegistry, tmp_path: Path) -> None:
    hidden = upstream.add("b", "1.1.0")
    with before(upstream, tmp_path, DENY) as gateway:
        info = gateway.ask("/rubygems/info/b")
        sound(info, info.body)
        assert info.body == upstream.info("b").replace(f"{hidden.line}\n".encode(), b"")
        refused(gateway.ask("/rubygems" + hidden.path), 403, "deny list")
        refused(gateway.ask(f"/rubygems/quick/Marshal.4.8/{hidden.full}.gemspec.rz"), 403, "deny list")
        listing = gateway.ask("/rubygems/versions")
        sound(listing, listing.body)
        lines = [line.split() for line in listing.body.decode().splitlines() if line.startswith("b ")]
        assert not any("1.1.0" in versions.split(",") for _, versions, _ in lines)
        assert {digest for _, _, digest in lines} == {hashlib.md5(info.body).hexdigest()}
        assert gateway.ask("/rubygems/info/a").body == upstream.info("a")
        for name in ("specs", "latest_specs"):
            rows = list(specs.read(gzip.decompress(gateway.ask(f"/rubygems/{name}.4.8.gz").body)))
            assert (b"b", b"1.1.0", b"ruby") not in rows
            assert (b"a", b"1.0.0", b"java") in rows


# ---------------------------------------------------------------- the real clients


@dataclass(slots=True)
class Machine:
    """One person's fresh machine, pointed at a gateway by the settings that `subak env` prints."""

    folder: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)
    pointed: bool = True

    def run(self, *command: str) -> tuple[int, str]:
        """The exit status and all that was said."""
        project, home = self.folder / "project", self.folder / "home"
        for path in (project, home):
            path.mkdir(parents=True, exist_ok=True)
        own = {
            "BUNDLE_USER_HOME": str(home / "bundle"), "BUNDLE_PATH": str(self.folder / "gems"),
            "BUNDLE_SILENCE_ROOT_WARNING": "true", "BUNDLE_RETRY": "0",
        }  # fmt: skip
        own |= {**(self._pointed() if self.pointed else {}), **self.environ}
        done = ran(command, project, alone(home, "BUNDLE", "GEM", "RUBY", "CI", "XDG_CONFIG_HOME", **own))
        return done.returncode, f"{done.stdout}\n{done.stderr}"

    def does(self, *command: str) -> str:
        """Run a command that must succeed."""
        status, said = self.run(*command)
        assert status == 0, f"{' '.join(command)} ended with {status}:\n{said}"
        return said

    def _pointed(self) -> dict[str, str]:
        folder = self.folder / "settings"
        folder.mkdir(parents=True, exist_ok=True)
        for client in RUBYGEMS.clients:
            for name, text in client.files:
                (folder / name).write_text(self._filled(text))
        return {name: self._filled(value) for client in RUBYGEMS.clients for name, value in client.environ}

    def _filled(self, text: str) -> str:
        return text.replace("{base}", self.url).replace("{folder}", str(self.folder / "settings"))

    def gemfile(self, *names: str, lock: str = "") -> None:
        project = self.folder / "project"
        project.mkdir(parents=True, exist_ok=True)
        rows = ['source "https://gems.example"', *(f'gem "{name}"' for name in names)]
        (project / "Gemfile").write_text("\n".join(rows) + "\n")
        if lock:
            (project / "Gemfile.lock").write_text(lock)

    def lock(self) -> str:
        return (self.folder / "project" / "Gemfile.lock").read_text()

    def installed(self) -> set[str]:
        """Full names of the gems that are there."""
        return {path.parent.parent.name for path in (self.folder / "gems").glob("**/gems/*/lib/*.rb")}


@pytest.fixture
def bundle() -> str:
    found = shutil.which("bundle")
    if not found:
        unable("Bundler is not installed (tests/clients/prepare.sh does it where it may)")
    return str(found)


@pytest.fixture
def gem() -> str:
    found = shutil.which("gem")
    if not found:
        unable("RubyGems is not installed (tests/clients/prepare.sh does it where it may)")
    return str(found)


clients = pytest.mark.clients


def healthy(said: str, upstream: GemRegistry) -> None:
    """Fails if the client went on to the old indexes."""
    assert "/api/v1/dependencies" not in said
    assert "specs.4.8" not in said
    assert not upstream.seen("*specs.4.8*")
    assert not upstream.seen("/api/*")


@clients
def test_bundle_install_cold_warm_updated_and_frozen(upstream: GemRegistry, tmp_path: Path, bundle: str) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = Machine(tmp_path / "first", gateway.url)
        first.gemfile("a")
        said = first.does(bundle, "install", "--verbose")
        healthy(said, upstream)
        assert first.installed() == {"a-1.0.0", "b-1.0.0"}
        assert "remote: https://gems.example/" in first.lock(), "a mirror does not show in lock files"
        assert sorted(set(upstream.paths())) == [
            "/gems/a-1.0.0.gem", "/gems/b-1.0.0.gem", "/info/a", "/info/b", "/versions",
        ]  # fmt: skip

        upstream.forget()
        shutil.rmtree(first.folder / "gems")
        (first.folder / "project" / "Gemfile.lock").unlink()
        said = first.does(bundle, "install", "--verbose")
        assert re.search(r"HTTP 304 Not Modified \S+/versions", said)
        assert not upstream.seen("/gems/*")
        assert first.installed() == {"a-1.0.0", "b-1.0.0"}

        upstream.add("b", "1.1.0")
        said = first.does(bundle, "update", "--verbose")
        healthy(said, upstream)
        assert re.search(r"HTTP 206 Partial Content \S+/versions", said)
        assert "b (1.1.0)" in first.lock()
        assert [r.status for r in upstream.seen("/versions")] == [304, 206]

        upstream.down()
        frozen = Machine(tmp_path / "frozen", gateway.url, {"BUNDLE_FROZEN": "true"})
        frozen.gemfile("a", lock=first.lock())
        frozen.does(bundle, "install")
        assert frozen.installed() == {"a-1.0.0", "b-1.1.0"}
        assert "Traceback" not in gateway.log()


@clients
def test_bundle_install_from_a_lock_at_a_gateway_that_knows_nothing(
    upstream: GemRegistry, tmp_path: Path, bundle: str
) -> None:
    first = Machine(tmp_path / "first", upstream.url, {"BUNDLE_MIRROR__ALL": upstream.url})
    first.gemfile("a")
    first.does(bundle, "install")  # straight at the upstream: what fails here is not the gateway's doing
    with before(upstream, tmp_path) as gateway:
        frozen = Machine(tmp_path / "frozen", gateway.url, {"BUNDLE_FROZEN": "true"})
        frozen.gemfile("a", lock=first.lock())
        frozen.does(bundle, "install")
        assert frozen.installed() == {"a-1.0.0", "b-1.0.0"}


@clients
def test_gem_install_then_with_upstream_cut_off(upstream: GemRegistry, tmp_path: Path, gem: str) -> None:
    with before(upstream, tmp_path) as gateway:
        first = Machine(tmp_path / "first", gateway.url)
        said = first.does(gem, "install", "a", "-i", str(first.folder / "gems"), "--no-document", "--verbose")
        healthy(said, upstream)
        assert first.installed() == {"a-1.0.0", "b-1.0.0"}
        assert sorted(upstream.paths()) == [
            "/gems/a-1.0.0.gem", "/gems/b-1.0.0.gem", "/info/a", "/info/b",
            "/quick/Marshal.4.8/a-1.0.0.gemspec.rz", "/quick/Marshal.4.8/b-1.0.0.gemspec.rz",
        ]  # fmt: skip
        upstream.down()
        gateway.restart()
        again = Machine(tmp_path / "again", gateway.url)
        again.does(gem, "install", "a", "-i", str(again.folder / "gems"), "--no-document")
        assert again.installed() == {"a-1.0.0", "b-1.0.0"}


@clients
def test_bundle_install_with_upstream_cut_off_and_everything_old(
    upstream: GemRegistry, tmp_path: Path, bundle: str
) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = Machine(tmp_path / "first", gateway.url)
        first.gemfile("a")
        first.does(bundle, "install")
        upstream.down()
        gateway.restart()
        again = Machine(tmp_path / "again", gateway.url)
        again.gemfile("a")
        healthy(again.does(bundle, "install", "--verbose"), upstream)
        assert again.installed() == {"a-1.0.0", "b-1.0.0"}


@clients
@pytest.mark.parametrize("drip", [0, 0.05], ids=["at once", "slowly"])
def test_a_gem_that_is_corrupt_upstream_is_installed_by_nobody(
    upstream: GemRegistry, tmp_path: Path, bundle: str, gem: str, drip: float
) -> None:
    """Slowly: the answer has begun when the corruption shows, and Ruby takes a body that ends early for a whole one
    unless the connection is reset. Bundler would then find half a gem in its own cache for ever."""
    upstream.weather.set("/gems/b-*", Weather(corrupt=True, drip=drip, piece=16384))
    with before(upstream, tmp_path) as gateway:
        one = Machine(tmp_path / "one", gateway.url)
        status, said = one.run(gem, "install", "a", "-i", str(one.folder / "gems"), "--no-document")
        assert status != 0, said
        two = Machine(tmp_path / "two", gateway.url)
        two.gemfile("a")
        status, said = two.run(bundle, "install")
        assert status != 0, said
        for machine in (one, two):
            assert "b-1.0.0" not in machine.installed()
            assert not list(machine.folder.glob("gems/**/cache/b-1.0.0.gem")), "half a gem in the client's own cache"
        upstream.weather.clear()
        two.does(bundle, "install")


@clients
def test_a_hidden_version_is_not_chosen_and_a_lock_with_it_fails(
    upstream: GemRegistry, tmp_path: Path, bundle: str, gem: str
) -> None:
    upstream.add("b", "1.1.0")
    free = Machine(tmp_path / "free", upstream.url, {"BUNDLE_MIRROR__ALL": upstream.url})
    free.gemfile("a")
    free.does(bundle, "lock")
    assert "b (1.1.0)" in free.lock()
    with before(upstream, tmp_path, DENY) as gateway:
        one = Machine(tmp_path / "one", gateway.url)
        one.gemfile("a")
        healthy(one.does(bundle, "install", "--verbose"), upstream)
        assert one.installed() == {"a-1.0.0", "b-1.0.0"}
        (one.folder / "project" / "Gemfile.lock").unlink()
        said = one.does(bundle, "lock", "--update", "--verbose")
        assert "HTTP GET" in said
        assert "/info/b" not in said, "the list must name the digest of the text that is served"
        two = Machine(tmp_path / "two", gateway.url)
        two.does(gem, "install", "a", "-i", str(two.folder / "gems"), "--no-document")
        assert two.installed() == {"a-1.0.0", "b-1.0.0"}
        locked = Machine(tmp_path / "locked", gateway.url, {"BUNDLE_FROZEN": "true"})
        locked.gemfile("a", lock=free.lock())
        status, said = locked.run(bundle, "install")
        assert status != 0, said
        assert "1.1.0" in said


@clients
def test_the_lines_that_point_clients_here_for_good(
    upstream: GemRegistry, tmp_path: Path, bundle: str, gem: str
) -> None:
    lines = {client.name: client.line for client in RUBYGEMS.clients}
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url, pointed=False)
        for line in lines.values():
            machine.does("sh", "-c", line.replace("{base}", gateway.url).replace("{upstream}", "https://gems.example"))
        machine.gemfile("a")
        machine.does(bundle, "install")
        assert machine.installed() == {"a-1.0.0", "b-1.0.0"}
        assert f"{gateway.url}/rubygems/" in machine.does(gem, "sources")
        machine.does(gem, "install", "money-2", "-i", str(machine.folder / "gems"), "--no-document")
        assert "money-2-1.0" in machine.installed()


@clients
def test_ruby_reads_the_filtered_old_index(upstream: GemRegistry, tmp_path: Path) -> None:
    ruby = shutil.which("ruby")
    if not ruby:
        unable("Ruby is not installed (tests/clients/prepare.sh does it where it may)")
    rows = [(b"gem%d" % (n // 3), b"%d.0" % (n % 200), b"ruby" if n % 2 else b"java") for n in range(1000)]
    file = tmp_path / "specs"
    file.write_bytes(b"".join(specs.write(len(rows), rows)))
    script = f'Marshal.load(File.binread({str(file)!r})).each {{ |n, v, p| puts "#{{n}} #{{v.version}} #{{p}}" }}'
    done = subprocess.run([str(ruby), "-e", script], capture_output=True, check=True, env=dict(os.environ))
    assert done.stdout.splitlines() == [b" ".join(row) for row in rows]
