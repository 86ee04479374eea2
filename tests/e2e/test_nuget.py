"""NuGet through a real gateway. No .NET SDK runs here: a scripted client asks what `dotnet` asks, in its order."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from e2e.asking import Answer, ask
from e2e.running import IMPATIENT, Gateway
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, never_whole, refused
from registry.nuget_registry import FEED, FILES, INLINED, SEARCH, NugetRegistry, Package
from registry.weather import Weather

AGENT = "NuGet .NET Core MSBuild Task/6.13.0 (LINUX)"
FOREIGN = re.compile(r"https?://project\.example/|https://advisories\.example/")
"""Addresses that are the authors' own."""


def stock(upstream: NugetRegistry) -> None:
    """Acme.App needs Acme.Lib, of which there are two versions; Acme.Many has so many that they stand in pages."""
    upstream.add("Acme.Lib", "1.0.0", padding=100_000)
    upstream.add("Acme.Lib", "1.1.0", padding=100_000)
    upstream.add("Acme.Lib", "2.0.0-beta.1+build.7")
    upstream.add("Acme.App", "1.0.0", {"Acme.Lib": "1.0.0"})
    for minor in range(INLINED + 2):
        upstream.add("Acme.Many", f"1.{minor}.0")


@pytest.fixture
def upstream() -> Iterator[NugetRegistry]:
    with NugetRegistry() as registry:
        stock(registry)
        yield registry


before = partial(in_front_of, "nuget")


def package(upstream: NugetRegistry, id: str, version: str) -> Package:
    return next(p for p in upstream.packages if (p.id, p.folded) == (id, version))


# ---------------------------------------------------------------- the scripted client


@dataclass(slots=True)
class Dotnet:
    """What NuGet 6.13 does, with an empty cache. Fails on the first address that is not the gateway's."""

    url: str
    """Of the gateway."""
    got: dict[str, bytes] = field(default_factory=dict)
    """Restored packages by 'id.version'."""

    def ask(self, address: str) -> Answer:
        assert address.startswith(f"{self.url}/nuget/"), f"{address} leads past the gateway"
        headers = {"user-agent": AGENT, "x-nuget-session-id": "0f8fad5b", "accept-encoding": "identity"}
        return ask(self.url, address.removeprefix(self.url), headers)

    def json(self, address: str) -> Any:
        """A document, every address in which is the gateway's."""
        answer = self.ask(address)
        assert (answer.status, answer["content-type"]) == (200, "application/json"), (address, answer.body[:300])
        for found in re.findall(r"https?://[^\s\"]+", answer.body.decode()):
            assert found.startswith(f"{self.url}/nuget/v3/") or FOREIGN.match(found), (address, found)
        return answer.json()

    def resource(self, *kinds: str) -> str:
        """The address of the first type that the source offers."""
        rows = self.json(f"{self.url}/nuget/v3/index.json")["resources"]
        return next(row["@id"] for kind in kinds for row in rows if row["@type"] == kind)

    def restore(self, id: str, wanted: str = "0.0.0") -> None:
        """`dotnet restore`: lists, then packages, then what those depend on; the lowest version that fits."""
        base = self.resource("PackageBaseAddress/3.0.0")
        listed = self.json(f"{base}{id.lower()}/index.json")["versions"]
        version = next(v for v in listed if "-" not in v and _order(v) >= _order(wanted))
        name = f"{id.lower()}.{version}"
        answer = self.ask(f"{base}{id.lower()}/{version}/{name}.nupkg")
        assert (answer.status, answer.complete) == (200, True), (answer.status, answer.body[:300])
        self.got[name] = answer.body
        for inner, bound in _dependencies(answer.body):
            self.restore(inner, bound)

    def audit(self) -> dict[str, list[Any]]:
        """What the SDK asks since version 8 in every cold restore."""
        pages = [self.json(row["@id"]) for row in self.json(self.resource("VulnerabilityInfo/6.7.0"))]
        return {name: rows for page in pages for name, rows in page.items()}

    def registration(self, id: str, *kinds: str) -> list[dict[str, Any]]:
        """`dotnet add package`: every version that the registration tells of, its pages fetched."""
        base = self.resource(*(kinds or ("RegistrationsBaseUrl/Versioned", "RegistrationsBaseUrl/3.6.0")))
        index = self.json(f"{base}{id.lower()}/index.json")
        assert index["count"] == len(index["items"])
        leaves = []
        for row in index["items"]:
            page = row if "items" in row else self.json(row["@id"])
            assert page["count"] == len(page["items"])
            assert _order(row["lower"]) <= _order(row["upper"])
            leaves += page["items"]
        return leaves


