"""Maven through a real gateway: the protocol by hand, the real client, and the repository that this machine reaches."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from e2e.clients import Runs, unable
from e2e.running import IMPATIENT, Gateway, clean_environment
from e2e.scene import eventually, in_front_of, refused
from registry.maven_registry import ALGORITHMS, MODIFIED, PLUGIN, MavenRegistry, hexadecimal
from registry.weather import Weather
from subak.adoption.clientfolder import write
from subak.adoption.settings import settings_for

LIST = "com/acme/lib/maven-metadata.xml"
SNAPSHOT = "com/acme/moving/1.0-SNAPSHOT"
BUILD = "1.0-20260102.030405-7"


def stock(upstream: MavenRegistry) -> None:
    """A plugin, a library in three versions, one more that wants a range of it, and two kinds of snapshots."""
    upstream.add_plugin()
    upstream.add("com.acme", "lib", "1.0")
    upstream.add("com.acme", "lib", "1.1", padding=300_000)
    upstream.add("com.acme", "lib", "2.0")
    upstream.add("com.acme", "top", "1.0", {"com.acme:lib": "[1.0,2.0)"})
    upstream.add("com.acme", "moving", "1.0-SNAPSHOT", build=BUILD)
    upstream.add("com.acme", "literal", "1.0-SNAPSHOT")
    upstream.files["com/acme/lib/1.1/lib-1.1.jar.asc"] = b"-----BEGIN PGP SIGNATURE-----\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MavenRegistry, Gateway]]:
    with MavenRegistry() as upstream:
        stock(upstream)
        data = tmp_path_factory.mktemp("maven") / "data"
        with Gateway(data, IMPATIENT, {"maven": upstream.url}) as gateway:
            yield upstream, gateway


before = partial(in_front_of, "maven")


def versions(body: bytes) -> list[str | None]:
    return [v.text for v in ElementTree.fromstring(body).iterfind("versioning/versions/version")]


# ---------------------------------------------------------------- the protocol by hand


@pytest.mark.parametrize(
    "path",
    [
        "com/acme/lib/1.1/lib-1.1.jar", "com/acme/lib/1.1/lib-1.1.pom", "com/acme/lib/1.1/lib-1.1.jar.asc",
        f"{SNAPSHOT}/moving-{BUILD}.jar",
    ],
)  # fmt: skip
def test_files(world: tuple[MavenRegistry, Gateway], path: str) -> None:
    upstream, gateway = world
    body = upstream.files[path]
    whole = gateway.ask(f"/maven/{path}", {"cache-control": "no-cache, no-store", "pragma": "no-cache"})
    assert (whole.status, whole.complete, whole.body) == (200, True, body)
    assert "immutable" in whole["cache-control"]
    eventually(lambda: gateway.ask(f"/maven/{path}", method="HEAD")["x-checksum-sha512"])  # known once it is kept
    asked = len(upstream.seen(f"*/{path}"))
    head = gateway.ask(f"/maven//{path}", method="HEAD")
    assert (head.status, int(head["content-length"])) == (200, len(body))
    assert head["last-modified"] == MODIFIED, "other tools take the publish time from it"
    for algorithm in ALGORITHMS:
        assert head[f"x-checksum-{algorithm}"] == hexadecimal(body, algorithm)
    assert gateway.ask(f"/maven/{path}", {"if-none-match": head["etag"]}).status == 304
    assert gateway.ask(f"/maven/{path}", {"if-modified-since": MODIFIED}).status == 304
    part = gateway.ask(f"/maven/{path}", {"range": "bytes=5-"})
    assert (part.status, part.body) == (206, body[5:])
    assert len(upstream.seen(f"*/{path}")) == asked, "held once, asked never again"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksums_of_all_kinds_whatever_upstream_has(world: tuple[MavenRegistry, Gateway], algorithm: str) -> None:
    upstream, gateway = world
    for path in ("com/acme/lib/2.0/lib-2.0.jar", "com/acme/top/1.0/top-1.0.pom", f"{SNAPSHOT}/moving-{BUILD}.pom"):
        answer = gateway.ask(f"/maven/{path}.{algorithm}")
        assert answer.body.decode() == hexadecimal(upstream.files[path], algorithm)
        assert answer["content-type"].startswith("text/plain")
    for path in (LIST, "com/acme/maven-metadata.xml", f"{SNAPSHOT}/maven-metadata.xml"):
        shown = gateway.ask(f"/maven/{path}")
        assert gateway.ask(f"/maven/{path}.{algorithm}").body.decode() == hexadecimal(shown.body, algorithm)
    literal = "com/acme/literal/1.0-SNAPSHOT/literal-1.0-SNAPSHOT.jar"
    assert gateway.ask(f"/maven/{literal}.{algorithm}").body.decode() == hexadecimal(upstream.files[literal], algorithm)
    assert gateway.ask(f"/maven/com/acme/lib/7/lib-7.jar.{algorithm}").status == 404
    assert not [r for r in upstream.seen("*.sha512") if "metadata" in r.path], "a document's checksum is made here"


@pytest.mark.parametrize("path", [LIST, "com/acme/maven-metadata.xml", f"{SNAPSHOT}/maven-metadata.xml"])
def test_metadata(world: tuple[MavenRegistry, Gateway], path: str) -> None:
    upstream, gateway = world
    answer = gateway.ask(f"/maven/{path}", {"accept-encoding": "gzip,deflate", "cache-control": "no-store"})
    assert (answer.status, answer.body, answer["content-encoding"]) == (200, upstream.files[path], "")
    assert answer["content-type"].startswith("text/xml")
    head = gateway.ask(f"/maven/{path}", method="HEAD")
    validators = ("etag", "last-modified", "content-length")
    assert [head[name] for name in validators] == [answer[name] for name in validators], "Gradle compares them"
    assert gateway.ask(f"/maven/{path}", {"if-none-match": answer["etag"]}).status == 304


def test_snapshots_without_timestamp(world: tuple[MavenRegistry, Gateway]) -> None:
    upstream, gateway = world
    path = "com/acme/literal/1.0-SNAPSHOT/literal-1.0-SNAPSHOT.jar"
    answer = gateway.ask(f"/maven/{path}", {"accept-encoding": "gzip"})
    assert (answer.status, answer.body, answer["content-encoding"]) == (200, upstream.files[path], "")
    part = gateway.ask(f"/maven/{path}", {"range": "bytes=4-"})
    assert (part.status, part.body) == (206, upstream.files[path][4:])


def test_what_is_not_there(world: tuple[MavenRegistry, Gateway]) -> None:
    upstream, gateway = world
    for path in ("com/acme/lib/9/lib-9.pom", "com/acme/none/maven-metadata.xml", "com/acme/lib/1.0/lib-1.0.module"):
        refused(gateway.ask(f"/maven/{path}"), 404)
    upstream.forget()
    for path in (".meta/prefixes.txt", "archetype-catalog.xml", ".index/nexus-maven-repository-index.gz"):
        refused(gateway.ask(f"/maven/{path}"), 404)
    refused(gateway.ask("/maven/com/acme/lib/../lib/1.0/lib-1.0.jar"), 400)
    answer = gateway.ask("/maven/com/acme/lib/3.0/lib-3.0.jar", method="PUT", body=b"x")
    refused(answer, 405)
    assert answer["allow"] == "GET, HEAD"
    assert upstream.seen() == []


def test_head_of_a_file_not_held_downloads_nothing(tmp_path: Path) -> None:
    with MavenRegistry() as upstream, before(upstream, tmp_path) as gateway:
        jar = upstream.add("com.acme", "lib", "1.0")
        head = gateway.ask(f"/maven/{jar}", method="HEAD")
        assert (head.status, int(head["content-length"])) == (200, len(upstream.files[jar]))
        assert head["last-modified"] == MODIFIED
        assert [r.method for r in upstream.seen()] == ["HEAD"]
        assert gateway.ask("/maven/com/acme/lib/9/lib-9.jar", method="HEAD").status == 404


WAYS = {
    "header": ({"announce": ("sha1",), "sidecars": ()}, 0),
    "strong header": ({"announce": ("sha256", "md5"), "sidecars": ()}, 0),
    "sha1": ({"announce": (), "sidecars": ("sha1", "md5")}, 1),
    "sha256": ({"announce": (), "sidecars": ("sha256",)}, 2),
    "sha512": ({"announce": (), "sidecars": ("sha512",)}, 3),
    "md5": ({"announce": (), "sidecars": ("md5",)}, 4),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_corrupt_files_are_refused_and_not_kept(tmp_path: Path, way: tuple[dict[str, tuple[str, ...]], int]) -> None:
    told, requests = way
    with MavenRegistry(**told) as upstream, before(upstream, tmp_path) as gateway:
        for version, padding in (("1", 0), ("2", 400_000)):
            jar = upstream.add("com.acme", "lib", version, padding=padding)
            body = upstream.files[jar]
            upstream.weather.set("*.jar", Weather(corrupt=True))
            answer = gateway.ask(f"/maven/{jar}")
            assert answer.status == 502 or not answer.complete
            assert gateway.ask(f"/maven/{jar}.sha1").status == 502, "no checksum of what nobody gets"
            upstream.weather.clear()
            eventually(lambda jar=jar, body=body: gateway.ask(f"/maven/{jar}").body == body)
            eventually(lambda body=body: hashlib.sha256(body).hexdigest() in gateway.blobs())
        corrupt = body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 0xFF]) + body[len(body) // 2 + 1 :]
        assert hashlib.sha256(corrupt).hexdigest() not in gateway.blobs()
        upstream.forget()
        pom = jar.removesuffix("jar") + "pom"
        assert gateway.ask(f"/maven/{pom}").body == upstream.files[pom]
        assert len(upstream.seen()) == 1 + requests, "each pin costs the requests it must"


def test_without_any_checksum_the_first_bytes_count(tmp_path: Path) -> None:
    with MavenRegistry(announce=(), sidecars=()) as upstream, before(upstream, tmp_path) as gateway:
        jar = upstream.add("com.acme", "lib", "1.0")
        assert gateway.ask(f"/maven/{jar}").body == upstream.files[jar]
        eventually(lambda: gateway.ask(f"/maven/{jar}")["x-subak-cache"] == "hit")
        assert gateway.ask(f"/maven/{jar}.sha256").body.decode() == hexadecimal(upstream.files[jar], "sha256")


@pytest.mark.parametrize("style", ["{}  lib-1.0.jar\n", "SHA1 (lib-1.0.jar) = {}\n", "\n{}\r\n"])
def test_checksum_files_of_every_style(tmp_path: Path, style: str) -> None:
    with MavenRegistry(announce=(), sidecars=()) as upstream, before(upstream, tmp_path) as gateway:
        jar = upstream.add("com.acme", "lib", "1.0")
        upstream.files[jar + ".sha1"] = style.format(hexadecimal(upstream.files[jar], "sha1")).encode()
        assert gateway.ask(f"/maven/{jar}").body == upstream.files[jar]
        upstream.files[jar.replace("1.0", "1.1")] = b"other bytes"
        upstream.files[jar.replace("1.0", "1.1") + ".sha1"] = style.format("0" * 40).encode()
        refused(gateway.ask(f"/maven/{jar.replace('1.0', '1.1')}"), 502)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_upstream_is_never_an_absence(tmp_path: Path, status: int) -> None:
    """Maven remembers a 404 for a day."""
    with MavenRegistry() as upstream, before(upstream, tmp_path, cache__absent="1h") as gateway:
        jar = upstream.add("com.acme", "lib", "1.0")
        upstream.weather.set("*", Weather(status=status))
        for path in (jar, jar + ".sha1", LIST):
            refused(gateway.ask(f"/maven/{path}"), 502, 503, 504)
        upstream.weather.clear()
        eventually(lambda: gateway.ask(f"/maven/{jar}").body == upstream.files[jar])
        eventually(lambda: gateway.ask(f"/maven/{LIST}").status == 200)


def test_metadata_goes_on_while_upstream_is_ill(tmp_path: Path) -> None:
    with MavenRegistry() as upstream, before(upstream, tmp_path, cache__fresh="0.01ms") as gateway:
        upstream.add("com.acme", "lib", "1.0")
        good = gateway.ask(f"/maven/{LIST}").body
        for weather in (
            Weather(status=503),
            Weather(body=b"<html>soon</html>"),
            Weather(body=b""),
            Weather(status=404),
        ):
            upstream.weather.set("*maven-metadata.xml", weather)
            assert gateway.ask(f"/maven/{LIST}").body == good
            assert gateway.ask(f"/maven/{LIST}.sha1").body.decode() == hexadecimal(good, "sha1")
        upstream.weather.clear()
        upstream.add("com.acme", "lib", "1.1")
        eventually(lambda: versions(gateway.ask(f"/maven/{LIST}").body) == ["1.0", "1.1"])


def test_hidden_versions(tmp_path: Path) -> None:
    with MavenRegistry() as upstream:
        stock(upstream)
        deny = "pkg:maven/com.acme/lib@1.1,pkg:maven/com.acme/lib@2.0,pkg:maven/com.acme/moving@1.0-SNAPSHOT"
        with before(upstream, tmp_path, access__deny=f"{deny},pkg:maven/com.acme/top") as gateway:
            shown = gateway.ask(f"/maven/{LIST}").body
            tree = ElementTree.fromstring(shown)
            assert versions(shown) == ["1.0"]
            assert tree.findtext("versioning/latest") == tree.findtext("versioning/release") == "1.0"
            for algorithm in ALGORITHMS:
                assert gateway.ask(f"/maven/{LIST}.{algorithm}").body.decode() == hexadecimal(shown, algorithm)
            assert gateway.ask("/maven/com/acme/lib/1.0/lib-1.0.jar").status == 200
            for path in (
                "com/acme/lib/1.1/lib-1.1.jar", "com/acme/lib/1.1/lib-1.1.pom", "com/acme/top/1.0/top-1.0.pom",
                "com/acme/top/maven-metadata.xml", f"{SNAPSHOT}/moving-{BUILD}.jar", f"{SNAPSHOT}/maven-metadata.xml",
            ):  # fmt: skip
                refused(gateway.ask(f"/maven/{path}"), 403)
            assert upstream.seen("*lib-1.1*") == []


# ---------------------------------------------------------------- the real client


@dataclass(slots=True)
class Machine(Runs):
    """Somebody's machine with empty caches and a project, pointed here as `subak run` does it."""

    folder: Path
    url: str
    """The gateway."""
    pom: str
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project.mkdir(parents=True)
        (self.project / "pom.xml").write_text(self.pom)
        # Whatever goes round the gateway meets a proxy that is not there.
        nowhere = " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort=9" for scheme in ("http", "https"))
        kept = {k: v for k, v in clean_environment().items() if not k.startswith(("MAVEN", "M2_", "GRADLE"))}
        own = {"HOME": str(self.folder), "MAVEN_SKIP_RC": "1", "MAVEN_OPTS": f"{nowhere} -Duser.home={self.folder}"}
        self.environ = {**kept, **own, "GRADLE_OPTS": nowhere}
        settings = settings_for(("mvn", "gradle"), self.url, environ=self.environ, folder=self.folder / "subak")
        write(settings, self.environ)
        self.environ |= dict(settings.environ)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def repository(self) -> Path:
        """The local repository."""
        return self.folder / "repository"

    def again(self, folder: Path) -> Machine:
        """The same project on another fresh machine."""
        return Machine(folder, self.url, self.pom)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Maven here."""
        return self.tool("mvn", "-B", f"-Dmaven.repo.local={self.repository}", *arguments)

    def tool(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a build tool here."""
        if not shutil.which(program):
            unable(f"{program} is not installed; tests/clients/prepare.sh does it on Debian")
        return subprocess.run(
            [str(shutil.which(program, path=self.environ["PATH"])), *arguments], cwd=self.project, env=self.environ,
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """The poms and jars that Maven brought, by their path."""
        found = (p for p in self.repository.rglob("*") if p.suffix in (".pom", ".jar"))
        return {p.relative_to(self.repository).as_posix(): p.read_bytes() for p in found}


def wanting(*dependencies: str) -> str:
    """A project's pom with a repository of its own; dependencies are 'group:artifact:version'."""
    rows = "".join(
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
            *dependency.split(":")
        )
        for dependency in dependencies
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>here</groupId><artifactId>here</artifactId>"
        f"<version>1</version><packaging>pom</packaging><dependencies>{rows}</dependencies><repositories>"
        "<repository><id>own</id><url>https://elsewhere.example/</url><snapshots><enabled>true</enabled></snapshots>"
        "</repository></repositories></project>"
    )


