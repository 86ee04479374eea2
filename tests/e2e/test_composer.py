"""Composer through a real gateway: the protocol by hand, and Debian's own Composer."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.asking import Answer
from e2e.clients import Runs, alone, unable
from e2e.running import Gateway
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, never_whole, refused
from registry.composer_registry import CODE, FILES, REPOSITORY, ComposerRegistry, Release
from registry.weather import Weather
from subak.ecosystems.composer import COMPOSER

CHANGED = b"PK other bytes than the day before"


def stock(upstream: ComposerRegistry) -> None:
    """acme/app needs acme/lib, which has two tags and a branch; its archives are large enough to be streamed."""
    upstream.add("acme/lib", "v1.0.0", padding=100_000)
    upstream.add("acme/lib", "v1.1.0", padding=100_000)
    upstream.add("acme/lib", "dev-feature/odd")
    upstream.add("acme/app", "1.0.0", {"acme/lib": "^1.0"}, shasum="right")


@pytest.fixture
def upstream() -> Iterator[ComposerRegistry]:
    with ComposerRegistry() as registry:
        stock(registry)
        yield registry


before = partial(in_front_of, "composer")


def published(upstream: ComposerRegistry, name: str, version: str) -> Release:
    return next(r for r in upstream.releases if (r.name, r.version) == (name, version))


def readings(gateway: Gateway) -> list[dict[str, Any]]:
    """What was noted so far of Composer's requests."""
    files = sorted((gateway.data / "readings").rglob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [row for row in rows if row["ecosystem"] == "composer"]


# ---------------------------------------------------------------- the protocol by hand


def test_the_root_leads_here_and_nowhere_else(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        answer = gateway.ask("/composer/packages.json")
        assert (answer.status, answer["content-type"]) == (200, "application/json")
        assert gateway.ask("/composer/").body == answer.body
        moved = gateway.ask("/composer")
        assert (moved.status, moved["location"]) == (301, f"{gateway.url}/composer/")
        root = answer.json()
        assert root["metadata-url"] == f"{gateway.url}/composer/p2/%package%.json"
        assert root["packages"] == []
        assert not {"available-packages", "mirrors"} & root.keys()
        assert upstream.at(REPOSITORY) not in answer.body.decode()
        assert upstream.at(CODE) not in answer.body.decode()
        assert len(upstream.seen("/packages.json")) == 1


def test_metadata_is_revalidated_by_its_date_both_ways(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        answer = gateway.ask("/composer/p2/Acme/Lib.json")
        assert (answer.status, answer["content-type"]) == (200, "application/json")
        modified = answer["last-modified"]
        again = gateway.ask("/composer/p2/acme/lib.json", {"if-modified-since": modified})
        assert (again.status, again.body) == (304, b"")
        assert gateway.ask("/composer/p2/acme/lib.json", {"if-none-match": answer["etag"]}).status == 304
        head = gateway.ask("/composer/p2/acme/lib.json", method="HEAD")
        assert (head.status, head.body, head["last-modified"]) == (200, b"", modified)
        assert {r.path for r in upstream.seen("/p2/*")} == {"/p2/acme/lib.json"}
        assert upstream.seen("/p2/*")[-1].status == 304
        upstream.add("acme/lib", "v1.2.0")
        changed = gateway.ask("/composer/p2/acme/lib.json", {"if-modified-since": modified})
        assert changed.status == 200
        assert changed["last-modified"] != modified


def test_tags_and_branches_are_two_documents(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        branch = published(upstream, "acme/lib", "dev-feature/odd")
        (entry,) = gateway.ask("/composer/p2/acme/lib~dev.json").json()["packages"]["acme/lib"]
        assert entry["dist"]["url"] == f"{gateway.url}/composer/{branch.path}"
        assert entry["dist"]["shasum"] == ""
        assert "notification-url" not in entry
        assert gateway.ask(f"/composer/{branch.path}").body == branch.body
        assert gateway.ask("/composer/p2/acme/app~dev.json").json()["packages"] == {"acme/app": []}
        refused(gateway.ask("/composer/p2/acme/none~dev.json"), 404)
        refused(gateway.ask("/composer/p2/acme/none.json"), 404)


def test_a_dist_comes_from_where_the_code_host_redirects(upstream: ComposerRegistry, tmp_path: Path) -> None:
    release = published(upstream, "acme/lib", "v1.1.0")
    with before(upstream, tmp_path) as gateway:
        answer = gateway.ask(f"/composer/{release.path}")  # nothing was asked before: the metadata is found by itself
        assert (answer.status, answer.body) == (200, release.body)
        assert answer["content-type"] == "application/zip"
        assert [len(upstream.seen("/acme/lib/zip/*", door)) for door in (CODE, FILES)] == [1, 1]
        part = gateway.ask(f"/composer/{release.path}", {"range": "bytes=10-19"})
        assert (part.status, part.body) == (206, release.body[10:20])
        head = gateway.ask(f"/composer/{release.path}", method="HEAD")
        assert (head.status, head["content-length"], head.body) == (200, str(len(release.body)), b"")
        spelled = release.path.replace("acme/lib/1.1.0", "Acme/Lib/v1.1.0")
        assert gateway.ask(f"/composer/{spelled}").body == release.body
        assert len(upstream.seen(door=FILES)) == 1


def test_only_announced_dists_are_fetched(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        refused(gateway.ask(f"/composer/dists/acme/lib/1.1.0/{'0' * 40}.zip"), 404)
        refused(gateway.ask(f"/composer/dists/acme/none/1.1.0/{'0' * 40}.zip"), 404)
        assert upstream.seen(door=CODE) == []


def test_a_reference_that_left_the_metadata_is_still_served(upstream: ComposerRegistry, tmp_path: Path) -> None:
    old = published(upstream, "acme/lib", "dev-feature/odd")
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask("/composer/p2/acme/lib~dev.json").status == 200
        moved = Release("acme/lib", "dev-feature/odd")
        moved.reference = "f" * 40
        upstream.releases.insert(0, moved)
        upstream.releases.remove(old)
        upstream.weather.set("/packages.json", Weather(no_validators=True))
        (entry,) = gateway.ask("/composer/p2/acme/lib~dev.json").json()["packages"]["acme/lib"]
        assert entry["dist"]["reference"] == "f" * 40
        upstream.releases.append(old)  # the code host has both
        assert gateway.ask(f"/composer/{old.path}").body == old.body


def test_bytes_that_are_not_what_was_announced_are_refused(upstream: ComposerRegistry, tmp_path: Path) -> None:
    wrong = upstream.add("acme/wrong", "1.0.0", shasum="wrong", padding=100_000)
    broken = published(upstream, "acme/app", "1.0.0")
    upstream.weather.set(broken.theirs, Weather(corrupt=True))
    with before(upstream, tmp_path) as gateway:
        for release in (wrong, broken):
            for _ in range(2):
                never_whole(gateway.ask(f"/composer/{release.path}"), 502)
        zips = [body for body in gateway.blobs().values() if body.startswith(b"PK")]
        assert zips == []
        upstream.weather.clear()
        assert gateway.ask(f"/composer/{broken.path}").body == broken.body


def test_what_nobody_announced_is_what_was_seen_first(upstream: ComposerRegistry, tmp_path: Path) -> None:
    release = published(upstream, "acme/lib", "v1.1.0")
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask(f"/composer/{release.path}").body == release.body
        address = hashlib.sha256(release.body).hexdigest()
        eventually(lambda: address in gateway.blobs())
        upstream.served[release.theirs] = CHANGED * 3000  # the code host compresses otherwise from now on
        assert gateway.ask(f"/composer/{release.path}").body == release.body
        gateway.stop()
        (gateway.data / "blobs" / "sha256" / address[:2] / address[2:]).unlink()
        gateway.start()
        never_whole(gateway.ask(f"/composer/{release.path}"), 502, 503)  # our copy is lost: then the digest holds
        never_whole(gateway.ask(f"/composer/{release.path}"), 502)
        del upstream.served[release.theirs]
        assert gateway.ask(f"/composer/{release.path}").body == release.body


def test_a_hidden_version_is_neither_shown_nor_served(upstream: ComposerRegistry, tmp_path: Path) -> None:
    deny = "pkg:composer/acme/lib@1.1.0,pkg:composer/acme/app@1.0.0"
    with before(upstream, tmp_path, {"access.deny": deny}) as gateway:
        answer = gateway.ask("/composer/p2/acme/lib.json")
        (only,) = answer.json()["packages"]["acme/lib"]
        assert only["version"] == "v1.0.0"
        assert only["name"] == "acme/lib"  # nothing was lost with the entry it had been minified against
        assert gateway.ask("/composer/p2/acme/app.json").json()["packages"] == {"acme/app": []}
        refused(gateway.ask(f"/composer/{published(upstream, 'acme/lib', 'v1.1.0').path}"), 403)
        assert gateway.ask(f"/composer/{published(upstream, 'acme/lib', 'v1.0.0').path}").status == 200


def test_services_are_found_by_the_root(upstream: ComposerRegistry, tmp_path: Path) -> None:
    upstream.advisories["acme/lib"] = [{"advisoryId": "X-1"}]
    theirs = upstream.at(REPOSITORY)
    upstream.root_extra["filter"] = {"lists": {}, "summary-url": "/all-filters.json", "api-url": f"{theirs}/api/f"}
    with before(upstream, tmp_path) as gateway:
        form = {"content-type": "application/x-www-form-urlencoded"}
        found = gateway.ask("/composer/security-advisories", form, method="POST", body=b"packages%5B0%5D=acme%2Flib")
        assert (found.status, found.json()) == (200, {"advisories": {"acme/lib": [{"advisoryId": "X-1"}]}})
        for query in ("q=app&type=", "q=app", "type=&q=app&x=y"):
            found = gateway.ask(f"/composer/search.json?{query}")
            assert [row["name"] for row in found.json()["results"]] == ["acme/app"]
        assert len(upstream.seen("/search.json")) == 1
        assert gateway.ask("/composer/list.json").json() == {"packageNames": ["acme/app", "acme/lib"]}
        assert gateway.ask("/composer/list.json?vendor=none").json() == {"packageNames": []}
        assert gateway.ask("/composer/providers/psr/log.json").json()["providers"][0]["name"] == "acme/app"
        assert gateway.ask("/composer/filter/summary.json").json() == {"filter": {}}
        assert gateway.ask("/composer/filter", method="POST", body=b'{"packages":[]}').json() == {"filter": []}


def test_reports_of_installs_end_here(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        answer = gateway.ask("/composer/notify", method="POST", body=b'{"downloads":[{"name":"a/b","version":"1"}]}')
        assert (answer.status, answer.body, answer["content-type"]) == (200, b"{}", "application/json")
        assert gateway.ask("/composer/notify").status == 405
        assert gateway.ask("/composer/p2/acme/lib.json", method="PUT", body=b"{}").status == 405
        assert upstream.seen() == []


def test_what_a_bare_repository_does_not_have_is_not_promised(tmp_path: Path) -> None:
    with ComposerRegistry(bare=True) as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            root = gateway.ask("/composer/packages.json").json()
            assert root.keys() == {"packages", "metadata-url", "notify-batch"}
            refused(gateway.ask("/composer/search.json?q=a"), 404)
            refused(gateway.ask("/composer/security-advisories", method="POST", body=b"packages%5B%5D=a%2Fb"), 404)


def test_packages_that_stand_in_the_root_have_documents_here(upstream: ComposerRegistry, tmp_path: Path) -> None:
    release = Release("acme/inline", "2.0.0")
    dist = {"type": "zip", "url": upstream.at(CODE) + release.theirs, "reference": release.reference}
    entry = {"name": "acme/inline", "version": "2.0.0", "dist": dist}
    upstream.root_extra["packages"] = {"acme/inline": {"2.0.0": entry}}
    with before(upstream, tmp_path) as gateway:
        found = gateway.ask("/composer/p2/acme/inline.json").json()
        assert found.keys() == {"packages"}
        assert found["packages"]["acme/inline"][0]["dist"]["url"] == f"{gateway.url}/composer/{release.path}"
        assert gateway.ask("/composer/p2/acme/lib.json").status == 200
        upstream.releases.append(release)
        assert gateway.ask(f"/composer/{release.path}").body == release.body


@pytest.mark.parametrize(
    "body",
    [b"<html>sign in</html>", b"{}", b'{"packages":{"acme/other":[]}}', b'{"packages":{"acme/lib":[{"version":1}]}}'],
)
def test_a_document_that_is_none_is_not_kept(upstream: ComposerRegistry, tmp_path: Path, body: bytes) -> None:
    upstream.weather.set("/p2/acme/lib.json", Weather(body=body))
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        refused(gateway.ask("/composer/p2/acme/lib.json"), 502)
        upstream.weather.clear()
        good = gateway.ask("/composer/p2/acme/lib.json")
        assert good.status == 200
        upstream.weather.set("/p2/acme/lib.json", Weather(body=body))
        stale = gateway.ask("/composer/p2/acme/lib.json")
        assert (stale.status, stale.body, stale["x-subak-cache"]) == (200, good.body, "stale")


# ---------------------------------------------------------------- the client


@dataclass(slots=True)
class Person(Runs):
    """A fresh machine with a project that wants some packages, pointed here by what `subak env` says."""

    folder: Path
    url: str
    wants: Mapping[str, str] = field(default_factory=lambda: {"acme/app": "*"})

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        manifest = {"require": dict(self.wants), "config": {"allow-plugins": False}}
        (self.project / "composer.json").write_text(json.dumps(manifest))
        for path, text in COMPOSER.clients[0].files:
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("{base}", self.url))

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`composer` with these arguments, both kinds of output in one."""
        program = shutil.which("composer")
        if not program:
            unable("composer is not installed; tests/clients/prepare.sh does that")
            raise AssertionError
        settings = {name: value.replace("{folder}", str(self.folder)) for name, value in COMPOSER.clients[0].environ}
        own = {"COMPOSER_ALLOW_SUPERUSER": "1", "GIT_TERMINAL_PROMPT": "0"}
        return subprocess.run(
            [program, "--no-interaction", "--no-ansi", *arguments],
            cwd=self.project, env=alone(self.folder / "home", "COMPOSER", "CI", **own, **settings),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False,
        )  # fmt: skip

    def lock(self) -> dict[str, dict[str, Any]]:
        """The locked packages by name."""
        return {p["name"]: p for p in json.loads((self.project / "composer.lock").read_text())["packages"]}

    def works(self) -> None:
        """Fails unless both packages are there and load."""
        code = 'require "vendor/autoload.php"; echo ACME_APP, " ", ACME_LIB;'
        php = os.fspath(shutil.which("php") or "php")
        said = subprocess.run([php, "-r", code], cwd=self.project, capture_output=True, text=True, check=True).stdout
        assert said.startswith("1.0.0 v1.")

    def again(self, folder: Path) -> Person:
        """Another fresh machine with the same project and its lock."""
        other = Person(folder, self.url, self.wants)
        shutil.copy(self.project / "composer.lock", other.project)
        return other


def test_composer_updates_and_updates_again(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        said = person.must("update")
        assert "Failed" not in said
        person.works()
        assert {name: p["version"] for name, p in person.lock().items()} == {"acme/app": "1.0.0", "acme/lib": "v1.1.0"}
        release = published(upstream, "acme/lib", "v1.1.0")
        assert person.lock()["acme/lib"]["dist"]["url"] == f"{gateway.url}/composer/{release.path}"
        assert upstream.at(REPOSITORY) not in (person.project / "composer.lock").read_text()
        assert {r.path for r in upstream.seen("/p2/*")} == {"/p2/acme/app.json", "/p2/acme/lib.json"}
        assert upstream.seen("/downloads/*") == upstream.seen("/never/*") == []
        eventually(lambda: [r["status"] for r in readings(gateway) if r["kind"] == "made"] == [200])
        upstream.forget()
        person.must("update")
        assert upstream.seen("/p2/*") == upstream.seen("/packages.json") == []
        eventually(lambda: [r["status"] for r in readings(gateway)].count(304) >= 3)
        agents = {(r["agent"], r["ci"]) for r in readings(gateway)}
        assert agents == {("composer", False)}


def test_composer_installs_from_a_lock_when_upstream_is_gone(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = Person(tmp_path / "one", gateway.url)
        first.must("update")
        upstream.down()
        second = first.again(tmp_path / "two")
        second.must("install")
        second.works()
        third = Person(tmp_path / "three", gateway.url)  # without a lock: from the metadata that we hold
        third.must("update")
        third.works()


def test_composer_installs_from_a_lock_when_the_metadata_is_gone(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        first = Person(tmp_path / "one", gateway.url)
        first.must("update")
        for pattern in ("/p2/*", "/packages.json"):
            upstream.weather.set(pattern, Weather(status=404))
        second = first.again(tmp_path / "two")
        second.must("install")
        second.works()


def test_composer_takes_a_branch(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url, {"acme/lib": "dev-feature/odd"})
        person.must("update")
        assert person.lock()["acme/lib"]["version"] == "dev-feature/odd"
        assert len(upstream.seen("/acme/lib/zip/*", FILES)) == 1


def test_composer_gets_the_version_that_is_not_hidden(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        first = Person(tmp_path / "one", gateway.url)
        first.must("update")
        gateway.stop()
        gateway.settings["access.deny"] = "pkg:composer/acme/lib@v1.1.0"
        gateway.start()
        second = Person(tmp_path / "two", gateway.url)
        second.must("update")
        assert second.lock()["acme/lib"]["version"] == "v1.0.0"
        third = first.again(tmp_path / "three")  # an old lock is refused where the archive is
        assert "403" in third.fails("install")
        first.must("update")  # a warm client is told as well, although it asks conditionally
        assert first.lock()["acme/lib"]["version"] == "v1.0.0"


def test_composer_says_when_nothing_is_left(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, {"access.deny": "pkg:composer/acme/app@1.0.0"}) as gateway:
        said = Person(tmp_path / "one", gateway.url).fails("update")
        assert "acme/app" in said


def test_composer_refuses_what_is_not_what_was_announced(upstream: ComposerRegistry, tmp_path: Path) -> None:
    upstream.add("acme/lib", "v1.9.0", shasum="wrong", padding=100_000)
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        person.fails("update")
        assert not (person.project / "vendor" / "acme" / "lib").exists()
        wrong = published(upstream, "acme/lib", "v1.9.0")
        assert hashlib.sha256(wrong.body).hexdigest() not in gateway.blobs()


def test_composer_reads_advisories_and_searches(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        said = person.must("update")
        assert "Failed to audit" not in said
        upstream.advisories["acme/lib"] = [
            {
                "advisoryId": "EX-1", "packageName": "acme/lib", "title": "a hole in the lib", "link": "https://x.example/1",
                "cve": None, "affectedVersions": ">=1.0,<2.0", "source": "x", "reportedAt": "2024-05-06 07:08:09",
                "sources": [{"name": "x", "remoteId": "1"}], "composerRepository": upstream.url, "remoteId": "1",
                "severity": "high",
            }
        ]  # fmt: skip
        assert "a hole in the lib" in person.fails("audit")
        assert "acme/app" in person.must("search", "app")
        assert "acme" in person.must("search", "--only-vendor", "acme")


def test_the_line_for_good_points_composer_here(upstream: ComposerRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        (person.folder / "composer" / "config.json").unlink()
        for command in COMPOSER.clients[0].line.replace("{base}", gateway.url).split(" && "):
            person.must(*command.split()[1:])
        person.must("update")
        person.works()


def _settled(answer: Answer) -> bool:
    return answer["x-subak-cache"] == "hit"


def test_a_hit_is_a_hit(upstream: ComposerRegistry, tmp_path: Path) -> None:
    release = published(upstream, "acme/lib", "v1.1.0")
    with before(upstream, tmp_path) as gateway:
        eventually(lambda: _settled(gateway.ask(f"/composer/{release.path}")))
        upstream.down()
        assert gateway.ask(f"/composer/{release.path}").body == release.body
