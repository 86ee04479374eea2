"""Perl distributions through a real gateway: the protocol by hand, and Debian's own cpanm and cpan."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from e2e.clients import alone, ran, unable
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, never_whole, refused
from registry.perl_registry import MODLIST, Dist, PerlRegistry
from registry.weather import Weather
from subak.adoption.settings import fill, settings_for
from subak.ecosystems.perl import PERL

PACKAGES = "/perl/modules/02packages.details.txt.gz"
HOME = "/perl/authors/id/A/AC/ACME/CHECKSUMS"


@pytest.fixture
def upstream() -> Iterator[PerlRegistry]:
    """Acme-Lab needs Acme-Base, which is large enough to be streamed while it is verified."""
    with PerlRegistry() as registry:
        registry.add("Acme-Base", "1.0", padding=200_000)
        registry.add("Acme-Lab", "1.0", {"Acme::Base": "1.0"})
        yield registry


before = partial(in_front_of, "perl")


def base(upstream: PerlRegistry) -> Dist:
    return next(dist for dist in upstream.dists if dist.name == "Acme-Base")


# ---------------------------------------------------------------- the protocol by hand


def test_documents_leave_as_they_came_and_are_not_asked_for_twice(upstream: PerlRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for _ in range(2):
            answer = gateway.ask(PACKAGES, {"accept-encoding": "gzip"})
            assert (answer.status, answer["content-type"], answer["content-encoding"]) == (200, "application/gzip", "")
            assert gzip.decompress(answer.body) == upstream.packages()
            known = gateway.ask(PACKAGES, {"if-modified-since": answer["last-modified"]})
            assert (known.status, known.body) == (304, b"")
            assert gzip.decompress(gateway.ask("/perl/modules/03modlist.data.gz").body) == MODLIST
            assert gateway.ask("/perl/authors/01mailrc.txt.gz").status == 200
            checksums = gateway.ask(HOME)
            assert checksums["content-type"] == "text/plain; charset=utf-8"
            assert checksums.body == upstream.checksums("A/AC/ACME")
        assert [len(upstream.seen(path)) for path in ("/modules/*", "/authors/01*", "*/CHECKSUMS")] == [2, 1, 1]


def test_a_snapshot_asks_for_the_file_alone(upstream: PerlRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for dist in upstream.dists:
            head = gateway.ask(f"/perl/{dist.path}", method="HEAD")
            assert (head.status, head["content-length"]) == (200, str(len(dist.body)))
            answer = gateway.ask(f"/perl/{dist.path}")
            assert (answer.status, answer.body) == (200, dist.body)
            part = gateway.ask(f"/perl/{dist.path}", {"range": "bytes=0-1"})
            assert (part.status, part.body) == (206, dist.body[:2])
            stem = dist.path.removesuffix(".tar.gz")
            assert gateway.ask(f"/perl/{stem}.meta").body.startswith(b"---\nname: Acme-")
            assert gateway.ask(f"/perl/{stem}.readme")["content-type"] == "text/plain; charset=utf-8"
        assert len(upstream.seen("*/CHECKSUMS")) == 1
        refused(gateway.ask("/perl/authors/id/A/AC/ACME/Acme-Lab-9.9.tar.gz"), 404)
        assert not upstream.seen("*Acme-Lab-9.9*"), "no CHECKSUMS announces it"


def test_a_distribution_that_its_author_removed_is_served(upstream: PerlRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        dist = base(upstream)
        eventually(lambda: gateway.ask(f"/perl/{dist.path}")["x-subak-cache"] == "hit")
        upstream.remove(dist)
        assert gzip.decompress(gateway.ask(PACKAGES).body) == upstream.packages()
        assert gateway.ask(f"/perl/{dist.path}").body == dist.body


@pytest.mark.parametrize("name", ["Acme-Base", "Acme-Lab"])
def test_a_corrupt_distribution_is_refused_and_not_kept(upstream: PerlRegistry, tmp_path: Path, name: str) -> None:
    dist = next(dist for dist in upstream.dists if dist.name == name)
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set(f"/{dist.path}", Weather(corrupt=True))
        never_whole(gateway.ask(f"/perl/{dist.path}"), 502)
        eventually(lambda: not gateway.leftovers())
        assert list(gateway.blobs().values()) == [upstream.checksums(dist.folder)], "only CHECKSUMS is kept"
        upstream.weather.clear()
        assert gateway.ask(f"/perl/{dist.path}").body == dist.body


def test_a_file_is_nothing_without_its_checksums(upstream: PerlRegistry, tmp_path: Path) -> None:
    dist = base(upstream)
    with before(upstream, tmp_path) as gateway:
        for weather in (Weather(status=404), Weather(body=b"<html>"), Weather(body=b"system('anything');")):
            upstream.weather.set("*/CHECKSUMS", weather)
            refused(gateway.ask(f"/perl/{dist.path}"), 404, 502)
        assert gateway.blobs() == {}
        assert not upstream.seen("*.tar.gz", method="GET")


DENY = {"access.deny": "pkg:cpan/ACME/Acme-Base@v1.1,pkg:cpan/other/Acme-More"}


def test_a_hidden_version_is_not_listed_and_its_file_is_refused(upstream: PerlRegistry, tmp_path: Path) -> None:
    newer = upstream.add("Acme-Base", "1.1")
    more = upstream.add("Acme-More", "1.0", author="OTHER")
    with before(upstream, tmp_path, DENY) as gateway:
        answer = gateway.ask(PACKAGES)
        text = gzip.decompress(answer.body).decode()
        assert "Acme::Base" not in text
        assert "Line-Count:   2\n" in text
        assert re.search(r"^Acme::Lab +1\.0 +A/AC/ACME/Acme-Lab-1\.0\.tar\.gz$", text, re.MULTILINE)
        assert gateway.ask(HOME).body == upstream.checksums("A/AC/ACME"), "it is signed"
        for path in (newer.path, newer.path.replace(".tar.gz", ".meta"), more.path):
            refused(gateway.ask(f"/perl/{path}"), 403)
        assert gateway.ask(f"/perl/{base(upstream).path}").status == 200


# ---------------------------------------------------------------- the real clients


@dataclass(slots=True)
class Machine:
    """One person's fresh machine, pointed at a gateway by the settings that `subak env` prints."""

    folder: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, typed: str = "") -> tuple[int, str]:
        """The exit status and all that was said."""
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        there = {
            "PERL5LIB": str(self.folder / "there/lib/perl5"),
            "PERL_MM_OPT": f"INSTALL_BASE={self.folder / 'there'}",  # cpan would install for everybody
        }  # fmt: skip
        pointed = dict(settings_for((), self.url, ecosystems=(PERL,)).environ)
        environ = alone(home, "PERL", "CPAN", "CI", **{**there, **pointed, **self.environ})
        done = ran(command, home, environ, typed)
        return done.returncode, f"{done.stdout}\n{done.stderr}"

    def does(self, *command: str, typed: str = "") -> str:
        """Run a command that must succeed."""
        status, said = self.run(*command, typed=typed)
        assert status == 0, f"{' '.join(command)} ended with {status}:\n{said}"
        return said

    def cpanm(self, *arguments: str) -> tuple[int, str]:
        """Install into a folder where nothing but Perl itself counts as there."""
        return self.run(tool("cpanm"), "-L", str(self.folder / "there"), *arguments)

    def line(self, client: str) -> str:
        """What a person types to point a client here for good."""
        found = next(c for c in PERL.clients if c.name == client)
        return fill(found.line, self.url)

    def installed(self) -> set[str]:
        """Modules and their versions, as Perl itself reads them."""
        modules = [f"Acme::{path.stem}" for path in (self.folder / "there/lib/perl5/Acme").glob("*.pm")]
        return {self.does("perl", f"-M{m}", "-e", f"print '{m} ', {m}->VERSION").strip() for m in modules}