HELLO = f"{PLUGIN}:hello"
TREE = wanting("com.acme:top:1.0", "com.acme:moving:1.0-SNAPSHOT", "com.acme:literal:1.0-SNAPSHOT")
ARRIVED = (
    "com/acme/lib/1.1/lib-1.1.jar",
    "com/acme/top/1.0/top-1.0.jar",
    f"{SNAPSHOT}/moving-{BUILD}.jar",
    "com/acme/literal/1.0-SNAPSHOT/literal-1.0-SNAPSHOT.jar",
)


def arrived(machine: Machine, upstream: MavenRegistry) -> None:
    """Fails unless everything is in the local repository, byte for byte."""
    found = machine.files()
    for path in ARRIVED:
        assert found.get(path) == upstream.files[path], path


client = pytest.mark.clients


@client
@pytest.mark.parametrize("bare", [False, True], ids=["whole", "bare"])
def test_small_tree_then_without_upstream(tmp_path: Path, bare: bool) -> None:
    upstream = MavenRegistry(announce=(), validators=False) if bare else MavenRegistry()
    with upstream:
        stock(upstream)
        with before(upstream, tmp_path, cache__absent="1m") as gateway:
            first = Machine(tmp_path / "first", gateway.url, TREE)
            said = first.must("-C", HELLO)
            assert "Downloading from subak" in said, "one mirror for everything"
            assert "checksum" not in said.lower()
            arrived(first, upstream)
            upstream.forget()
            first.again(tmp_path / "second").must("-C", HELLO)
            assert upstream.seen() == [], "a second fresh machine costs the upstream nothing"
            upstream.down()
            gateway.restart()
            again = first.again(tmp_path / "again")
            again.must("-C", HELLO)
            arrived(again, upstream)
            assert again.files() == first.files()
            assert "Traceback" not in gateway.log()


