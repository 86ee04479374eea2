"""Editor extensions through a real gateway: an editor's requests by hand, and the real ovsx."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from e2e.asking import Answer
from e2e.clients import INSTALLED, Runs, alone, ran, unable
from e2e.running import IMPATIENT, Gateway
from e2e.scene import eventually, in_front_of, never_whole, refused
from registry.openvsx_registry import CODE, MANIFEST, SERVICES, VSIX, OpenVsxRegistry, Package
from registry.weather import Weather
from subak.adoption.settings import fill
from subak.ecosystems.openvsx import OPENVSX

QUERY = "/openvsx/vscode/gallery/extensionquery"
LATEST_ONLY, ALL_VERSIONS = 950, 439
PERSONAL = {"x-market-user-id": "somebody", "vscode-sessionid": "this machine", "x-market-client-id": "VSCode 1.100.3"}


def stock(upstream: OpenVsxRegistry) -> None:
    """One extension for all platforms, one with packages of its own for two."""
    upstream.add("Acme", "Hello", "1.0.0", timestamp="2024-01-02T03:04:05.000Z")
    upstream.add("Acme", "Hello", "1.1.0", padding=200_000)
    upstream.add("Acme", "Hello", "1.2.0-rc.1", pre_release=True)
    upstream.add("acme", "base", "0.1.0")
    for target in ("universal", "linux-x64", "darwin-arm64"):
        upstream.add("tools", "native", "2.0.0", target)
    upstream.add("tools", "native", "1.9.0", "linux-x64")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpenVsxRegistry, Gateway]]:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        data = tmp_path_factory.mktemp("openvsx") / "data"
        with Gateway(data, IMPATIENT, {"openvsx": upstream.url}) as gateway:
            yield upstream, gateway


before = partial(in_front_of, "openvsx")


# ---------------------------------------------------------------- an editor


@dataclass
class Editor:
    """Asks as an editor does. Fails the test when an answer would fail the editor."""

    gateway: Gateway
    platform: str = "linux-x64"
    installed: dict[str, str] = field(default_factory=dict)
    """{UUID: version}"""

    def query(self, *criteria: tuple[int, str], flags: int = LATEST_ONLY) -> Answer:
        """The central request."""
        rows = [{"filterType": kind, "value": value} for kind, value in criteria]
        rows += [{"filterType": 8, "value": "Microsoft.VisualStudio.Code"}, {"filterType": 12, "value": "4096"}]
        wanted = [{"criteria": rows, "pageNumber": 1, "pageSize": len(criteria), "sortBy": 0, "sortOrder": 0}]
        body = json.dumps({"filters": wanted, "assetTypes": [], "flags": flags}).encode()
        headers = {"content-type": "application/json", "user-agent": "VSCode 1.100.3 (VSCodium)", **PERSONAL}
        return self.gateway.ask(QUERY, headers, method="POST", body=body)

    def found(self, *criteria: tuple[int, str], flags: int = LATEST_ONLY) -> list[dict[str, Any]]:
        """The extensions in the answer."""
        answer = self.query(*criteria, flags=flags)
        assert answer.status == 200, (answer.status, answer.body[:300])
        (result,) = answer.json()["results"]
        ((total,),) = [row["metadataItems"] for row in result["resultMetadata"]]
        assert total == {"name": "TotalCount", "count": len(result["extensions"])}
        return list(result["extensions"])

    def get(self, url: str) -> Answer:
        """What lies behind an address of ours, as it stands in an answer."""
        assert url.startswith(self.gateway.url + "/openvsx/"), url
        parts = urlsplit(url)
        return self.gateway.ask(f"{parts.path}?{parts.query}" if parts.query else parts.path, PERSONAL)

    def choose(self, extension: dict[str, Any]) -> dict[str, Any]:
        """The newest release that fits."""
        fitting = [
            row for row in extension["versions"]
            if row["targetPlatform"] in (self.platform, "universal") and not pre_release(row)
        ]  # fmt: skip
        return dict(fitting[0])

    def install(self, extension: dict[str, Any], how: str = "install") -> Answer:
        """The manifest, then the package from the fallback address."""
        row = self.choose(extension)
        platform = f"targetPlatform={row['targetPlatform']}"
        manifest = self.get(f"{row['assetUri']}/{MANIFEST}?{platform}")
        assert manifest.status == 200, manifest.body[:300]
        assert manifest.json()["version"] == row["version"]
        answer = self.get(f"{row['fallbackAssetUri']}/{VSIX}?redirect=true&{platform}&{how}=true")
        if answer.status == 200 and answer.complete:
            with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
                assert json.loads(archive.read("extension/package.json"))["version"] == row["version"]
            self.installed[extension["extensionId"]] = row["version"]
        return answer


def pre_release(row: dict[str, Any]) -> bool:
    return {"key": f"{CODE}.PreRelease", "value": "true"} in row["properties"]


def versions(extensions: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(e["extensionName"], row["version"], row["targetPlatform"]) for e in extensions for row in e["versions"]]


def package(upstream: OpenVsxRegistry, name: str, version: str, target: str = "universal") -> Package:
    return next(p for p in upstream.packages if (p.name, p.version, p.target) == (name, version, target))


def test_an_editor_installs_again_without_upstream_and_updates(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            first = Editor(gateway)
            (native,) = first.found((7, "tools.native"))
            assert first.install(native).body in {p.body for p in upstream.packages if p.name == "native"}
            (hello,) = first.found((7, "acme.hello"), flags=ALL_VERSIONS)
            assert first.install(hello).body == package(upstream, "Hello", "1.1.0").body
            assert len(upstream.seen("*.vsix", "files")) == 2
            assert len(upstream.seen("*.sha256", "files")) == 2
            ((uuid, _),) = [(u, v) for u, v in first.installed.items() if v == "1.1.0"]
            assert versions(first.found((4, uuid), flags=LATEST_ONLY))[0] == ("Hello", "1.2.0-rc.1", "universal")
            eventually(lambda: len(gateway.blobs()) >= 6)
            upstream.down()
            gateway.restart()
            second = Editor(gateway)
            for name in ("tools.native", "ACME.hello"):
                (extension,) = second.found((7, name), flags=ALL_VERSIONS)
                assert second.install(extension)["x-subak-cache"] == "hit"
            assert second.installed == first.installed
            upstream.up()
            upstream.add("Acme", "Hello", "1.3.0")
        with before(upstream, tmp_path, cache__fresh="0.01ms", cache__revalidate_behind="0") as gateway:
            first.gateway = gateway
            (newer,) = first.found((4, uuid), flags=ALL_VERSIONS)
            assert first.install(newer, "update").body == package(upstream, "Hello", "1.3.0").body
            assert first.installed[uuid] == "1.3.0"
        assert not [r for r in upstream.seen() if PERSONAL.keys() & r.headers.keys()]


def test_questions_that_mean_the_same_are_asked_once(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    upstream, gateway = world
    editor = Editor(gateway)
    upstream.forget()
    assert versions(editor.found((7, "tools.native"))) == versions(editor.found((7, "Tools.Native")))
    assert len(versions(editor.found((7, "tools.native"), flags=ALL_VERSIONS))) == 4
    (asked,) = upstream.seen("*extensionquery")
    assert json.loads(asked.body)["flags"] == ALL_VERSIONS, "so that what is hidden can be left out"
    assert asked.headers["content-type"] == "application/json"
    latest = gateway.ask("/openvsx/vscode/gallery/tools/native/latest").json()
    newer = gateway.ask("/openvsx/vscode/gallery/vscode/TOOLS/native/latest").json()
    assert latest == newer
    assert {(v["version"], v["targetPlatform"]) for v in latest["versions"]} == {
        ("2.0.0", "universal"), ("2.0.0", "linux-x64"), ("2.0.0", "darwin-arm64"),
    }  # fmt: skip
    assert len(upstream.seen("*extensionquery")) == 1


def test_both_newest_versions_are_told_for_update_checks(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    _, gateway = world
    found = gateway.ask("/openvsx/vscode/gallery/acme/hello/latest").json()
    assert [row["version"] for row in found["versions"]] == ["1.2.0-rc.1", "1.1.0"]


def test_searches(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    upstream, gateway = world
    editor = Editor(gateway)
    assert {e["extensionName"] for e in editor.found((10, "acme"))} == {"Hello", "base"}
    upstream.forget()
    editor.found((10, "acme"))
    assert upstream.seen() == []
    assert editor.found((10, "nothing is called so")) == []
    assert editor.query((7, "acme.nothing")).status == 404
    assert gateway.ask(QUERY, method="POST", body=b"{").status == 400


def test_no_answer_leads_past_us(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    """Every kind of document, and every address in it that leads here leads somewhere."""
    upstream, gateway = world
    editor = Editor(gateway)
    answers = [editor.query((7, "tools.native"), flags=ALL_VERSIONS), editor.query((10, "e"))]
    paths = (
        "vscode/gallery/acme/hello/latest", "vscode/unpkg/Acme/Hello/1.1.0", "vscode/unpkg/Acme/Hello/1.1.0/extension",
        "api/tools", "api/tools/native", "api/tools/native/linux-x64", "api/tools/native/2.0.0",
        "api/tools/native/linux-x64/2.0.0", "api/tools/native/versions?size=5", "api/tools/native/linux-x64/versions",
        "api/tools/native/version-references?size=9&offset=0", "api/-/search?query=acme&size=5",
        "api/-/query?extensionId=acme.hello", "api/v2/-/query?namespaceName=acme&extensionName=hello",
        "api/acme/hello/reviews", "api/version",
    )  # fmt: skip
    answers += [gateway.ask(f"/openvsx/{path}") for path in paths]
    followed = set()
    for answer in answers:
        assert answer.status == 200, answer.body[:300]
        assert upstream.at("gallery").encode() not in answer.body
        assert upstream.at("files").encode() not in answer.body
        assert answer["access-control-allow-origin"] == "*"
        followed |= {text for text in strings(answer.json()) if text.startswith("http")}
    assert len(followed) > 50
    for url in followed:
        if not re.search(r"/vscode/asset/[^/]+/[^/]+/[^/]+$", url):  # editors add a type to these
            assert editor.get(url).status == 200, url


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def test_a_package_is_one_file_whatever_its_address(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    upstream, gateway = world
    wanted = upstream.add("tools", "single", "2.0.0", "darwin-arm64")
    plain = upstream.add("tools", "single", "2.0.0")
    name = wanted.filename("vsix")
    for path in (
        f"vscode/asset/tools/single/2.0.0/{VSIX}?targetPlatform=darwin-arm64",
        f"vscode/asset/Tools/SINGLE/2.0.0/{VSIX}?redirect=true&targetPlatform=darwin-arm64&install=true",
        "vscode/gallery/publishers/tools/vsextensions/single/2.0.0/vspackage?targetPlatform=darwin-arm64",
        f"api/tools/single/darwin-arm64/2.0.0/file/{name}",
        f"api/tools/single/darwin-arm64/2.0.0/file/{name.replace('@', '%40')}",
    ):
        answer = gateway.ask(f"/openvsx/{path}")
        assert (answer.status, answer.body == wanted.body) == (200, True), path
    assert len(upstream.seen("*single*.vsix", "files")) == 1
    universal = gateway.ask(f"/openvsx/vscode/asset/tools/single/2.0.0/{VSIX}?targetPlatform=universal")
    assert universal.body == plain.body
    head = gateway.ask(f"/openvsx/api/tools/single/darwin-arm64/2.0.0/file/{name}", method="HEAD")
    assert int(head["content-length"]) == len(wanted.body)
    part = gateway.ask(f"/openvsx/api/tools/single/darwin-arm64/2.0.0/file/{name}", {"range": "bytes=0-3"})
    assert (part.status, part.body) == (206, b"PK\x03\x04")
    again = gateway.ask(f"/openvsx/api/tools/single/darwin-arm64/2.0.0/file/{name}", {"if-none-match": head["etag"]})
    assert again.status == 304


def test_assets_and_what_is_inside(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    upstream, gateway = world
    hello = package(upstream, "Hello", "1.1.0")
    readme = gateway.ask(f"/openvsx/vscode/asset/acme/hello/1.1.0/{SERVICES}.Content.Details")
    assert readme.body == b"# Hello 1.1.0\n"
    sigzip = gateway.ask(f"/openvsx/api/Acme/Hello/1.1.0/file/{hello.filename('sigzip')}")
    assert sigzip.body == hello.files()["signature"][2]
    inside = gateway.ask("/openvsx/vscode/unpkg/Acme/Hello/1.1.0/extension/package.json")
    assert inside.json()["version"] == "1.1.0"
    listed = gateway.ask("/openvsx/vscode/unpkg/Acme/Hello/1.1.0/extension").json()
    assert f"{gateway.url}/openvsx/vscode/unpkg/Acme/Hello/1.1.0/extension/README.md" in listed
    checksum = gateway.ask(f"/openvsx/api/Acme/Hello/1.1.0/file/{hello.filename('sha256')}")
    assert checksum.body.decode() == hello.sha256
    refused(gateway.ask("/openvsx/vscode/asset/acme/hello/9.9.9/" + VSIX), 404)
    refused(gateway.ask("/openvsx/vscode/asset/acme/hello/latest/" + VSIX), 404)


def test_what_ends_here(world: tuple[OpenVsxRegistry, Gateway]) -> None:
    upstream, gateway = world
    upstream.forget()
    stats = "/openvsx/vscode/gallery/publishers/acme/extensions/hello/1.1.0/stats?statType=install"
    assert gateway.ask(stats, method="POST", body=b"{}").status == 200
    assert gateway.ask("/openvsx/vscode/control.json").json()["malicious"] == []
    refused(gateway.ask("/openvsx/vscode/item?itemName=acme.hello"), 404)
    refused(gateway.ask("/openvsx/api/-/publish?token=secret", method="POST", body=b"PK"), 405)
    refused(gateway.ask("/openvsx/api/acme/verify-pat?token=secret"), 404)
    assert "secret" not in gateway.log()
    assert upstream.seen() == []


# ---------------------------------------------------------------- bad bytes


@pytest.mark.parametrize("bare", [False, True], ids=["pinned", "unpinned"])
def test_other_bytes_than_announced_are_never_kept(tmp_path: Path, bare: bool) -> None:
    """With a sha256 beside it no byte may differ; without one the package must still be what it says it is."""
    with OpenVsxRegistry(bare) as upstream:
        hello = upstream.add("acme", "hello", "1.0.0", padding=100_000)
        other = upstream.add("acme", "hello", "1.1.0", padding=100_000, inside={"version": "9.9.9"})
        if not bare:
            upstream.add("acme", "hello", "1.2.0", padding=100_000, announced="0" * 64)
        with before(upstream, tmp_path) as gateway:
            path = f"/openvsx/vscode/asset/acme/hello/1.0.0/{VSIX}"
            upstream.weather.set("*1.0.0.vsix", Weather(body=b"<html>") if bare else Weather(corrupt=True))
            never_whole(gateway.ask(path), 502)
            upstream.weather.clear()
            never_whole(gateway.ask(path.replace("1.0.0", "1.1.0")), 502)
            assert other.sha256 not in gateway.blobs()
            if not bare:
                never_whole(gateway.ask(path.replace("1.0.0", "1.2.0")), 502)
            assert not [body for body in gateway.blobs().values() if body[:2] == b"PK"]
            eventually(lambda: gateway.ask(path)["x-subak-cache"] == "hit")
            assert gateway.ask(path).body == hello.body
            eventually(lambda: not gateway.leftovers())


def test_a_checksum_that_is_none_keeps_the_package_out(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        upstream.add("acme", "hello", "1.0.0", padding=100_000, announced="<html>not here</html>")
        with before(upstream, tmp_path) as gateway:
            never_whole(gateway.ask(f"/openvsx/vscode/asset/acme/hello/1.0.0/{VSIX}"), 502)
            assert not [body for body in gateway.blobs().values() if body[:2] == b"PK"]


# ---------------------------------------------------------------- what is hidden


def test_hidden_versions_give_way_to_the_next(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        denied = "pkg:vscode-extension/acme/hello@1.1.0 pkg:vscode-extension/tools/native@2.0.0"
        with before(upstream, tmp_path, access__deny=denied.replace(" ", ",")) as gateway:
            editor = Editor(gateway)
            (hello,) = editor.found((7, "acme.hello"), flags=ALL_VERSIONS)
            assert [row["version"] for row in hello["versions"]] == ["1.2.0-rc.1", "1.0.0"]
            assert editor.install(hello).body == package(upstream, "Hello", "1.0.0").body
            assert versions(editor.found((7, "tools.native"))) == [("native", "1.9.0", "linux-x64")]
            (native,) = editor.found((7, "tools.native"))
            assert native["lastUpdated"] == package(upstream, "native", "1.9.0", "linux-x64").timestamp
            answer = gateway.ask(f"/openvsx/vscode/asset/acme/hello/1.1.0/{VSIX}")
            refused(answer, 403)
            assert "deny list" in answer.json()["error"]
            told = gateway.ask("/openvsx/api/tools/native").json()
            assert (told["version"], told["targetPlatform"]) == ("1.9.0", "linux-x64")
            assert "2.0.0" not in told["allVersions"]
            assert list(gateway.ask("/openvsx/api/acme/hello/versions").json()["versions"]) == ["1.2.0-rc.1", "1.0.0"]
            refused(gateway.ask("/openvsx/api/acme/hello/1.1.0"), 404)


def test_an_extension_without_any_version_left_is_not_there(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path, access__deny="pkg:vscode-extension/acme/base@0.1.0") as gateway:
            assert Editor(gateway).found((7, "acme.base")) == []
            refused(gateway.ask("/openvsx/vscode/gallery/acme/base/latest"), 404)
            refused(gateway.ask("/openvsx/api/acme/base"), 404)


def test_gone_upstream_is_not_gone_here(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        stale = {"cache__fresh": "0.01ms", "cache__revalidate_behind": "0"}
        with before(upstream, tmp_path, **stale) as gateway:
            editor = Editor(gateway)
            (base,) = editor.found((7, "acme.base"))
            editor.install(base)
            upstream.packages.clear()
            upstream.weather.set("*extensionquery", Weather(body=b'{"results":[{"extensions":[]}]}'))
            (base,) = editor.found((7, "acme.base"))
            assert editor.install(base).status == 200
            assert gateway.ask("/openvsx/api/acme/base").status == 404, "it was never asked for"


# ---------------------------------------------------------------- the real client


@dataclass
class Machine(Runs):
    """A fresh machine with ovsx on it."""

    folder: Path
    gateway: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ovsx as `subak env` sets it."""
        node, ovsx = shutil.which("node"), INSTALLED / "ovsx" / "bin" / "ovsx"
        if not node or not ovsx.exists():
            unable("node or ovsx is not installed; `make` puts ovsx into .cache/clients")
        (client,) = [c for c in OPENVSX.clients if c.name == "ovsx"]
        self.folder.mkdir(parents=True, exist_ok=True)
        environ = {name: fill(value, self.gateway) for name, value in client.environ}
        return ran([str(node), str(ovsx), *arguments], self.folder, alone(self.folder, **environ))