def tool(name: str) -> str:
    found = shutil.which(name)
    if not found or not shutil.which("make"):
        unable(f"{name} is not installed (tests/clients/prepare.sh does it where it may)")
    return str(found)


clients = pytest.mark.clients

BOTH = {"Acme::Base 1.0", "Acme::Lab 1.0"}
FETCHERS = {"LWP": (), "HTTP::Tiny": ("--no-lwp",)}
"""What cpanm fetches with. It takes the second where there is no LWP."""


@clients
@pytest.mark.parametrize("fetcher", FETCHERS)
def test_cpanm_cold_and_with_upstream_cut_off(upstream: PerlRegistry, tmp_path: Path, fetcher: str) -> None:
    options = (*FETCHERS[fetcher], "Acme::Lab")
    with before(upstream, tmp_path) as gateway:
        first = Machine(tmp_path / "first", gateway.url)
        status, said = first.cpanm(*options)
        assert status == 0, said
        assert first.installed() == BOTH
        assert sorted(set(upstream.paths())) == [
            "/authors/id/A/AC/ACME/Acme-Base-1.0.tar.gz", "/authors/id/A/AC/ACME/Acme-Lab-1.0.tar.gz",
            "/authors/id/A/AC/ACME/CHECKSUMS", "/modules/02packages.details.txt.gz",
        ]  # fmt: skip
        upstream.down()
        gateway.restart()
        again = Machine(tmp_path / "again", gateway.url)
        status, said = again.cpanm(*options)
        assert status == 0, said
        assert again.installed() == BOTH
        assert "Traceback" not in gateway.log()