@client
def test_documents_stale_and_upstream_cut_off(tmp_path: Path) -> None:
    with MavenRegistry() as upstream:
        stock(upstream)
        stale = {"cache__fresh": "0.01ms", "cache__revalidate_behind": "0"}
        with before(upstream, tmp_path, **stale) as gateway:
            first = Machine(tmp_path / "first", gateway.url, TREE)
            first.must("-C", HELLO)
            upstream.down()
            again = first.again(tmp_path / "again")
            again.must("-C", "-U", HELLO)
            arrived(again, upstream)


@client
def test_plugins_by_prefix(tmp_path: Path) -> None:
    """`mvn acme:hello` reads the group's list of plugins, then the plugin's list of versions."""
    with MavenRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            machine = Machine(tmp_path / "first", gateway.url, TREE)
            settings = machine.folder / "subak" / "maven" / "settings.xml"
            text = settings.read_text().replace(
                "</mirrors>", "</mirrors><pluginGroups><pluginGroup>com.acme</pluginGroup></pluginGroups>"
            )
            settings.write_text(text)
            machine.must("-C", "acme:hello")
            arrived(machine, upstream)
            assert upstream.seen("*/com/acme/maven-metadata.xml")


@client
def test_corrupt_jars_reach_nobody(tmp_path: Path) -> None:
    """Maven itself would only warn, and build with it."""
    with MavenRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            machine = Machine(tmp_path / "first", gateway.url, TREE)
            upstream.weather.set("*lib-1.1.jar", Weather(corrupt=True))
            assert "lib" in machine.fails(HELLO)
            assert "com/acme/lib/1.1/lib-1.1.jar" not in machine.files()
            upstream.weather.clear()
            machine.must("-U", HELLO)
            arrived(machine, upstream)


