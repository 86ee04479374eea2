"""apt through a real gateway: the protocol by hand, the real client, and the archive that this machine uses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial
from pathlib import Path

import pytest

from e2e.clients import NOWHERE_ELSE, Runs, alone, ran, unable
from e2e.running import IMPATIENT, Gateway, clean_environment
from e2e.scene import eventually, in_front_of, refused
from registry.debian_registry import Deb, DebianRegistry, Signer
from registry.weather import Weather
from subak.adoption.asking import upstreams_at
from subak.adoption.clientfolder import write
from subak.adoption.settings import fill, settings_for
from subak.ecosystems.debian import DEBIAN
from subak.sources.clientfiles import places, read
from subak.sources.discovery import discover

APT = {"user-agent": "Debian APT-HTTP/1.3 (2.6.1)"}
OLD = "0.01ms"
"""A freshness under which every question goes upstream."""


before = partial(in_front_of, "debian")


def by_hash(upstream: DebianRegistry, name: str = "Packages.xz", algorithm: str = "SHA256") -> str:
    """Where the gateway has today's index by its digest."""
    folder = f"{upstream.binaries}by-hash/{algorithm}/"
    body = upstream.files[upstream.binaries + name]
    return "/debian/" + next(path for path, b in upstream.files.items() if path.startswith(folder) and b == body)


def good(gateway: Gateway, path: str, body: bytes) -> None:
    answer = gateway.ask(path, APT)
    assert (answer.status, answer.complete, answer.body == body) == (200, True, True), (path, answer)


RELEASE, PACKAGES = "/debian/dists/stable/InRelease", "/debian/dists/stable/main/binary-amd64/Packages.xz"


# ---------------------------------------------------------------- the protocol by hand


def test_release_as_it_is_with_conditions_and_ranges(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path) as gateway:
        upstream.add("acme", "1.0")
        upstream.publish()
        body = upstream.files["dists/stable/InRelease"]
        answer = gateway.ask(RELEASE, {**APT, "accept": "text/*", "cache-control": "max-age=0"})
        assert answer.body == body
        assert answer["last-modified"] == formatdate(upstream.begun, usegmt=True)
        assert int(answer["content-length"]) == len(body)
        assert gateway.ask(RELEASE, {"accept-encoding": "gzip"})["content-encoding"] == ""
        since = {"if-modified-since": answer["last-modified"]}
        again = gateway.ask(RELEASE, {**APT, **since})
        assert (again.status, again.body) == (304, b"")
        part = gateway.ask(RELEASE, {**APT, "range": "bytes=10-", "if-range": answer["last-modified"]})
        assert (part.status, part.body) == (206, body[10:])
        assert len(upstream.seen()) == 1
        assert gateway.ask(RELEASE, method="PUT").status == 405


def test_one_index_under_all_its_names(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path) as gateway:
        deb = upstream.add("acme", "2:1.0+dfsg~rc1-1", padding=100_000)
        upstream.publish()
        assert gateway.ask(RELEASE).status == 200
        index = upstream.files[f"{upstream.binaries}Packages.xz"]
        paths = (by_hash(upstream), PACKAGES, by_hash(upstream, algorithm="SHA512"))
        good(gateway, paths[0], index)
        eventually(lambda: gateway.ask(paths[0])["x-subak-cache"] == "hit")
        for path in paths[1:]:
            good(gateway, path, index)
        assert len(upstream.seen("*Packages*")) + len(upstream.seen("*by-hash*")) <= len(paths)
        assert "immutable" in gateway.ask(paths[0])["cache-control"]
        assert "immutable" not in gateway.ask(PACKAGES)["cache-control"]
        # pinned by the index, in both spellings
        head = gateway.ask(deb.asked, APT, method="HEAD")
        assert (head.status, int(head["content-length"])) == (200, len(deb.body))
        assert upstream.seen("*.deb") == []
        good(gateway, deb.asked, deb.body)
        good(gateway, f"/debian/{deb.path}", deb.body)
        eventually(lambda: gateway.ask(deb.asked)["x-subak-cache"] == "hit")
        assert gateway.ask(deb.asked, {"range": "bytes=-9"}).body == deb.body[-9:]
        assert [r.path.rpartition("/")[2] for r in upstream.seen("*.deb")] == ["acme_1.0%2Bdfsg~rc1-1_all.deb"]


