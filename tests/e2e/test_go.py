"""Go through a real gateway: the protocol by hand, the real client, and the proxy that this machine reaches."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest

from e2e.asking import Answer
from e2e.clients import Runs, alone, ran, unable
from e2e.running import IMPATIENT, Gateway
from e2e.scene import eventually
from registry.go_registry import Database, GoRegistry, Module, build_zip, escaped, sums
from registry.weather import Weather
from subak.adoption.settings import settings_for

A, B, C, D, E = "example.com/Lab/A", "example.com/lab/b", "gopkg.in/c.v1", "example.com/d/v2", "example.com/old"
SECRET = "corp.example/secret"


def stock(upstream: GoRegistry) -> None:
    """A small tree; capitals, major versions in every spelling, and a module that the database does not know."""
    upstream.add(B, "v1.0.0")
    upstream.add(B, "v1.1.0", padding=200_000)
    upstream.add(B, "v1.2.0-rc.1")
    upstream.add(C, "v1.2.0")
    upstream.add(E, "v3.0.0+incompatible", bare=True)
    upstream.add(D, "v2.0.1-0.20240506070809-0123456789ab", listed=False)
    upstream.add(A, "v1.0.0", {B: "v1.0.0"})
    upstream.add(
        A, "v1.1.0", {B: "v1.1.0", C: "v1.2.0", E: "v3.0.0+incompatible", D: "v2.0.1-0.20240506070809-0123456789ab"}
    )
    upstream.add(SECRET, "v1.0.0", recorded=False)
    upstream.branch(B, "main", "v1.1.0")
    upstream.branch(B, "v1", "v1.1.0")


class GoGateway(Gateway):
    """A gateway on a machine whose go command is set up so."""

    more: dict[str, str]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in super().environment().items() if not k.startswith("GO")}
        return {**kept, "GOENV": "off", **self.more}


def before(upstream: GoRegistry, folder: Path, *, gosumdb: str = "", gonosumdb: str = "", **settings: str) -> GoGateway:
    """A gateway of one's own that knows the upstream's database; settings are written section__field."""
    own = {name.replace("__", "."): value for name, value in settings.items()}
    gateway = GoGateway(folder / "data", {**IMPATIENT, **own}, {"go": upstream.url})
    gateway.more = {"GOSUMDB": gosumdb or upstream.database.key, "GONOSUMDB": gonosumdb}
    return gateway


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GoRegistry, Gateway]]:
    with GoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path_factory.mktemp("go")) as gateway:
            yield upstream, gateway


def files(module: Module) -> list[tuple[str, bytes, str]]:
    """What there is of a version: path on the gateway as the go command writes it, bytes, Content-Type."""
    base = "/go" + quote(module.base, safe="/@")
    return [
        (base + ".info", module.info, "application/json"),
        (base + ".mod", module.mod, "text/plain; charset=UTF-8"),
        (base + ".zip", module.zip, "application/zip"),
    ]


def told(answer: Answer, status: int, *words: str) -> None:
    """Fails unless it is a plain text that the go command prints as it is."""
    assert answer.status == status, (answer.status, answer.body[:300])
    assert answer["content-type"] == "text/plain; charset=utf-8"
    for word in words:
        assert word in answer.body.decode()


def lookup(name: str, database: str = "sum.example") -> str:
    return f"/go/sumdb/{database}/lookup/{quote(name, safe='/@')}"


# ---------------------------------------------------------------- the protocol by hand


def test_every_file_of_every_version(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    for _ in range(2):
        for module in upstream.modules.values():
            for path, body, media in files(module):
                answer = gateway.ask(path)
                assert (answer.status, answer.complete, answer.body) == (200, True, body), (path, answer.body[:300])
                assert answer["content-type"] == media
    assert max(upstream.count(f"*{escaped(p)}/@v/{escaped(v)}.zip") for p, v in upstream.modules) <= 1


def test_two_spellings_of_capitals_are_one_file(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    module = upstream.modules[A, "v1.0.0"]
    assert gateway.ask("/go/example.com/!lab/!a/@v/v1.0.0.zip").body == module.zip
    assert gateway.ask("/go/example.com/%21lab/%21a/@v/v1.0.0.zip").body == module.zip
    told(gateway.ask("/go/example.com/Lab/A/@v/v1.0.0.zip"), 404)


def test_lists_and_questions(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    answer = gateway.ask(f"/go/{B}/@v/list")
    assert answer.body == b"v1.0.0\nv1.1.0\nv1.2.0-rc.1\n"
    assert answer["content-type"] == "text/plain; charset=UTF-8"
    assert gateway.ask(f"/go/{B}/@v/list", {"if-none-match": answer["etag"]}).status == 304
    assert gateway.ask(f"/go/{D}/@v/list").body == b""
    assert gateway.ask(f"/go/{B}/@latest").json()["Version"] == "v1.2.0-rc.1"
    for branch in ("main", "v1"):
        assert gateway.ask(f"/go/{B}/@v/{branch}.info").json()["Version"] == "v1.1.0"
    upstream.branch(B, "moving", "v1.0.0")
    assert gateway.ask(f"/go/{B}/@v/moving.info").json()["Version"] == "v1.0.0"


def test_head_and_ranges_of_zips(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    module = upstream.modules[B, "v1.1.0"]
    path = f"/go/{B}/@v/v1.1.0.zip"
    whole = gateway.ask(path)
    assert whole.body == module.zip
    assert "immutable" in whole["cache-control"]
    head = gateway.ask(path, method="HEAD")
    assert (head.status, int(head["content-length"])) == (200, len(module.zip))
    assert gateway.ask(path, {"range": "bytes=0-9"}).body == module.zip[:10]
    assert gateway.ask(path, {"if-none-match": head["etag"]}).status == 304


def test_what_is_not_there_is_told_in_plain_words(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    for parent in ("example.com/lab", "example.com", "nobody.example/x"):
        told(gateway.ask(f"/go/{parent}/@v/list"), 404)
    told(gateway.ask(f"/go/{B}/@v/v9.9.9.info"), 404)
    told(gateway.ask(f"/go/{B}/@v/v9.9.9.zip"), 404)
    told(gateway.ask(f"/go/{B}/@v/main.zip"), 404, "canonical")
    assert not upstream.seen("*main.zip")
    told(gateway.ask("/go/std/@v/list"), 404)


def test_the_database_through_the_gateway(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    supported = gateway.ask("/go/sumdb/sum.example/supported")
    assert (supported.status, supported.body) == (200, b"")
    head = gateway.ask("/go/sumdb/sum.example/latest")
    assert head.body.startswith(b"go.sum database tree\n")
    for module in upstream.modules.values():
        name = f"{escaped(module.path)}@{escaped(module.version)}"
        answer = gateway.ask(lookup(name))
        if module.path == SECRET:
            told(answer, 404)
        else:
            assert (answer.status, answer.body) == (200, upstream.database.lookup(name)), answer.body[:300]
    full = gateway.ask("/go/sumdb/sum.example/tile/8/0/001")
    assert full.body == upstream.database.log.tile(0, 1, 256)
    assert full["content-type"] == "application/octet-stream"
    assert gateway.ask("/go/sumdb/sum.example/tile/8/0/000", {"accept-encoding": "gzip"})["content-encoding"] == ""
    told(gateway.ask("/go/sumdb/sum.example/tile/8/0/900"), 404)


def test_no_other_database_is_asked(world: tuple[GoRegistry, Gateway]) -> None:
    upstream, gateway = world
    upstream.forget()
    for name in ("other.example", "127.0.0.1", "sum.example.org"):
        for path in ("supported", "latest", "tile/8/0/000", f"lookup/{B}@v1.0.0"):
            told(gateway.ask(f"/go/sumdb/{name}/{path}"), 404)
    assert not [r for r in upstream.seen() if "sum.example/" not in r.path]


def test_a_zip_alone_is_checked_against_the_database(tmp_path: Path) -> None:
    """A build with a go.sum asks the database nothing: we do."""
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        module = upstream.add(B, "v1.0.0")
        assert gateway.ask(f"/go/{B}/@v/v1.0.0.zip").body == module.zip
        assert upstream.count("*/lookup/*") == 1
        assert upstream.count("*/tile/*") >= 2
        upstream.forget()
        assert gateway.ask(f"/go/{B}/@v/v1.0.0.mod").body == module.mod
        assert [r.path for r in upstream.seen()] == [f"/{B}/@v/v1.0.0.mod"]


def test_other_bytes_with_the_same_files_are_the_same_module(tmp_path: Path) -> None:
    """Proxies compress differently; what the database signs are the files."""
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        module = upstream.add(B, "v1.0.0", padding=100_000)
        with zipfile.ZipFile(BytesIO(module.zip)) as archive:
            inside = {name.partition("/b@v1.0.0/")[2]: archive.read(name) for name in archive.namelist()}
        other = build_zip(B, "v1.0.0", dict(sorted(inside.items(), reverse=True)), compression=zipfile.ZIP_STORED)
        assert other != module.zip
        upstream.weather.set("*.zip", Weather(body=other))
        answer = gateway.ask(f"/go/{B}/@v/v1.0.0.zip")
        assert (answer.status, answer.complete, answer.body) == (200, True, other)


# ---------------------------------------------------------------- lies


def refused(gateway: Gateway, path: str) -> None:
    """502 in plain words, or a transfer that broke off."""
    answer = gateway.ask(path)
    if answer.status == 200:
        assert not answer.complete
    else:
        told(answer, 502)


@pytest.mark.parametrize("kind", ["corrupt", "foreign", "go.mod"])
def test_other_files_are_refused_and_not_kept(tmp_path: Path, kind: str) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        for name, padding in (("example.com/small", 0), ("example.com/large", 400_000)):
            module = upstream.add(name, "v1.0.0", padding=padding)
            foreign = build_zip(name, "v1.0.0", {"go.mod": module.mod, "b.go": b"package evil\n"})
            lies = {
                "corrupt": Weather(corrupt=True),
                "foreign": Weather(body=foreign),
                "go.mod": Weather(body=module.mod + b"// more\n"),
            }
            held = gateway.blobs()
            path = f"/{name}/@v/v1.0.0{'.mod' if kind == 'go.mod' else '.zip'}"
            upstream.weather.set(path, lies[kind])
            refused(gateway, f"/go{path}")
            new = [body for blob, body in gateway.blobs().items() if blob not in held]
            assert not [body for body in new if body.startswith((b"PK", b"module"))]
            assert gateway.leftovers() == []
            upstream.weather.clear()
            right = module.mod if kind == "go.mod" else module.zip
            eventually(lambda path=path, right=right: gateway.ask(f"/go{path}").body == right)
            eventually(lambda right=right: right in gateway.blobs().values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: setattr(d, "forged", True), "the signature of sum.example"),
        (lambda d: setattr(d, "other_sums", True), "is not the one in the signed tree"),
        (lambda d: setattr(d, "broken_tiles", True), "do not make the signed tree"),
    ],
    ids=["signature", "record", "tiles"],
)
def test_a_lying_database_lets_nothing_through(tmp_path: Path, change: Callable[[Database], None], said: str) -> None:
    old = {"cache__fresh": "0.01ms", "cache__revalidate_behind": "0"}  # tiles are asked again at once, not in a day
    with GoRegistry() as upstream, before(upstream, tmp_path, **old) as gateway:
        module = upstream.add(B, "v1.0.0", padding=100_000)
        change(upstream.database)
        told(gateway.ask(lookup(f"{B}@v1.0.0")), 502, said)
        refused(gateway, f"/go/{B}/@v/v1.0.0.zip")
        refused(gateway, f"/go/{B}/@v/v1.0.0.mod")
        assert not [b for b in gateway.blobs().values() if b in (module.zip, module.mod)]
        upstream.database.forged = upstream.database.other_sums = upstream.database.broken_tiles = False
        eventually(lambda: gateway.ask(f"/go/{B}/@v/v1.0.0.zip").body == module.zip)
        assert gateway.ask(lookup(f"{B}@v1.0.0")).body == upstream.database.lookup(f"{B}@v1.0.0")


def test_a_held_copy_survives_a_database_that_begins_to_lie(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        module = upstream.add(B, "v1.0.0")
        good = gateway.ask(lookup(f"{B}@v1.0.0")).body
        assert gateway.ask(f"/go/{B}/@v/v1.0.0.zip").body == module.zip
        upstream.database.forged = True
        assert gateway.ask(lookup(f"{B}@v1.0.0")).body == good
        assert gateway.ask(f"/go/{B}/@v/v1.0.0.zip").body == module.zip


def test_pages_that_are_no_answers(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        upstream.add(B, "v1.0.0")
        upstream.branch(B, "main", "v1.0.0")
        for path in ("@v/list", "@latest", "@v/v1.0.0.info", "@v/main.info"):
            upstream.weather.set(f"/{B}/{path}", Weather(body=b"<html>sign in</html>"))
            told(gateway.ask(f"/go/{B}/{path}"), 502)
            upstream.weather.clear()
            assert gateway.ask(f"/go/{B}/{path}").status == 200


# ---------------------------------------------------------------- what the database does not know


def test_modules_unknown_to_the_database_keep_their_first_bytes(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        module = upstream.add(SECRET, "v1.0.0", recorded=False)
        assert gateway.ask(f"/go/{SECRET}/@v/v1.0.0.zip").body == module.zip
        assert upstream.count("*/lookup/*secret*") == 1
        upstream.down()
        assert gateway.ask(f"/go/{SECRET}/@v/v1.0.0.zip").body == module.zip


def test_private_names_stay_here(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path, gonosumdb="corp.example") as gateway:
        stock(upstream)
        for name in (SECRET, B):
            assert gateway.ask(f"/go/{name}/@v/v1.0.0.zip").body == upstream.modules[name, "v1.0.0"].zip
        assert [r.path.rpartition("/")[2] for r in upstream.seen("*/lookup/*")] == ["b@v1.0.0"]


def test_without_a_database(tmp_path: Path) -> None:
    with GoRegistry(supported=False) as upstream, before(upstream, tmp_path, gosumdb="off") as gateway:
        stock(upstream)
        module = upstream.modules[A, "v1.1.0"]
        for path, body, _ in files(module):
            assert gateway.ask(path).body == body
        told(gateway.ask("/go/sumdb/sum.example/supported"), 404, "GOSUMDB")
        assert not upstream.seen("/sumdb/*")


# ---------------------------------------------------------------- policy


def test_hidden_versions(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path, access__deny=f"pkg:golang/{B}@v1.1.0") as gateway:
        stock(upstream)
        assert gateway.ask(f"/go/{B}/@v/list").body == b"v1.0.0\nv1.2.0-rc.1\n"
        for path in ("v1.1.0.info", "main.info", "v1.1.0.zip"):
            told(gateway.ask(f"/go/{B}/@v/{path}"), 403)
        assert gateway.ask(f"/go/{B}/@v/v1.1.0.mod").body == upstream.modules[B, "v1.1.0"].mod
        assert gateway.ask(f"/go/{B}/@v/v1.0.0.zip").status == 200
        assert not upstream.seen("*v1.1.0.zip")


# ---------------------------------------------------------------- the real client


@dataclass(slots=True)
class Machine(Runs):
    """Somebody's machine with empty caches and a module, pointed at a gateway as `subak env` does it."""

    folder: Path
    url: str
    wants: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not shutil.which("go"):
            unable("go is not installed")
        self.project.mkdir(parents=True)
        rows = "".join(f"\t{name} {version}\n" for name, version in self.wants.items())
        (self.project / "go.mod").write_text(f"module somebody.example/x\n\ngo 1.20\n\nrequire (\n{rows})\n")

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def sums(self) -> list[str]:
        return (self.project / "go.sum").read_text().splitlines()

    def again(self, folder: Path, *, locked: bool) -> Machine:
        """The same project on another fresh machine, with or without its go.sum."""
        other = Machine(folder, self.url, self.wants, dict(self.environ))
        shutil.copy(self.project / "go.mod", other.project / "go.mod")
        if locked:
            shutil.copy(self.project / "go.sum", other.project / "go.sum")
        return other

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run go here. Whatever goes round the gateway fails."""
        kept = alone(self.folder, "GO")
        own = {
            "GOENV": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "GOPATH": str(self.folder / "go"),
            "GOCACHE": str(self.folder / "build"), "GIT_ALLOW_PROTOCOL": "none",
        }  # fmt: skip
        pointed = dict(settings_for(("go",), self.url, environ=kept).environ)
        return ran(["go", *arguments], self.project, {**kept, **own, **pointed, **self.environ})

    def downloaded(self) -> dict[str, dict[str, str]]:
        """Download everything, with an answer from the checksum database for all that go.sum does not hold:
        {module: what go says of it}."""
        rows = re.findall(r"^\{.*?^\}", self.must("mod", "download", "-json", "all"), re.DOTALL | re.MULTILINE)
        return {row["Path"]: row for row in map(json.loads, rows)}


def machine(folder: Path, gateway: Gateway, upstream: GoRegistry, **wants: str) -> Machine:
    return Machine(folder, gateway.url, wants or {A: "v1.1.0"}, {"GOSUMDB": upstream.database.key})


TREE = {A: "v1.1.0", B: "v1.1.0", C: "v1.2.0", D: "v2.0.1-0.20240506070809-0123456789ab", E: "v3.0.0+incompatible"}

client = pytest.mark.clients


@client
def test_small_tree_then_without_upstream(tmp_path: Path) -> None:
    with GoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            first = machine(tmp_path / "first", gateway, upstream)
            found = first.downloaded()
            assert {path: row["Version"] for path, row in found.items()} == TREE
            for path, version in TREE.items():
                whole, mod = sums(upstream.modules[path, version]).splitlines()
                assert found[path]["Sum"] == whole.split()[2]
                assert found[path]["GoModSum"] == mod.split()[2]
            first.must("mod", "verify")
            assert {r.path.split("/")[3] for r in upstream.seen("/sumdb/*")} == {
                "supported",
                "latest",
                "lookup",
                "tile",
            }
            assert upstream.count("*.zip") == len(TREE)
            upstream.forget()
            first.again(tmp_path / "second", locked=False).downloaded()
            assert upstream.seen() == [], "a second fresh machine costs the upstream nothing"
            upstream.down()
            gateway.restart()
            locked = first.again(tmp_path / "locked", locked=True)
            assert locked.downloaded().keys() == TREE.keys()
            afresh = first.again(tmp_path / "afresh", locked=False)
            assert afresh.downloaded().keys() == TREE.keys()
            assert afresh.sums == first.sums == locked.sums
            assert "Traceback" not in gateway.log()


@client
def test_resolving_by_name_and_branch(tmp_path: Path) -> None:
    """Parents of a path are asked and absent; queries, retraction checks, lists."""
    with GoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            here = machine(tmp_path / "first", gateway, upstream, **{C: "v1.2.0"})
            here.must("get", f"{B}@main")
            assert f"{B} v1.1.0" in (here.project / "go.mod").read_text()
            here.must("get", f"{A}@latest")
            assert f"{A} v1.1.0" in (here.project / "go.mod").read_text()
            assert here.must("list", "-m", "-versions", B).split() == [B, "v1.0.0", "v1.1.0", "v1.2.0-rc.1"]
            assert upstream.seen("/example.com/!lab/@v/*"), "asked for the path's parents"
            assert "404" in here.fails("get", "nobody.example/nothing@v1.0.0")


@client
def test_documents_stale_and_upstream_cut_off(tmp_path: Path) -> None:
    with GoRegistry() as upstream:
        stock(upstream)
        stale = {"cache__fresh": "0.01ms", "cache__revalidate_behind": "0"}
        with before(upstream, tmp_path, **stale) as gateway:
            first = machine(tmp_path / "first", gateway, upstream)
            first.downloaded()
            upstream.down()
            assert first.again(tmp_path / "afresh", locked=False).downloaded().keys() == TREE.keys()


@client
def test_the_client_says_why(tmp_path: Path) -> None:
    with GoRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            here = machine(tmp_path / "first", gateway, upstream, **{B: "v1.1.0"})
            foreign = build_zip(B, "v1.1.0", {"go.mod": b"module example.com/lab/b\n", "b.go": b"package evil\n"})
            upstream.weather.set("*b/@v/v1.1.0.zip", Weather(body=foreign))
            assert "does not match" in here.fails("mod", "download", B)
            assert foreign not in gateway.blobs().values()
            upstream.weather.clear()
            eventually(lambda: here.run("mod", "download", B).returncode == 0)


@client
def test_hidden_versions_for_the_client(tmp_path: Path) -> None:
    """New resolutions pass over what is hidden; whoever names it gets the reason, and graphs still load."""
    with GoRegistry() as upstream, before(upstream, tmp_path, access__deny=f"pkg:golang/{B}@v1.1.0") as gateway:
        stock(upstream)
        here = machine(tmp_path / "first", gateway, upstream, **{C: "v1.2.0"})
        here.must("get", B)
        assert f"{B} v1.0.0" in (here.project / "go.mod").read_text()
        assert "withheld by policy" in here.fails("get", f"{B}@v1.1.0")
        graph = machine(tmp_path / "graph", gateway, upstream)
        assert f"{A}@v1.1.0 {B}@v1.1.0" in graph.must("mod", "graph")
        assert "withheld by policy" in graph.fails("mod", "download", "all")


@client
def test_private_modules(tmp_path: Path) -> None:
    with GoRegistry() as upstream, before(upstream, tmp_path) as gateway:
        stock(upstream)
        here = machine(tmp_path / "first", gateway, upstream, **{SECRET: "v1.0.0"})
        assert "404" in here.fails("mod", "download", SECRET), "no database vouches for it"
        here.environ["GONOSUMDB"] = "corp.example"
        here.must("mod", "download", SECRET)


# ---------------------------------------------------------------- the proxy this machine reaches

REAL = {"github.com/gin-gonic/gin": "v1.10.0", "github.com/spf13/cobra": "v1.8.1"}


@client
@pytest.mark.xdist_group("registries")
@pytest.mark.timeout(600)
def test_real_tree_then_with_the_upstream_cut_off(tmp_path: Path) -> None:
    """With the checksum database on, on both sides: every zip and go.mod is proved here and by the client."""
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}) as gateway:
        answer = gateway.ask("/go/github.com/spf13/cobra/@v/v1.8.1.info")
        if answer.status != 200:
            unable(f"the module proxy cannot be reached: {answer.body[:300]!r}")
        own = {k: v for k, v in os.environ.items() if k == "GOSUMDB"}
        first = Machine(tmp_path / "first", gateway.url, REAL, own)
        found = first.downloaded()
        assert 20 <= len(found) <= 60
        first.must("mod", "verify")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            gateway.restart(go=f"http://127.0.0.1:{closed.getsockname()[1]}/")
            locked = first.again(tmp_path / "locked", locked=True)
            assert locked.downloaded().keys() == found.keys()
            afresh = first.again(tmp_path / "afresh", locked=False)
            assert afresh.downloaded().keys() == found.keys()
            assert afresh.sums == first.sums
        assert "Mismatch" not in gateway.log()
        assert "Traceback" not in gateway.log()