@client
def test_hidden_versions_are_passed_over(tmp_path: Path) -> None:
    """A range takes the highest that is left; who names a hidden version is told so."""
    with MavenRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path, access__deny="pkg:maven/com.acme/lib@1.1") as gateway:
            machine = Machine(tmp_path / "first", gateway.url, TREE)
            machine.must("-C", HELLO)
            assert "com/acme/lib/1.0/lib-1.0.jar" in machine.files()
            assert "com/acme/lib/1.1/lib-1.1.jar" not in machine.files()
            pinned = Machine(tmp_path / "pinned", gateway.url, wanting("com.acme:lib:1.1"))
            said = pinned.fails(HELLO)
            assert "403" in said or "deny list" in said


BUILD_GRADLE = """\
repositories { mavenCentral() }
configurations { wanted }
dependencies { wanted 'com.acme:top:1.0', 'com.acme:moving:1.0-SNAPSHOT' }
task fetch { doLast { configurations.wanted.files.each { println "${it.name} ${it.length()}" } } }
"""


def fetched(machine: Machine, *arguments: str) -> dict[str, int]:
    """Names and sizes of the jars that Gradle resolves. Fails the test when it does not succeed."""
    (machine.project / "build.gradle").write_text(BUILD_GRADLE)
    home = str(machine.folder / "gradle-home")
    done = machine.tool("gradle", "--no-daemon", "-q", "-g", home, *arguments, "fetch")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = (line.split(" ") for line in done.stdout.splitlines() if ".jar " in line)
    return {name: int(size) for name, size in rows}