def _order(version: str) -> tuple[tuple[int, ...], bool]:
    release, dash, _ = version.partition("-")
    return tuple(map(int, release.split("."))), not dash


def _dependencies(body: bytes) -> list[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".nuspec")]
        rows = ElementTree.fromstring(archive.read(name)).iter("dependency")
        return [(row.attrib["id"], row.attrib["version"]) for row in rows]


# ---------------------------------------------------------------- restoring


def test_restore_cold_then_from_here_alone(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        first = Dotnet(gateway.url)
        first.restore("Acme.App")
        assert sorted(first.got) == ["acme.app.1.0.0", "acme.lib.1.0.0"]
        assert first.got["acme.lib.1.0.0"] == package(upstream, "Acme.Lib", "1.0.0").body
        assert first.audit() == {}
        assert len(upstream.seen("/reg/*", FEED)) == 2, "one registration for each package: it leads to the digest"
        assert len(upstream.seen("/catalog0/*", FEED)) == 2
        eventually(lambda: all(upstream_.sha256 in gateway.blobs() for upstream_ in _restored(upstream)))
        upstream.down()
        second = Dotnet(gateway.url)
        second.restore("Acme.App")
        assert second.got == first.got
        assert second.audit() == {}
        assert gateway.ask("/nuget/v3/flat/acme.app/1.0.0/acme.app.1.0.0.nupkg")["x-subak-cache"] == "hit"


def _restored(upstream: NugetRegistry) -> list[Package]:
    return [package(upstream, "Acme.App", "1.0.0"), package(upstream, "Acme.Lib", "1.0.0")]


def test_the_base_may_also_be_the_folder_of_the_service_index(upstream: NugetRegistry, tmp_path: Path) -> None:
    folder = {"nuget": f"{upstream.at(FEED)}/v3/"}
    with Gateway(tmp_path / "data", IMPATIENT, folder) as gateway:
        client = Dotnet(gateway.url)
        client.restore("Acme.App")
        assert len(client.got) == 2


def test_registrations_in_pages(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        client = Dotnet(gateway.url)
        leaves = client.registration("Acme.Many")
        assert [leaf["catalogEntry"]["version"] for leaf in leaves] == [f"1.{n}.0" for n in range(INLINED + 2)]
        assert client.ask(leaves[-1]["packageContent"]).body == upstream.packages[-1].body
        entry = client.json(leaves[-1]["catalogEntry"]["@id"])
        assert (entry["id"], entry["version"]) == ("Acme.Many", leaves[-1]["catalogEntry"]["version"])
        leaf = client.json(leaves[0]["@id"])
        assert client.json(leaf["catalogEntry"])["version"] == "1.0.0"
        upstream.down()
        assert client.registration("Acme.Many") == leaves


def test_the_older_hives_leave_out_what_their_clients_cannot_read(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        client = Dotnet(gateway.url)
        old = client.registration("Acme.Lib", "RegistrationsBaseUrl/3.4.0")
        assert [leaf["catalogEntry"]["version"] for leaf in old] == ["1.0.0", "1.1.0"]
        assert len(client.registration("Acme.Lib")) == 3
        assert len(upstream.seen("/reg/acme.lib/index.json")) == 1
        packed = gateway.ask("/nuget/v3/registration/acme.lib/index.json", {"accept-encoding": "gzip, deflate"})
        assert packed["content-encoding"] == "gzip"


def test_dependencies_are_told_with_addresses_here(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        client = Dotnet(gateway.url)
        (leaf,) = client.registration("Acme.App")
        (dependency,) = leaf["catalogEntry"]["dependencyGroups"][0]["dependencies"]
        assert client.json(dependency["registration"])["count"] == 1


def test_search_and_completion(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        client = Dotnet(gateway.url)
        search = client.resource("SearchQueryService/3.5.0", "SearchQueryService")
        query = urlencode({"q": "acme.l", "skip": 0, "take": 20, "prerelease": "false", "semVerLevel": "2.0.0"})
        (hit,) = client.json(f"{search}?{query}")["data"]
        assert client.json(hit["versions"][0]["@id"])["listed"] is True
        assert client.json(hit["registration"])["items"]
        complete = client.resource("SearchAutocompleteService/3.5.0")
        assert client.json(f"{complete}?q=acme.a")["data"] == ["Acme.App"]
        assert "1.1.0" in client.json(f"{complete}?id=Acme.Lib&prerelease=true")["data"]
        assert [r.query for r in upstream.seen("/query", SEARCH)] == [query]
        assert client.json(f"{search}?{query}")["data"] == [hit]
        assert len(upstream.seen("/query", SEARCH)) == 1


def test_advisories(upstream: NugetRegistry, tmp_path: Path) -> None:
    upstream.advisories["acme.lib"] = [
        {"url": "https://advisories.example/1", "severity": 2, "versions": "(, 1.0.0]"}
    ]  # fmt: skip
    with before(upstream, tmp_path) as gateway:
        assert Dotnet(gateway.url).audit() == upstream.advisories


def test_what_a_bare_feed_lacks_is_not_promised(tmp_path: Path) -> None:
    with NugetRegistry(bare=True) as upstream:
        stock(upstream)
        with before(upstream, tmp_path) as gateway:
            client = Dotnet(gateway.url)
            service = client.json(f"{gateway.url}/nuget/v3/index.json")
            assert [row["@type"] for row in service["resources"]] == ["PackageBaseAddress/3.0.0"]
            client.restore("Acme.App")
            assert len(client.got) == 2
            for path in ("registration/acme.app/index.json", "query?q=a", "vulnerabilities/index.json"):
                refused(gateway.ask(f"/nuget/v3/{path}"), 404)


# ---------------------------------------------------------------- spellings and heads


def test_every_spelling_is_one_file(upstream: NugetRegistry, tmp_path: Path) -> None:
    wanted = package(upstream, "Acme.Lib", "1.1.0")
    with before(upstream, tmp_path) as gateway:
        for path in (
            "acme.lib/1.1.0/acme.lib.1.1.0",
            "Acme.Lib/1.01.0.0/Acme.Lib.1.01.0.0",
            "ACME.LIB/1.1/acme.lib.1.1.0",
        ):
            assert gateway.ask(f"/nuget/v3/flat/{path}.nupkg").body == wanted.body, path
        assert [r.path for r in upstream.seen("*.nupkg", FILES)] == [f"/flat/{wanted.path}"]
        beta = gateway.ask("/nuget/v3/flat/acme.lib/2.0.0-Beta.1%2Bbuild.7/acme.lib.2.0.0-beta.1.nupkg")
        assert beta.body == package(upstream, "Acme.Lib", "2.0.0-beta.1").body


def test_heads_ranges_and_validators(upstream: NugetRegistry, tmp_path: Path) -> None:
    wanted = package(upstream, "Acme.Lib", "1.1.0")
    with before(upstream, tmp_path) as gateway:
        path = f"/nuget/v3/flat/{wanted.path}"
        head = gateway.ask(path, method="HEAD")
        assert (head.status, int(head["content-length"]), head.body) == (200, len(wanted.body), b"")
        whole = gateway.ask(path)
        assert "immutable" in whole["cache-control"]
        eventually(lambda: gateway.ask(path)["x-subak-cache"] == "hit")
        assert gateway.ask(path, {"range": "bytes=10-19"}).body == wanted.body[10:20]
        assert gateway.ask(path, {"if-none-match": whole["etag"]}).status == 304
        flat = gateway.ask("/nuget/v3/flat/acme.lib/index.json")
        assert gateway.ask("/nuget/v3/flat/acme.lib/index.json", {"if-none-match": flat["etag"]}).status == 304


def test_a_nuspec(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        answer = gateway.ask("/nuget/v3/flat/Acme.App/1.0.0/acme.app.nuspec")
        assert (answer.status, answer.body) == (200, package(upstream, "Acme.App", "1.0.0").nuspec)
        assert answer["content-type"] == "application/xml"


def test_what_is_not_there(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for path in ("nobody/index.json", "acme.lib/9.9.9/acme.lib.9.9.9.nupkg", "acme.lib/1.0.0/other.nuspec"):
            refused(gateway.ask(f"/nuget/v3/flat/{path}"), 404)
        refused(gateway.ask("/nuget/v3/package", method="PUT", body=b"x"), 405)
        encoded = "aHR0cDovLzEyNy4wLjAuMTo5L3gK"  # http://127.0.0.1:9/x: no service of this feed
        refused(gateway.ask(f"/nuget/v3/registration/acme.lib/page/{encoded}.json"), 404)


# ---------------------------------------------------------------- bad days


def test_bytes_that_are_not_what_the_catalog_says_are_refused(upstream: NugetRegistry, tmp_path: Path) -> None:
    wrong = upstream.add("Acme.Wrong", "1.0.0", padding=100_000, hashed=b"something else")
    broken = package(upstream, "Acme.Lib", "1.1.0")
    upstream.weather.set(f"/flat/{broken.path}", Weather(corrupt=True))
    with before(upstream, tmp_path) as gateway:
        for bad in (wrong, broken):
            for _ in range(2):
                never_whole(gateway.ask(f"/nuget/v3/flat/{bad.path}"), 502)
        assert [body for body in gateway.blobs().values() if body.startswith(b"PK")] == []
        upstream.weather.clear()
        assert gateway.ask(f"/nuget/v3/flat/{broken.path}").body == broken.body
        eventually(lambda: gateway.leftovers() == [])


def test_without_its_digest_nothing_is_served(upstream: NugetRegistry, tmp_path: Path) -> None:
    """A catalog that fails is not a feed without a catalog."""
    wanted = package(upstream, "Acme.Lib", "1.1.0")
    upstream.weather.set("/catalog0/*", Weather(status=500))
    with before(upstream, tmp_path) as gateway:
        never_whole(gateway.ask(f"/nuget/v3/flat/{wanted.path}"), 502, 504)
        upstream.weather.clear()
        eventually(lambda: gateway.ask(f"/nuget/v3/flat/{wanted.path}").body == wanted.body)


def test_hidden_versions(upstream: NugetRegistry, tmp_path: Path) -> None:
    deny = "pkg:nuget/Acme.Lib@1.00.0,pkg:nuget/acme.lib@2.0.0-Beta.1,pkg:nuget/acme.app@1.0.0"
    with before(upstream, tmp_path, {"access.deny": deny}) as gateway:
        client = Dotnet(gateway.url)
        client.restore("Acme.Lib")
        assert list(client.got) == ["acme.lib.1.1.0"]
        assert [leaf["catalogEntry"]["version"] for leaf in client.registration("Acme.Lib")] == ["1.1.0"]
        rows = client.json(f"{client.resource('SearchQueryService')}?q=acme.")["data"]
        shown = {row["id"]: (row["version"], [v["version"] for v in row["versions"]]) for row in rows}
        assert shown.pop("Acme.Many")[0] == f"1.{INLINED + 1}.0"
        assert shown == {"Acme.Lib": ("1.1.0", ["1.1.0"])}
        assert client.json(f"{client.resource('SearchAutocompleteService')}?id=Acme.Lib")["data"] == ["1.1.0"]
        assert gateway.ask("/nuget/v3/flat/acme.app/index.json").json() == {"versions": []}
        for path in ("acme.lib/1.0.0/acme.lib.1.0.0.nupkg", "acme.lib/1.0.0/acme.lib.nuspec"):
            refused(gateway.ask(f"/nuget/v3/flat/{path}"), 403)
        refused(gateway.ask("/nuget/v3/registration/acme.lib/1.0.0.json"), 403)
        assert upstream.seen("*.nupkg", FILES)[0].path.endswith("/acme.lib.1.1.0.nupkg")


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"{}", b'{"versions":{}}', b""])
def test_a_document_that_is_none_is_not_kept(upstream: NugetRegistry, tmp_path: Path, body: bytes) -> None:
    upstream.weather.set("/flat/acme.lib/index.json", Weather(body=body))
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        refused(gateway.ask("/nuget/v3/flat/acme.lib/index.json"), 502)
        upstream.weather.clear()
        good = gateway.ask("/nuget/v3/flat/acme.lib/index.json")
        upstream.weather.set("/flat/acme.lib/index.json", Weather(body=body))
        stale = gateway.ask("/nuget/v3/flat/acme.lib/index.json")
        assert (stale.status, stale.body, stale["x-subak-cache"]) == (200, good.body, "stale")


def test_a_new_version_shows_once_the_list_is_old(upstream: NugetRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask("/nuget/v3/flat/acme.app/index.json").json() == {"versions": ["1.0.0"]}
        upstream.add("Acme.App", "1.1.0")
        assert gateway.ask("/nuget/v3/flat/acme.app/index.json").json() == {"versions": ["1.0.0", "1.1.0"]}