def test_ovsx_gets_and_verifies_and_gets_again_without_upstream(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            first = Machine(tmp_path / "first", gateway.url)
            first.must("get", "acme.hello", "-v", "1.1.0")
            got = first.folder / package(upstream, "Hello", "1.1.0").filename("vsix")
            assert got.read_bytes() == package(upstream, "Hello", "1.1.0").body
            native = package(upstream, "native", "2.0.0", "linux-x64")
            first.must("get", "tools.native", "-t", "linux-x64")
            assert (first.folder / native.filename("vsix")).read_bytes() == native.body
            assert "identical" in first.must("verify", str(got))
            assert json.loads(first.must("get", "acme.hello", "--metadata"))["name"] == "Hello"
            assert "hello" in first.must("search", "hello").lower()
            eventually(lambda: native.sha256 in gateway.blobs())
            upstream.down()
            gateway.restart()
            second = Machine(tmp_path / "second", gateway.url)
            second.must("get", "acme.hello", "-v", "1.1.0")
            second.must("get", "tools.native", "-t", "linux-x64")
            assert {p.name for p in second.folder.glob("*.vsix")} == {p.name for p in first.folder.glob("*.vsix")}
            assert "identical" in second.must("verify", got.name)
            assert "Traceback" not in gateway.log()


def test_ovsx_is_refused_bad_bytes_and_hidden_versions(tmp_path: Path) -> None:
    with OpenVsxRegistry() as upstream:
        stock(upstream)
        with before(upstream, tmp_path, access__deny="pkg:vscode-extension/tools/native@2.0.0") as gateway:
            machine = Machine(tmp_path / "first", gateway.url)
            machine.must("get", "tools.native")
            assert [p.name for p in machine.folder.glob("*.vsix")] == ["tools.native-1.9.0@linux-x64.vsix"]
            assert "no published version" in machine.fails("get", "tools.native", "-v", "2.0.0")
            upstream.weather.set("*1.1.0.vsix", Weather(corrupt=True))
            machine.fails("get", "acme.hello", "-v", "1.1.0")
            assert package(upstream, "Hello", "1.1.0").sha256 not in gateway.blobs()
            assert len(list(machine.folder.glob("*.vsix"))) == 1
            assert "nobody" in machine.fails("get", "acme.nobody")