def test_an_index_asked_first_brings_its_release(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path) as gateway:
        upstream.add("acme", "1.0")
        upstream.publish()
        good(gateway, PACKAGES, upstream.files[f"{upstream.binaries}Packages.xz"])
        assert upstream.seen("*/InRelease")
        refused(gateway.ask(f"{PACKAGES}.unlisted"), 404)
        assert upstream.seen("*.unlisted") == [], "what no Release lists is not even asked for"


@pytest.mark.parametrize("name", ["by-hash", "canonical", "release", "deb"])
def test_altered_files_are_refused_and_not_kept(tmp_path: Path, name: str) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path) as gateway:
        deb = upstream.add("acme", "1.0", padding=300_000)
        upstream.publish()
        path, pattern = {
            "by-hash": (by_hash(upstream), "*by-hash*"),
            "canonical": (PACKAGES, "*Packages.xz"),
            "release": (RELEASE, "*InRelease"),
            "deb": (deb.asked, "*.deb"),
        }[name]
        if name == "deb":
            gateway.ask(PACKAGES)
        weather = Weather(body=b"<html>sign in</html>") if name == "release" else Weather(corrupt=True)
        upstream.weather.set(pattern, weather)
        answer = gateway.ask(path, APT)
        assert not (answer.status == 200 and answer.complete), answer.status
        kept = set(gateway.blobs())
        assert not any(b"<html>" in body or body[: len(deb.body)] == deb.body for body in gateway.blobs().values())
        upstream.weather.clear()
        good(gateway, path, upstream.files[path.removeprefix("/debian/")])
        eventually(lambda: set(gateway.blobs()) > kept or name == "release")
        eventually(lambda: gateway.leftovers() == [])