@clients
def test_cpanm_with_everything_old(upstream: PerlRegistry, tmp_path: Path) -> None:
    """What changed is found; what did not is not fetched again."""
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url)
        assert machine.cpanm("Acme::Lab")[0] == 0
        upstream.add("Acme-Base", "1.1")
        upstream.forget()
        assert machine.cpanm("Acme::Base")[0] == 0
        assert machine.installed() == {"Acme::Base 1.1", "Acme::Lab 1.0"}
        assert [r.status for r in upstream.seen("*02packages*")] == [200]
        assert len(upstream.seen("*.tar.gz")) == 1
        upstream.forget()
        assert "up to date" in machine.cpanm("Acme::Base")[1]
        assert [r.status for r in upstream.seen()] == [304]


@clients
@pytest.mark.parametrize("fetcher", FETCHERS)
def test_a_distribution_that_is_corrupt_upstream_is_installed_by_nobody(
    upstream: PerlRegistry, tmp_path: Path, fetcher: str
) -> None:
    """The answer has begun when the corruption shows: half an archive, from which wget and curl would install."""
    upstream.weather.set("*/Acme-Base-*.tar.gz", Weather(corrupt=True, drip=0.05, piece=16384))
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url)
        status, said = machine.cpanm(*FETCHERS[fetcher], "Acme::Lab")
        assert status != 0, said
        assert machine.installed() == set()
        assert base(upstream).sha256 not in gateway.blobs()
        assert max(len(body) for body in gateway.blobs().values()) < 10_000, "nothing of it is kept"
        upstream.weather.clear()
        status, said = machine.cpanm(*FETCHERS[fetcher], "Acme::Lab")
        assert status == 0, said


@clients
def test_a_hidden_version_is_not_found_by_cpanm(upstream: PerlRegistry, tmp_path: Path) -> None:
    upstream.add("Acme-Base", "1.1", old=("Acme::Base::New",))
    with before(upstream, tmp_path, DENY) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url)
        status, said = machine.cpanm("Acme::Lab")
        assert (status, machine.installed()) == (1, set()), said
        assert "Finding Acme::Base (1.0) on mirror" in said
        status, said = machine.cpanm("ACME/Acme-Base-1.1.tar.gz")
        assert (status, machine.installed()) == (1, set()), said
        status, said = machine.cpanm("ACME/Acme-Base-1.0.tar.gz")
        assert (status, machine.installed()) == (0, {"Acme::Base 1.0"}), said


@clients
def test_the_line_that_points_cpanm_here_for_good(upstream: PerlRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url, {"PERL_CPANM_OPT": "", "PERL_CARTON_MIRROR": ""})
        for name in ("cpanm", "carton"):
            machine.does("sh", "-c", machine.line(name))
        said = machine.does("sh", "-c", '. ~/.profile; echo "$PERL_CARTON_MIRROR"; cpanm -L ../there Acme::Lab')
        assert f"{gateway.url}/perl\n" in said
        assert machine.installed() == BOTH


@clients
def test_carton_from_a_snapshot_with_upstream_cut_off(upstream: PerlRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        first, again = (Machine(tmp_path / name, gateway.url) for name in ("first", "again"))
        for machine in (first, again):
            project = machine.folder / "home"
            project.mkdir(parents=True)
            (project / "cpanfile").write_text("requires 'Acme::Lab';\n")
        first.does(tool("carton"), "install", "--path", str(first.folder / "there"))
        assert first.installed() == BOTH
        snapshot = "home/cpanfile.snapshot"
        locked = (first.folder / snapshot).read_text()
        assert gateway.url not in locked, "we do not show in it"
        upstream.add("Acme-Base", "1.1")
        upstream.down()
        gateway.restart()
        (again.folder / snapshot).write_text(locked)
        again.does(tool("carton"), "install", "--deployment", "--path", str(again.folder / "there"))
        assert again.installed() == BOTH


@clients
def test_cpan_cold_and_with_upstream_cut_off(upstream: PerlRegistry, tmp_path: Path) -> None:
    """It checks files against CHECKSUMS itself."""
    with before(upstream, tmp_path) as gateway:
        for name in ("first", "again"):
            machine = Machine(tmp_path / name, gateway.url)
            tool("cpan")
            machine.does("sh", "-c", machine.line("cpan"))
            said = machine.does("cpan", "-T", "Acme::Lab")
            assert machine.installed() == BOTH, said
            assert len(re.findall(r"Checksum for \S+ ok", said)) == 2
            upstream.down()
            gateway.restart()


@clients
def test_cpan_refuses_what_is_corrupt(upstream: PerlRegistry, tmp_path: Path) -> None:
    upstream.weather.set("*/Acme-Base-*.tar.gz", Weather(corrupt=True))
    tool("cpan")
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "machine", gateway.url)
        machine.does("sh", "-c", machine.line("cpan"))
        status, said = machine.run("cpan", "-T", "Acme::Lab")
        assert status != 0, said
        assert machine.installed() == set()
