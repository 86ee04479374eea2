"""Which registry's a logged path is, and what it is about there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL
from tools.traffic.generate import Order, generate

from subak.analytics.packages.good import LATER, NOTHING, Good
from subak.analytics.packages.recognise import Recogniser
from subak.ecosystems import BY_NAME
from subak.errors import ConfigError
from subak.model.exchange import Kind

HASH = "aa/bb/" + "0c" * 30
DIGEST = "sha256:" + "0a" * 32
COMMIT = "0a" * 20
WHEEL = f"/packages/{HASH}/demo_pkg-1.4.0-py3-none-any.whl"

SURE = [
    # (target, ecosystem, kind, key or '', version, package)
    (WHEEL, "pypi", "artifact", f"files{WHEEL}", "1.4.0", "pkg:pypi/demo-pkg"),
    (f"{WHEEL}.metadata", "pypi", "metadata", f"files{WHEEL}.metadata", "1.4.0", "pkg:pypi/demo-pkg"),
    ("/packages/source/d/demo/demo-1.0.tar.gz", "pypi", "artifact", "", "1.0", "pkg:pypi/demo"),
    (f"https://files.registry.example{WHEEL}?x=1#y", "pypi", "artifact", f"files{WHEEL}", "1.4.0", "pkg:pypi/demo-pkg"),
    ("/simple/demo-pkg/", "pypi", "index", "simple/demo-pkg/", "", "pkg:pypi/demo-pkg"),
    ("/simple/Demo_Pkg", "pypi", "index", "simple/demo-pkg/", "", "pkg:pypi/demo-pkg"),
    ("/simple/demo-pkg/index.html", "pypi", "index", "simple/demo-pkg/", "", "pkg:pypi/demo-pkg"),
    ("/simple/", "pypi", "listing", "simple/", "", ""),
    ("/pypi/demo/1.0/json", "pypi", "config", "pypi/demo/1.0/json", "1.0", "pkg:pypi/demo"),
    ("/integrity/demo/1.0/demo-1.0.tar.gz/provenance", "pypi", "config", "", "1.0", "pkg:pypi/demo"),
    ("/root/pypi/+simple/demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    ("/root/pypi/+f/0ab/1234/demo-1.0.tar.gz", "pypi", "artifact", "", "1.0", "pkg:pypi/demo"),
    ("/bucket/files/demo-1.0-py3-none-any.whl", "pypi", "artifact", "", "1.0", "pkg:pypi/demo"),
    ("/demo/-/demo-1.0.0.tgz", "npm", "artifact", "demo/-/demo-1.0.0.tgz", "1.0.0", "pkg:npm/demo"),
    ("/npm/-/npm-11.0.0.tgz", "npm", "artifact", "npm/-/npm-11.0.0.tgz", "11.0.0", "pkg:npm/npm"),
    ("/@acme/demo/-/demo-1.0.0.tgz", "npm", "artifact", "", "1.0.0", "pkg:npm/%40acme/demo"),
    ("/@acme%2fdemo", "npm", "index", "@acme/demo", "", "pkg:npm/%40acme/demo"),
    ("/@acme%252fdemo", "npm", "index", "@acme/demo", "", "pkg:npm/%40acme/demo"),
    ("/%40acme%2Fdemo", "npm", "index", "@acme/demo", "", "pkg:npm/%40acme/demo"),
    ("/-/package/demo/dist-tags", "npm", "index", "demo", "", "pkg:npm/demo"),
    ("/-/npm/v1/attestations/demo@1.0.0", "npm", "config", "", "1.0.0", "pkg:npm/demo"),
    ("/-/v1/search?text=demo", "npm", "relay", "-/v1/search", "", ""),
    ("/maven2/org/example/lib/1.0/lib-1.0.jar", "maven", "artifact", "org/example/lib/1.0/lib-1.0.jar", "1.0",
     "pkg:maven/org.example/lib"),
    ("/maven-central/org/example/lib/1.0/lib-1.0.pom.sha1", "maven", "derived", "", "1.0", "pkg:maven/org.example/lib"),
    ("/org/example/lib/1.0/lib-1.0-sources.jar", "maven", "artifact", "", "1.0", "pkg:maven/org.example/lib"),
    ("/maven2/org/example/lib/maven-metadata.xml", "maven", "index", "", "", "pkg:maven/org.example/lib"),
    ("/maven2/org/example/lib/1.0/lib-1.0-bin.tar.gz", "maven", "artifact", "", "1.0", "pkg:maven/org.example/lib"),
    ("/crates/demo/1.2.3/download", "cargo", "artifact", "crates/demo/1.2.3/download", "1.2.3", "pkg:cargo/demo"),
    ("/crates/demo/demo-1.2.3.crate", "cargo", "artifact", "crates/demo/1.2.3/download", "1.2.3", "pkg:cargo/demo"),
    ("/api/v1/crates/demo/1.2.3/download", "cargo", "artifact", "crates/demo/1.2.3/download", "1.2.3",
     "pkg:cargo/demo"),
    ("/crates/demo/demo-1.2.3%252bb.crate", "cargo", "artifact", "crates/demo/1.2.3+b/download", "1.2.3+b",
     "pkg:cargo/demo"),
    ("/de/mo/demo", "cargo", "index", "index/de/mo/demo", "", "pkg:cargo/demo"),
    ("/3/l/log", "cargo", "index", "index/3/l/log", "", "pkg:cargo/log"),
    ("/1/a", "cargo", "index", "index/1/a", "", "pkg:cargo/a"),
    ("/code.example/!acme/lib/@v/list", "go", "index", "", "", "pkg:golang/code.example/Acme/lib"),
    ("/code.example/lib/@v/v1.0.0.zip", "go", "artifact", "", "v1.0.0", "pkg:golang/code.example/lib"),
    ("/code.example/lib/@v/v1.0.0.mod", "go", "artifact", "", "v1.0.0", "pkg:golang/code.example/lib"),
    ("/code.example/lib/@latest", "go", "config", "", "", "pkg:golang/code.example/lib"),
    ("/sumdb/sum.example/lookup/code.example/lib@v1.0.0", "go", "config", "", "v1.0.0", "pkg:golang/code.example/lib"),
    ("/lookup/code.example/lib@v1.0.0", "go", "config", "", "v1.0.0", "pkg:golang/code.example/lib"),
    ("/gems/demo-2.1.0.gem", "rubygems", "artifact", "gems/demo-2.1.0.gem", "2.1.0", "pkg:gem/demo"),
    ("/bucket.example/gems/demo-2.1.0-java.gem", "rubygems", "artifact", "gems/demo-2.1.0-java.gem", "2.1.0",
     "pkg:gem/demo"),
    ("/quick/Marshal.4.8/demo-2.1.0.gemspec.rz", "rubygems", "artifact", "", "2.1.0", "pkg:gem/demo"),
    ("/info/demo", "rubygems", "index", "info/demo", "", "pkg:gem/demo"),
    ("/specs.4.8.gz", "rubygems", "listing", "specs.4.8.gz", "", ""),
    ("/api/v1/gems/demo.json", "rubygems", "relay", "api/v1/gems/demo.json", "", ""),
    ("/p2/acme/demo.json", "composer", "index", "p2/acme/demo.json", "", "pkg:composer/acme/demo"),
    ("/p2/acme/demo~dev.json", "composer", "index", "p2/acme/demo~dev.json", "", "pkg:composer/acme/demo"),
    ("/dists/acme/demo/1.0.0.0/abc.zip", "composer", "artifact", "", "1.0.0.0", "pkg:composer/acme/demo"),
    ("/debian/pool/main/d/demo/demo_1.0-1_amd64.deb", "debian", "artifact", "pool/main/d/demo/demo_1.0-1_amd64.deb",
     "1.0-1", "pkg:deb/debian/demo"),
    ("/ubuntu/pool/main/d/demo/demo_1.0-1.dsc", "debian", "artifact", "", "1.0-1", "pkg:deb/debian/demo"),
    ("/debian-security/dists/stable-security/InRelease", "debian", "config", "", "", ""),
    ("/dists/stable/main/binary-amd64/Packages.xz", "debian", "artifact", "", "", ""),
    (f"/debian/dists/stable/main/binary-amd64/by-hash/SHA256/{'0a' * 32}", "debian", "artifact", "", "", ""),
    ("/repo/some/pool/main/d/demo/demo_1.0.orig.tar.xz", "debian", "artifact", "", "", ""),
    ("/v2/library/demo/manifests/1.0", "oci", "index", "library/demo/manifests/1.0", "1.0", "pkg:docker/library/demo"),
    (f"/v2/library/demo/blobs/{DIGEST}", "oci", "artifact", "", DIGEST, "pkg:docker/library/demo"),
    ("/v2/library/demo/tags/list?n=10", "oci", "config", "library/demo/tags/list?n=10", "", "pkg:docker/library/demo"),
    ("/v2/", "oci", "made", "ping", "", ""),
    ("/v3/index.json", "nuget", "config", "v3/index.json", "", ""),
    ("/v3-flatcontainer/demo.lib/index.json", "nuget", "index", "v3/flat/demo.lib/index.json", "",
     "pkg:nuget/demo.lib"),
    ("/v3-flatcontainer/Demo.Lib/1.2.0/demo.lib.1.2.0.nupkg", "nuget", "artifact",
     "v3/flat/demo.lib/1.2.0/demo.lib.1.2.0.nupkg", "1.2.0", "pkg:nuget/demo.lib"),
    ("/v3/registration5-gz-semver2/demo/index.json", "nuget", "index", "v3/registration/demo/index.json", "",
     "pkg:nuget/demo"),
    ("/v3/registration5-semver1/demo/1.0.0.json", "nuget", "config", "v3/registration/demo/1.0.0.json", "1.0.0",
     "pkg:nuget/demo"),
    ("/api/v2/package/Demo/1.0.0", "nuget", "artifact", "v3/flat/demo/1.0.0/demo.1.0.0.nupkg", "1.0.0",
     "pkg:nuget/demo"),
    ("/packages/demo.lib.1.0.0-rc.1.nupkg", "nuget", "artifact",
     "v3/flat/demo.lib/1.0.0-rc.1/demo.lib.1.0.0-rc.1.nupkg", "1.0.0-rc.1", "pkg:nuget/demo.lib"),
    ("/lab/linux-64/demo-1.0-h1_0.conda", "conda", "artifact", "lab/linux-64/demo-1.0-h1_0.conda", "1.0",
     "pkg:conda/demo"),
    ("/t/secret/pkgs/main/noarch/demo-1.0-0.tar.bz2", "conda", "artifact", "pkgs/main/noarch/demo-1.0-0.tar.bz2", "1.0",
     "pkg:conda/demo"),
    ("/lab/noarch/repodata.json.zst", "conda", "listing", "lab/noarch/repodata.json.zst", "", ""),
    (f"/acme/m/resolve/{COMMIT}/config.json", "hf", "artifact", "", COMMIT, "pkg:huggingface/acme/m"),
    ("/datasets/acme/d/resolve/main/a/b.parquet", "hf", "artifact", "", "", "pkg:huggingface/datasets/acme/d"),
    ("/api/models/acme/m/revision/main", "hf", "index", "", "", "pkg:huggingface/acme/m"),
    ("/authors/id/A/AU/AUTHOR/Demo-1.2.tar.gz", "perl", "artifact", "authors/id/A/AU/AUTHOR/Demo-1.2.tar.gz", "1.2",
     "pkg:cpan/AUTHOR/Demo"),
    ("/pub/CPAN/authors/id/A/AU/AUTHOR/CHECKSUMS", "perl", "index", "authors/id/A/AU/AUTHOR/CHECKSUMS", "", ""),
    ("/modules/02packages.details.txt.gz", "perl", "listing", "", "", ""),
    ("/vscode/asset/acme/hello/1.0.0/Microsoft.VisualStudio.Services.VSIXPackage", "openvsx", "artifact",
     "api/acme/hello/1.0.0/file/acme.hello-1.0.0.vsix", "1.0.0", "pkg:vscode-extension/acme/hello"),
    ("/acme/hello/1.0.0/acme.hello-1.0.0.vsix", "openvsx", "artifact",
     "api/acme/hello/1.0.0/file/acme.hello-1.0.0.vsix", "1.0.0", "pkg:vscode-extension/acme/hello"),
    ("/api/-/search?query=demo", "openvsx", "listing", "", "", ""),
    # ---- with a gateway's prefix, or below a repository of a caching proxy
    ("/pypi/simple/demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    (f"/pypi/files{WHEEL}", "pypi", "artifact", f"files{WHEEL}", "1.4.0", "pkg:pypi/demo-pkg"),
    ("/k/npm/@acme%2fdemo", "npm", "index", "@acme/demo", "", "pkg:npm/%40acme/demo"),
    ("/npm/react", "npm", "index", "react", "", "pkg:npm/react"),
    ("/npm/demo/-/demo-1.0.0.tgz", "npm", "artifact", "demo/-/demo-1.0.0.tgz", "1.0.0", "pkg:npm/demo"),
    ("/cargo/index/de/mo/demo", "cargo", "index", "index/de/mo/demo", "", "pkg:cargo/demo"),
    ("/maven/org/example/lib/1.0/lib-1.0.jar", "maven", "artifact", "org/example/lib/1.0/lib-1.0.jar", "1.0",
     "pkg:maven/org.example/lib"),
    ("/conda/lab/noarch/repodata.json", "conda", "listing", "lab/noarch/repodata.json", "", ""),
    ("/composer/p2/acme/demo.json", "composer", "index", "p2/acme/demo.json", "", "pkg:composer/acme/demo"),
    ("/debian-internal/pool/main/d/demo/demo_1.0-1_amd64.deb", "debian", "artifact", "", "1.0-1",
     "pkg:deb/debian/demo"),
    ("/pypi-internal/simple/demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    ("/-/health", "", "own", "/-/health", "", ""),
    ("/repository/anything/org/demo/x/1/x-1.jar", "maven", "artifact", "org/demo/x/1/x-1.jar", "1",
     "pkg:maven/org.demo/x"),
    ("/repository/all/simple/demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    ("/repository/nuget-group/v3/content/demo/1.0.0/demo.1.0.0.nupkg", "nuget", "artifact",
     "v3/flat/demo/1.0.0/demo.1.0.0.nupkg", "1.0.0", "pkg:nuget/demo"),
    (f"/artifactory/api/pypi/remote/packages{WHEEL}", "pypi", "artifact", f"files{WHEEL}", "1.4.0",
     "pkg:pypi/demo-pkg"),
    (f"/api/pypi/remote{WHEEL}", "pypi", "artifact", f"files{WHEEL}", "1.4.0", "pkg:pypi/demo-pkg"),
    ("/artifactory/api/npm/remote/demo/-/demo-1.0.0.tgz", "npm", "artifact", "demo/-/demo-1.0.0.tgz", "1.0.0",
     "pkg:npm/demo"),
    ("/artifactory/libs-release/org/example/lib/1.0/lib-1.0.jar", "maven", "artifact",
     "org/example/lib/1.0/lib-1.0.jar", "1.0", "pkg:maven/org.example/lib"),
    ("/artifactory/api/docker/hub/v2/library/demo/manifests/1.0", "oci", "index", "", "1.0",
     "pkg:docker/library/demo"),
    # ---- what clings to it
    ("/simple/demo/%20", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    ('/demo/-/demo-1.0.0.tgz"),', "npm", "artifact", "demo/-/demo-1.0.0.tgz", "1.0.0", "pkg:npm/demo"),
    ("//simple//demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
    ("simple/demo/", "pypi", "index", "simple/demo/", "", "pkg:pypi/demo"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "ecosystem", "kind", "key", "version", "package"), SURE, ids=lambda v: str(v)[:60])
def test_a_shape_of_its_own(target: str, ecosystem: str, kind: str, key: str, version: str, package: str) -> None:
    good = Recogniser().told("GET", "", target)
    assert (good.ecosystem, good.kind, good.version, good.package) == (ecosystem, kind, version, package)
    assert good.key == (key or good.key)
    assert bool(good.key)
    assert good.purl.startswith(package)


def test_every_ecosystem_is_in_the_table() -> None:
    assert {row[1] for row in SURE} == {*BY_NAME, ""}


def test_kinds_are_those_of_subjects() -> None:
    assert {row[2] for row in SURE} <= {str(kind) for kind in Kind}


NPM = ("/demo/-/demo-1.0.0.tgz", "/@acme%2fdemo")
WEAK = [
    # (seen before, target, hint, ecosystem, kind, package)
    (NPM, "/react", "", "npm", "index", "pkg:npm/react"),
    (NPM, "/react/latest", "", "npm", "index", "pkg:npm/react"),
    (NPM, "/npm", "", "npm", "index", "pkg:npm/npm"),
    (NPM, "/versions", "", "npm", "index", "pkg:npm/versions"),
    (NPM, "/wp-login.php", "", "", "unknown", ""),
    (NPM, "/a/b/c/d", "", "", "unknown", ""),
    ((), "/react", "", "", "unknown", ""),
    ((), "/react", "npm", "npm", "index", "pkg:npm/react"),
    ((), "/react", "no such", "", "unknown", ""),
    (("/info/demo",), "/versions", "", "rubygems", "listing", ""),
    ((*NPM, "/info/demo"), "/versions", "", "rubygems", "listing", ""),
    ((*NPM, "/info/demo"), "/react", "", "npm", "index", "pkg:npm/react"),
    ((*NPM, "/de/mo/demo"), "/config.json", "", "cargo", "config", ""),
    (("/p2/acme/demo.json",), "/packages.json", "", "composer", "config", ""),
    (("/vscode/item",), "/api/acme/hello", "", "openvsx", "index", "pkg:vscode-extension/acme/hello"),
    (("/npm/@acme%2fdemo",), "/npm/11.0.0", "", "npm", "index", "pkg:npm/11.0.0"),
    (NPM, "/npm/11.0.0", "", "npm", "index", "pkg:npm/npm"),
    ((), "/artifactory/api/npm/all/react", "", "npm", "index", "pkg:npm/react"),
    ((), "/repository/npm-proxy/react", "", "npm", "index", "pkg:npm/react"),
    ((), "/repository/all/react", "", "", "unknown", ""),
    (("/repository/all/a/-/a-1.0.0.tgz",), "/repository/all/react", "", "npm", "index", "pkg:npm/react"),
    (("/repository/all/a/-/a-1.0.0.tgz",), "/repository/other/react", "", "", "unknown", ""),
    (("/simple/a/",), "/files/demo-1.0.tar.gz", "", "pypi", "artifact", "pkg:pypi/demo"),
]


@pytest.mark.parametrize(("seen", "target", "hint", "ecosystem", "kind", "package"), WEAK, ids=lambda v: str(v)[:60])
def test_a_shape_of_many(
    seen: tuple[str, ...], target: str, hint: str, ecosystem: str, kind: str, package: str
) -> None:
    recogniser = Recogniser()
    for before in seen:
        recogniser.told("GET", "a.example", before)
    assert recogniser.told("GET", "a.example", target) is LATER
    good = recogniser.settle("GET", "a.example", target, hint)
    assert (good.ecosystem, good.kind, good.package) == (ecosystem, kind, package)


def test_evidence_is_about_its_own_host() -> None:
    first, second = "npm.registry.example", "www.registry.example"
    asked = [("GET", first, NPM[0], ""), ("GET", second, "/react", ""), ("GET", first, "/react", "")]
    assert [good.ecosystem for good in Recogniser().names(asked)] == ["npm", "", "npm"]


def test_a_stray_is_no_evidence() -> None:
    recogniser = Recogniser()
    recogniser.told("GET", "", NPM[0])
    assert recogniser.settle("GET", "", "/react").ecosystem == "npm"
    for number in range(200):
        recogniser.told("GET", "", f"/simple/demo-{number}/")
    assert recogniser.settle("GET", "", "/react") == NOTHING


def test_shards_in_any_order_say_the_same() -> None:
    asked = [("GET", "", target, "") for target in (*NPM, "/react", "/versions", "/info/demo", "/de/mo/demo", "/login")]
    whole = dict(zip(asked, Recogniser().names(asked), strict=True))
    for seed in range(5):
        mixed = random.Random(seed).sample(asked, len(asked))
        shards = [Recogniser(), Recogniser()]
        found = {row: shards[i % 2].told(*row[:3]) for i, row in enumerate(mixed)}
        shards[0].learn(shards[1].evidence)
        assert {row: shards[0].settle(*row) if good is LATER else good for row, good in found.items()} == whole


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "GET", "HEAD", "POST", "", "PUT"]),
        st.sampled_from(["", "a.example", "b.example"]),
        st.sampled_from([row[0] for row in SURE] + [row[1] for row in WEAK])
        | st.text("/%.@+-_~?#\\\0\n2fFaeE!", max_size=12),
        st.sampled_from(["", "npm", "pypi", "nothing"]),
    ),
    max_size=20,
)


@pytest.mark.parametrize("registry", ["", "npm", {"a.example": "npm", "b.example": "pypi"}], ids=str)
@given(requests=REQUESTS)
def test_many_at_a_time_or_one_by_one(registry: str | dict[str, str], requests: list[tuple[str, ...]]) -> None:
    many, single = Recogniser(registry), Recogniser(registry)
    columns: list[list[str]] = [list(column) for column in zip(*requests, strict=True)] or [[], [], [], []]
    goods, later = many.tell(*columns[:3])
    found = dict(goods) | dict.fromkeys(later, LATER)
    assert len(goods.places) + len(later) == len(found) == len(requests)
    assert [found[place] for place in range(len(requests))] == [single.told(*row[:3]) for row in requests]
    assert many.evidence == single.evidence
    settled = dict(many.settle_all(*columns))
    assert [settled[place] for place in range(len(requests))] == [single.settle(*row) for row in requests]
    assert Recogniser(registry).names(requests) == [  # type: ignore[arg-type]
        settled[place] if found[place] is LATER else found[place] for place in range(len(requests))
    ]


# ---------------------------------------------------------------- what the operator says


def test_one_registry_for_the_whole_log() -> None:
    npm, cargo = Recogniser("npm"), Recogniser("cargo")
    asked = [("GET", "", target, "") for target in ("/react", "/info/demo", "/config.json", "/versions", "/de/mo/demo")]
    assert [good.ecosystem for good in npm.names(asked)] == ["npm", "npm", "npm", "npm", ""]
    assert [good.ecosystem for good in cargo.names(asked)] == ["", "", "cargo", "", "cargo"]


def test_what_is_like_below_our_mount_needs_no_table() -> None:
    maven = Recogniser("maven")
    assert maven.names([("GET", "", "/org/example/lib/1.0/lib-1.0.klib", "")])[0].package == "pkg:maven/org.example/lib"


def test_a_registry_for_each_host() -> None:
    recogniser = Recogniser({"Files.Registry.Example": "pypi"})
    goods = recogniser.names(
        [
            ("GET", "files.registry.example", "/demo-1.0.tar.gz", ""),
            ("GET", "files.registry.example", "/@acme%2fdemo", ""),
            ("GET", "other.example", "/@acme%2fdemo", ""),
        ]
    )
    assert [good.ecosystem for good in goods] == ["pypi", "", "npm"]


@pytest.mark.parametrize("registry", ["pypy", {"a.example": "pypy"}])
def test_no_such_ecosystem(registry: Any) -> None:
    with pytest.raises(ConfigError, match="did you mean 'pypi'"):
        Recogniser(registry)


# ---------------------------------------------------------------- methods, spellings, whatever comes


@pytest.mark.parametrize(
    ("method", "target", "kind"),
    [
        ("", "/simple/demo/", "index"),
        ("HEAD", "/simple/demo/", "index"),
        ("POST", "/simple/demo/", "unknown"),
        ("POST", "/-/npm/v1/security/advisories/bulk", "relay"),
        ("PUT", "/@acme%2fdemo", "unknown"),
        ("<script>", "/simple/demo/", "unknown"),
    ],
)
def test_methods(method: str, target: str, kind: str) -> None:
    assert Recogniser().names([(method, "", target, "")])[0].kind == kind


TARGETS = [row[0] for row in SURE] + [row[1] for row in WEAK]


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_is_logged_is_named_or_not(data: st.DataObject) -> None:
    target = data.draw(st.sampled_from(TARGETS))
    cut = data.draw(st.integers(0, len(target)))
    text = st.text(max_size=12) | st.text("/%.@+-_~?#\\\0\n2fF{}5eE", max_size=8) | st.just("../" * 2000)
    target = target[:cut] + data.draw(text) + target[cut + data.draw(st.integers(0, 9)) :]
    method = data.draw(st.sampled_from(["GET", "HEAD", "POST", ""]) | st.text(max_size=5))
    recogniser = Recogniser(data.draw(st.sampled_from(["", *BY_NAME])))
    for good in recogniser.names(
        [(method, data.draw(st.text(max_size=5)), target, data.draw(text)), ("GET", "", NPM[0], "")]
    ):
        assert good.ecosystem in (*BY_NAME, "")
        assert good.kind in {str(kind) for kind in Kind}
        assert good.package == "" or good.purl.startswith(good.package)
        assert "@" not in good.package


def _spellings(target: str) -> Iterator[str]:
    path, question, query = target.partition("?")
    yield f"https://registry.example:443{path}{question}{query}"
    yield f"{target}#fragment"
    yield path.replace("/", "//", 1) + question + query
    yield path.replace("%", "%25") + question + query
    last = path.rstrip("/").rpartition("/")[2]
    if last.isalpha():
        yield path.replace(last, "".join(f"%{ord(c):02X}" for c in last)) + question + query


SPELLED = [row for row in SURE if row[0].startswith("/") and "%20" not in row[0] and '"' not in row[0]]


@pytest.mark.parametrize("row", SPELLED, ids=lambda row: row[0][:60])
def test_spellings_of_one_thing_share_its_name(row: tuple[str, ...]) -> None:
    target = row[0]
    usual = Recogniser().told("GET", "", target)
    known = Recogniser()
    known.told("GET", "", target)
    for spelled in _spellings(target):
        if "%25" in target and "%2525" in spelled:
            continue
        good = known.told("GET", "", spelled)
        assert (known.settle("GET", "", spelled) if good is LATER else good) == usual, spelled


@given(name=st.from_regex(r"[a-z]{1,8}", fullmatch=True), scope=st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_scopes_however_encoded(name: str, scope: str) -> None:
    recogniser = Recogniser()
    for at in ("@", "%40", "%2540"):
        for slash in ("/", "%2f", "%2F", "%252f", "%252F"):
            assert recogniser.told("GET", "", f"/{at}{scope}{slash}{name}").key == f"@{scope}/{name}"


def test_a_long_target_is_cut_off() -> None:
    assert Recogniser().names([("GET", "", "/simple/" + "a" * 1_000_000, "")]) == [NOTHING]


# ---------------------------------------------------------------- against planted truth


def _called(good: Good) -> str:
    """A package's name as the generator writes it."""
    if not good.package:
        return ""
    purl = PackageURL.from_string(good.package)
    glue = {"maven": ":", "deb": ""}.get(purl.type, "/")
    return f"{purl.namespace}{glue}{purl.name}" if purl.namespace and glue else purl.name


@pytest.mark.parametrize("hosts", [True, False])
def test_a_mixed_log_is_split_as_it_was_made(tmp_path: Path, hosts: bool) -> None:
    generate(Order(seed=1, lines=20_000, out=tmp_path / "a.log", truth=tmp_path))
    rows = (
        duckdb.connect()
        .execute(
            "SELECT ecosystem, kind, lower(name), version, method, host, path FROM read_parquet(?)"
            " GROUP BY ALL ORDER BY ALL",
            [str(tmp_path / "requests.parquet")],
        )
        .fetchall()
    )
    goods = Recogniser().names([(method, host if hosts else "", path, "") for *_, method, host, path in rows])
    wrong = []
    for (ecosystem, kind, name, version, _, _, path), good in zip(rows, goods, strict=True):
        if kind == "other":
            assert not path.startswith("/project/") or good.ecosystem == ""
        elif ".orig.tar." in path:  # tells neither package nor version
            assert good.ecosystem == "debian"
        elif (good.ecosystem, good.kind, _called(good).lower(), good.version) != (ecosystem, kind, name, version):
            wrong.append((path, good))
    assert len(rows) > 5_000
    assert len(wrong) <= 0.005 * len(rows), wrong[:10]