def test_a_release_held_survives_nonsense_and_outages(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path, cache__fresh=OLD) as gateway:
        deb = upstream.add("acme", "1.0")
        upstream.publish()
        body = upstream.files["dists/stable/InRelease"]
        for path in (RELEASE, by_hash(upstream), deb.asked):
            assert gateway.ask(path).status == 200
        upstream.weather.set("*InRelease", Weather(body=b"<html>sign in</html>"))
        good(gateway, RELEASE, body)
        upstream.weather.set("*InRelease", Weather(body=body[: len(body) // 2]))
        good(gateway, RELEASE, body)
        upstream.down()
        good(gateway, RELEASE, body)
        good(gateway, by_hash(upstream), upstream.files[f"{upstream.binaries}Packages.xz"])
        good(gateway, deb.asked, deb.body)


def test_names_follow_the_release_and_hashes_stay(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path, cache__fresh=OLD) as gateway:
        upstream.add("acme", "1.0")
        upstream.publish()
        old, old_path = upstream.files[f"{upstream.binaries}Packages.xz"], by_hash(upstream)
        gateway.ask(RELEASE)
        good(gateway, PACKAGES, old)
        good(gateway, old_path, old)
        for number in range(1, 6):
            upstream.add("acme", f"1.{number}")
            upstream.publish()
            eventually(lambda: gateway.ask(RELEASE).body == upstream.files["dists/stable/InRelease"])
            good(gateway, PACKAGES, upstream.files[f"{upstream.binaries}Packages.xz"])
        del upstream.files[old_path.removeprefix("/debian/")]
        good(gateway, old_path, old)


def test_a_release_that_changed_unseen_is_asked_afresh(tmp_path: Path) -> None:
    """The names' bytes changed upstream while we still believed in the former Release."""
    with DebianRegistry(by_hash=False) as upstream, before(upstream, tmp_path, cache__fresh="1h") as gateway:
        upstream.add("acme", "1.0")
        upstream.publish()
        gateway.ask(RELEASE)
        upstream.add("acme", "1.1")
        upstream.publish()
        gateway.ask(PACKAGES)
        eventually(lambda: gateway.ask(PACKAGES).body == upstream.files[f"{upstream.binaries}Packages.xz"])
        good(gateway, RELEASE, upstream.files["dists/stable/InRelease"])


def test_what_no_index_announced_yet(tmp_path: Path) -> None:
    """A client with older lists asks for a package first: it gets it, and the index decides later."""
    with DebianRegistry() as upstream, before(upstream, tmp_path) as gateway:
        deb = upstream.add("acme", "1.0", padding=100_000)
        other = upstream.add("other", "1.0", padding=100_000)
        upstream.publish()
        good(gateway, deb.asked, deb.body)
        upstream.weather.set("*other*", Weather(corrupt=True))
        assert gateway.ask(other.asked).status == 200, "its digest is not known yet"
        upstream.weather.clear()
        assert gateway.ask(PACKAGES).status == 200
        upstream.forget()
        good(gateway, deb.asked, deb.body)
        assert upstream.seen() == []
        good(gateway, other.asked, other.body)


def test_a_key_may_be_replaced(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path, cache__fresh=OLD) as gateway:
        upstream.files["vendor.asc"] = b"one"
        good(gateway, "/debian/vendor.asc", b"one")
        upstream.files["vendor.asc"] = b"another"
        eventually(lambda: gateway.ask("/debian/vendor.asc").body == b"another")


def test_the_current_installer(tmp_path: Path) -> None:
    with DebianRegistry() as upstream, before(upstream, tmp_path, cache__fresh=OLD) as gateway:
        path = "main/installer-amd64/{}/images/"

        def point(version: str) -> bytes:
            image = f"image of {version}".encode() * 1000
            sums = f"{'0' * 64}  ./nothing-{version}\n".encode()
            for folder in (version, "current"):
                upstream.files[f"dists/stable/{path.format(folder)}netboot/mini.iso"] = image
                upstream.list_also(f"{path.format(folder)}SHA256SUMS", sums)
            upstream.publish()
            return image

        for version in ("20240101", "20250101"):
            image = point(version)
            eventually(lambda: gateway.ask(RELEASE).body == upstream.files["dists/stable/InRelease"])
            good(gateway, f"/debian/dists/stable/{path.format('current')}netboot/mini.iso", image)
            good(gateway, f"/debian/dists/stable/{path.format(version)}netboot/mini.iso", image)
        assert upstream.seen("*/current/*iso") == []


def test_a_denied_version_is_refused_though_its_index_names_it(tmp_path: Path) -> None:
    deny = "pkg:deb/debian/acme@2:1.0-1"
    with DebianRegistry() as upstream, before(upstream, tmp_path, access__deny=deny) as gateway:
        deb, other = upstream.add("acme", "2:1.0-1"), upstream.add("acme", "2:1.1-1")
        upstream.publish()
        good(gateway, RELEASE, upstream.files["dists/stable/InRelease"])
        good(gateway, PACKAGES, upstream.files[f"{upstream.binaries}Packages.xz"])
        refused(gateway.ask(deb.asked), 403)
        good(gateway, other.asked, other.body)


# ---------------------------------------------------------------- the real client


@dataclass(slots=True)
class Machine(Runs):
    """Somebody's machine with empty lists and an empty cache; nothing of this one's settings is read."""

    folder: Path
    sources: str
    """The text of its sources.list."""
    status: Path | None = None
    """What dpkg has installed, nothing by default."""

    def __post_init__(self) -> None:
        for name in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "lists/partial", "cache/archives/partial", "home"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "etc/apt/sources.list").write_text(self.sources)
        (self.folder / "status").touch()
        (self.folder / "apt.conf").write_text(
            f'Dir::Etc "{self.folder}/etc/apt";\nDir::State::lists "{self.folder}/lists";\n'
            f'Dir::State::status "{self.status or self.folder / "status"}";\nDir::Cache "{self.folder}/cache";\n'
            f'Dir::Log "{self.folder}";\nAPT::Sandbox::User "";\nAcquire::Languages "none";\n'
            'APT::Architecture "amd64";\nAPT::Update::Error-Mode "any";\nAcquire::Retries "0";\n'
            'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\nAPT::Get::Assume-Yes "true";\n'
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run apt-get. Whatever goes round the gateway fails."""
        if not shutil.which("apt-get"):
            unable("apt-get is not installed")
        home = self.folder / "home"
        return ran(["apt-get", *arguments], home, alone(home, APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C"))

    def must(self, *arguments: str) -> str:
        """What apt-get said. Fails the test when it does not succeed, or warns."""
        done = self.run(*arguments)
        said = f"apt-get {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, said
        assert "W:" not in done.stderr, said
        return said

    def fetched(self, *arguments: str) -> dict[str, bytes]:
        """The packages that `apt-get install --download-only` brought, by file name."""
        self.must("install", "--download-only", *arguments)
        return {path.name: path.read_bytes() for path in (self.folder / "cache" / "archives").glob("*.deb")}


@pytest.fixture(scope="module")
def signer() -> Iterator[Signer]:
    if not shutil.which("gpg"):
        unable("gpg is not installed")
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:  # the agent's socket needs a short path
        signer = Signer(Path(folder) / "home")
        yield signer
        signer.close()


def machine(folder: Path, gateway: Gateway, signer: Signer, where: str = "stable main") -> Machine:
    return Machine(folder, f"deb [signed-by={signer.key}] {gateway.url}/debian {where}\n")


def named(deb: Deb) -> str:
    """How apt names it in its cache."""
    return f"{deb.name}_{deb.version.replace(':', '%3a')}_{deb.architecture}.deb"


client = pytest.mark.clients


@client
def test_cold_then_again_then_without_upstream(tmp_path: Path, signer: Signer) -> None:
    with DebianRegistry(signer) as upstream, before(upstream, tmp_path) as gateway:
        debs = (upstream.add("libacme++", "2:1.0+dfsg~rc1-1", padding=200_000), upstream.add("other", "1.0"))
        upstream.add("acme", "1.0", depends="libacme++ (>= 2:1.0~)")
        upstream.publish()
        first = machine(tmp_path / "first", gateway, signer)
        first.must("update")
        assert [r.path.split("/")[-2] for r in upstream.seen()] == ["stable", "SHA512"]
        brought = first.fetched("acme")
        assert brought[named(debs[0])] == debs[0].body
        assert len(brought) == 2
        assert "Hit:1" in first.must("update")
        upstream.forget()
        again = machine(tmp_path / "again", gateway, signer)
        again.must("update")
        assert again.fetched("acme") == brought
        assert upstream.seen() == [], "a second fresh machine costs the upstream nothing"
        upstream.down()
        gateway.restart()
        afresh = machine(tmp_path / "afresh", gateway, signer)
        afresh.must("update")
        assert afresh.fetched("acme") == brought
        assert "Traceback" not in gateway.log()


@client
@pytest.mark.parametrize("validators", [True, False], ids=["dated", "bare"])
def test_stale_documents_without_upstream(tmp_path: Path, signer: Signer, validators: bool) -> None:
    with (
        DebianRegistry(signer, validators=validators) as upstream,
        before(upstream, tmp_path, cache__fresh=OLD, cache__revalidate_behind="0") as gateway,
    ):
        upstream.add("acme", "1.0")
        upstream.publish()
        first = machine(tmp_path / "first", gateway, signer)
        first.must("update")
        brought = first.fetched("acme")
        assert "Hit:1" in first.must("update"), "apt asks with the date it got"
        upstream.down()
        afresh = machine(tmp_path / "afresh", gateway, signer)
        afresh.must("update")
        assert afresh.fetched("acme") == brought


@client
@pytest.mark.parametrize("inline", [True, False], ids=["InRelease", "Release.gpg"])
@pytest.mark.parametrize("offered", [True, False], ids=["by-hash", "by-name"])
@pytest.mark.parametrize("flat", [False, True], ids=["suite", "flat"])
def test_every_kind_of_archive(tmp_path: Path, signer: Signer, inline: bool, offered: bool, flat: bool) -> None:
    with DebianRegistry(signer, inline=inline, by_hash=offered, flat=flat) as upstream:
        deb = upstream.add("acme", "1.0+b1", padding=50_000)
        upstream.publish()
        with before(upstream, tmp_path) as gateway:
            first = machine(tmp_path / "first", gateway, signer, "./" if flat else "stable main")
            first.must("update")
            assert first.fetched("acme") == {named(deb): deb.body}
            assert bool(upstream.seen("*by-hash*")) == offered
            # What the index announced is what counts.
            upstream.weather.set("*", Weather(status=404))
            assert gateway.ask(deb.asked)["x-subak-cache"] == "hit"


@client
@pytest.mark.parametrize("offered", [True, False], ids=["by-hash", "by-name"])
def test_fifty_republications_without_a_mismatch(tmp_path: Path, signer: Signer, offered: bool) -> None:
    with (
        DebianRegistry(signer, by_hash=offered) as upstream,
        before(upstream, tmp_path, cache__fresh=OLD, cache__revalidate_behind="0") as gateway,
    ):
        for number in range(50 if offered else 10):
            upstream.add("acme", f"1.{number}", replaces=True)
            upstream.publish()
            if number == 0:
                first = machine(tmp_path / "first", gateway, signer)
            first.must("update")
        assert list(first.fetched("acme")) == [f"acme_1.{number}_all.deb"]


@client
def test_a_client_with_an_older_release_still_gets_its_indexes(tmp_path: Path, signer: Signer) -> None:
    with DebianRegistry(signer) as upstream, before(upstream, tmp_path, cache__fresh="1h") as gateway:
        upstream.add("acme", "1.0")
        upstream.publish()
        assert gateway.ask(RELEASE).status == 200
        upstream.add("acme", "1.1")
        upstream.publish()
        first = machine(tmp_path / "first", gateway, signer)
        first.must("update")
        assert list(first.fetched("acme")) == ["acme_1.0_all.deb"]


@client
def test_patches_to_the_index(tmp_path: Path, signer: Signer) -> None:
    with (
        DebianRegistry(signer, patches=True) as upstream,
        before(upstream, tmp_path, cache__fresh=OLD, cache__revalidate_behind="0") as gateway,
    ):
        for number in range(200):
            upstream.add(f"acme-{number}", "1.0")
        upstream.publish()
        first = machine(tmp_path / "first", gateway, signer)
        first.must("update")
        for number in range(2):
            deb = upstream.add(f"new-{number}", "1.0")
            upstream.publish()
            upstream.forget()
            first.must("update")
            assert upstream.seen("*.diff/T-*.gz")
            assert first.fetched(deb.name)[named(deb)] == deb.body
        # A second machine patches too, and the gateway knows these patches.
        upstream.weather.set("*.diff/T-*", Weather(corrupt=True))
        upstream.add("newest", "1.0")
        upstream.publish()
        first.must("update")  # a patch that is refused: apt takes the whole index
        first.fetched("newest")


@client
def test_what_is_altered_or_denied_fails_loudly(tmp_path: Path, signer: Signer) -> None:
    deny = "pkg:deb/debian/denied"
    with DebianRegistry(signer) as upstream, before(upstream, tmp_path, access__deny=deny) as gateway:
        deb = upstream.add("acme", "1.0", padding=300_000)
        upstream.add("denied", "1.0")
        upstream.publish()
        first = machine(tmp_path / "first", gateway, signer)
        upstream.weather.set("*by-hash*", Weather(corrupt=True))
        upstream.weather.set("*Packages*", Weather(corrupt=True))
        first.fails("update")
        upstream.weather.clear()
        first.must("update")
        upstream.weather.set("*.deb", Weather(corrupt=True))
        first.fails("install", "--download-only", "acme")
        assert deb.body not in gateway.blobs().values()
        upstream.weather.set("*.deb", Weather(truncate=1000))
        first.fails("install", "--download-only", "acme")
        upstream.weather.clear()
        # apt goes on where it was broken off, so this machine's next try joins a wrong half with a good one.
        first.run("install", "--download-only", "acme")
        assert first.fetched("acme") == {named(deb): deb.body}
        assert "403" in first.fails("install", "--download-only", "denied")


# ---------------------------------------------------------------- pointed here by a copy of its own sources


def private(folder: Path) -> list[str]:
    """Options under which apt-get keeps everything of its own in `folder`, and nothing is installed yet."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    own = {"Dir::State": folder, "Dir::State::lists": "lists", "Dir::State::status": folder / "status"}
    own |= {"Dir::Cache": folder / "cache", "Dir::Log": folder, "APT::Sandbox::User": "", "Acquire::Languages": "none"}
    return [word for name, value in own.items() for word in ("-o", f"{name}={value}")]


def apt_through(environ: Mapping[str, str], *command: str) -> str:
    """What a command says that must not reach anything but this machine."""
    env = {**clean_environment(**NOWHERE_ELSE, LC_ALL="C"), **environ}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@client
def test_its_own_sources_with_our_address_in_them(tmp_path: Path, signer: Signer) -> None:
    """Two archives of one family, each with its own upstream, and a third one that this gateway does not serve."""
    if not shutil.which("apt-get"):
        unable("apt-get is not installed")
    with DebianRegistry(signer) as main, DebianRegistry(signer) as security, DebianRegistry(signer) as other:
        deb, fixed = main.add("acme", "1.0"), security.add("acme", "1.0+fixed")
        gone = other.add("vendor", "1.0")
        for upstream in (main, security, other):
            upstream.publish()
        etc = tmp_path / "etc"
        (etc / "sources.list.d").mkdir(parents=True)
        (etc / "sources.list").write_text(f"deb [signed-by={signer.key}] {main.url} stable main\n")
        for name, upstream in (("security", security), ("vendor", other)):
            text = f"Types: deb\nURIs: {upstream.url}\nSuites: stable\nComponents: main\nSigned-By: {signer.key}\n"
            (etc / "sources.list.d" / f"{name}.sources").write_text(text)
        upstreams = {"debian": main.url, "debian-security": security.url}
        with Gateway(tmp_path / "data", IMPATIENT, upstreams) as gateway:
            (apt,) = DEBIAN.clients
            apt = replace(apt, copies=tuple((path.replace("/etc/apt", str(etc)), to) for path, to in apt.copies))
            here = replace(DEBIAN, clients=(apt,))
            folder, known = tmp_path / "folder", upstreams_at(gateway.url)
            ours = settings_for(("apt",), gateway.url, ecosystems=[here], folder=folder, upstreams=known)
            write(ours, {})
            apt_get, environ = ("apt-get", *private(tmp_path / "machine")), dict(ours.environ)
            said = apt_through(environ, *apt_get, "update")
            assert f"{gateway.url}/debian stable InRelease" in said
            assert f"{gateway.url}/debian-security stable InRelease" in said
            for found in (fixed, gone):
                apt_through(environ, *apt_get, "install", "-y", "--download-only", found.name)
                brought = tmp_path / "machine" / "cache" / "archives" / named(found)
                assert brought.read_bytes() == found.body
            good(gateway, deb.asked, deb.body)
            refused(gateway.ask(f"/debian/{fixed.path}"), 404)
            for upstream in (main, security):
                assert {r.headers["user-agent"].partition("/")[0] for r in upstream.seen()} == {"subak"}
            assert all("APT" in r.headers["user-agent"] for r in other.seen())
            assert "debian-security" in gateway.ask("/-/metrics").body.decode()


# ---------------------------------------------------------------- the archive that this machine uses


@client
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_subak_run_with_the_sources_of_this_machine(tmp_path: Path) -> None:
    """`subak run -- apt-get …`, security updates included when this machine has them."""
    found = discover(DEBIAN, "auto", os.environ, Path.home(), ())
    if not shutil.which("apt-get") or found.by != "client":
        unable("no sources of apt on this machine")
    files = [path for file in DEBIAN.hints.files for path in places(file.path, os.environ, Path.home())]
    secure = [read(path, "apt", os.environ).get("deb-security", "") for path in files]
    security = next((url for url in secure if url and not f"{url.rstrip('/')}/".startswith(found.url)), "")
    upstreams = {"debian": found.url} | ({"debian-security": security} if security else {})
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}, upstreams) as gateway:
        python_path = gateway.environment()["PYTHONPATH"]
        environ = {"SUBAK_DATA": str(tmp_path / "own"), "PYTHONPATH": python_path, "HOME": str(tmp_path)}
        run = (sys.executable, "-m", "subak", "run", "--url", gateway.url, "--", "apt-get", *private(tmp_path / "m"))
        said = apt_through(environ, *run, "update")
        assert re.search(rf"^Get:\d+ {gateway.url}/debian \S+ InRelease", said, re.M), said
        assert not security or re.search(rf"^Get:\d+ {gateway.url}/debian-security \S+ InRelease", said, re.M), said
        said = apt_through(environ, *run, "install", "-y", "--download-only", "--no-install-recommends", "hello")
        assert re.search(rf"^Get:\d+ {gateway.url}/debian \S+ \S+ hello ", said, re.M), said
        assert list((tmp_path / "m" / "cache" / "archives").glob("hello_*.deb"))
        assert found.url.rstrip("/") not in said, "everything comes from here"


@client
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_archive(tmp_path: Path) -> None:
    """One small package, by the sources and with the keys of this machine."""
    release = Path("/etc/os-release")
    said = dict(r.partition("=")[::2] for r in release.read_text().splitlines()) if release.is_file() else {}
    keys = sorted(Path("/usr/share/keyrings").glob(f"{said.get('ID', '')}-archive-keyring.*"))
    codename = said.get("VERSION_CODENAME", "").strip('"')
    found = discover(DEBIAN, "auto", os.environ, Path.home(), ())
    if not shutil.which("apt-get") or not codename or not keys or found.by != "client":
        unable("no sources of apt, or no keys, on this machine")
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}, {"debian": found.url}) as gateway:
        sources = f"deb [signed-by={keys[0]}] {gateway.url}/debian {codename} main\n"
        first = Machine(tmp_path / "first", sources, Path("/var/lib/dpkg/status"))
        first.must("update")
        brought = first.fetched("--reinstall", "hello")
        assert [name.partition("_")[0] for name in brought] == ["hello"]
        eventually(lambda: set(gateway.blobs().values()) >= set(brought.values()))
        gateway.restart(debian="http://127.0.0.1:9/debian/")
        afresh = Machine(tmp_path / "afresh", sources, Path("/var/lib/dpkg/status"))
        afresh.must("update")
        assert afresh.fetched("--reinstall", "hello") == brought
        assert "Traceback" not in gateway.log()


def test_the_line_names_this_gateway() -> None:
    (apt,) = DEBIAN.clients
    assert "http://127.0.0.1:1/debian" in fill(apt.line, "http://127.0.0.1:1")