@client
def test_gradle_then_without_upstream(tmp_path: Path) -> None:
    """The script is put in front by the shim: the build itself names another repository."""
    with MavenRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path, cache__absent="1m") as gateway:
            first = Machine(tmp_path / "first", gateway.url, TREE)
            found = fetched(first)
            sizes = {path: len(upstream.files[path]) for path in ARRIVED}
            assert found == {
                "lib-1.1.jar": sizes[ARRIVED[0]],
                "top-1.0.jar": sizes[ARRIVED[1]],
                "moving-1.0-SNAPSHOT.jar": sizes[ARRIVED[2]],
            }
            gateway.restart()
            asked = len(methods(gateway))
            upstream.forget()
            assert fetched(first, "--refresh-dependencies") == found
            assert [r for r in upstream.seen() if "maven-metadata" not in r.path] == []
            gateway.restart()
            assert set(methods(gateway)[asked:]) == {"HEAD"}, "our validators are those that it compares"
            upstream.down()
            assert fetched(first.again(tmp_path / "again")) == found


def methods(gateway: Gateway) -> list[str]:
    """How Gradle asked, request by request; complete when the gateway was stopped or started just now."""
    lines = [line for path in sorted(gateway.data.rglob("*.jsonl")) for line in path.read_text().splitlines()]
    rows = sorted((row for row in map(json.loads, lines)), key=lambda row: row["at"])
    return [row["method"] for row in rows if row["agent"] == "gradle"]


# ---------------------------------------------------------------- the repository this machine reaches


SPRING = """\
<project><modelVersion>4.0.0</modelVersion>
<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>
<version>3.2.5</version></parent>
<groupId>here</groupId><artifactId>here</artifactId><version>1</version>
<dependencies><dependency><groupId>org.springframework.boot</groupId>
<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>
"""


@client
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("registries")
def test_real_tree_then_with_the_upstream_cut_off(tmp_path: Path) -> None:
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}) as gateway:
        if gateway.ask("/maven/junit/junit/maven-metadata.xml").status != 200:
            unable("no Maven repository answers from here")
        first = Machine(tmp_path / "first", gateway.url, SPRING)
        first.must("-q", "-C", "dependency:resolve")
        jars = [path for path in first.files() if path.endswith(".jar")]
        assert len(first.files()) > 200
        assert any("spring-boot-starter-web" in path for path in jars)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            gateway.restart(maven=f"http://127.0.0.1:{closed.getsockname()[1]}/")
            again = first.again(tmp_path / "again")
            again.must("-q", "-C", "dependency:resolve")
        assert again.files() == first.files()
        assert "Traceback" not in gateway.log()
        assert os.listdir(gateway.data / "parts") == []
