"""The OCI literal: paths, addresses, errors, clients."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Site
from subak.ecosystems.oci import OCI, error_body
from subak.ecosystems.paths import decode_path, match_route
from subak.errors import STATUS, BadRequest, NotFound
from subak.model.digest import Digest
from subak.model.exchange import Kind, Subject

HEX = "0123456789abcdef" * 4
SHA256 = f"sha256:{HEX}"


def asked(raw: str, **query: str) -> Subject:
    """What a raw path below the mount means. Raises BadRequest, NotFound."""
    found = match_route(OCI.routes, decode_path(raw))
    if found is None:
        raise NotFound("no route")
    route, groups = found
    subject = OCI.subject(route, {**dict.fromkeys(route.query, ""), **groups, **query})
    assert isinstance(subject, Subject)
    return subject


def test_clients_insist_on_v2() -> None:
    assert OCI.mount == "/v2"
    assert asked("/").kind is Kind.MADE
    assert json.loads(OCI.make(asked("/"), "http://here/v2")) == {}


PIECES = st.sampled_from(
    ["a", "manifests", "blobs", "tags", "list", "referrers", "latest", SHA256, "A", "-", "_x", "sha256:", "é"]
)


@given(st.lists(PIECES | st.text(max_size=10), max_size=7), st.dictionaries(st.sampled_from(
    ["n", "last", "next_page", "artifactType"]), st.text(max_size=20), max_size=4))  # fmt: skip
def test_a_path_means_one_thing_or_nothing(pieces: list[str], query: dict[str, str]) -> None:
    try:
        subject = asked("/" + "/".join(pieces), **query)
    except (BadRequest, NotFound):
        return
    path, _, _ = subject.key.partition("?")
    assert subject.route == "ping" or asked(f"/{path}", **query) == subject
    assert ".." not in path.split("/")
    assert OCI.source(subject, Site("http://registry.example/")).startswith("http://registry.example/v2/")
    assert bool(OCI.named(subject)) == (subject.kind is Kind.ARTIFACT)


def test_one_path_is_a_tag_or_a_digest() -> None:
    tag, digest = asked("/library/hello/manifests/1"), asked(f"/library/hello/manifests/{SHA256}")
    assert (tag.kind, tag.route, digest.kind, digest.route) == (Kind.INDEX, "tag", Kind.ARTIFACT, "manifest")
    assert OCI.named(digest) == Digest("sha256", HEX)
    assert OCI.named(asked(f"/a/blobs/sha512:{HEX}{HEX}")) == Digest("sha512", HEX + HEX)


def test_manifests_are_asked_for_in_every_form_that_there_is() -> None:
    """The reference registry answers 404 to whoever does not name the type it holds, '*/*' included."""
    for name in ("tag", "manifest"):
        accept = OCI.route(name).accept
        for kind in ("oci.image.manifest.v1", "oci.image.index.v1"):
            assert f"application/vnd.{kind}+json" in accept
        for kind in ("manifest.v2", "manifest.list.v2"):
            assert f"application/vnd.docker.distribution.{kind}+json" in accept
        assert "prettyjws" not in accept
        assert OCI.route(name).forms == ()


def test_bytes_leave_as_they_came() -> None:
    tag, manifest, blob = (OCI.route(name) for name in ("tag", "manifest", "blob"))
    assert tag.plain
    assert tag.heads
    assert (manifest.content_type, blob.content_type) == ("", "application/octet-stream")
    assert manifest.open
    assert manifest.announces
    assert blob.open
    assert blob.roams
    assert not blob.announces


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://registry.example/", "http://registry.example/v2/library/hello/manifests/1"),
        ("http://registry.example:5000/v2/", "http://registry.example:5000/v2/library/hello/manifests/1"),
        ("https://registry.example/v2/mirror/", "https://registry.example/v2/mirror/library/hello/manifests/1"),
        ("https://registry.example/images/", "https://registry.example/images/v2/library/hello/manifests/1"),
    ],
)
def test_source(base: str, url: str) -> None:
    assert OCI.source(asked("/library/hello/manifests/1"), Site(base)) == url


def test_source_of_digests_and_lists() -> None:
    site = Site("http://registry.example/")
    assert OCI.source(asked(f"/a/blobs/{SHA256}"), site) == f"http://registry.example/v2/a/blobs/{SHA256}"
    listed = asked("/a/tags/list", last="1.0", n="2")
    assert OCI.source(listed, site) == "http://registry.example/v2/a/tags/list?n=2&last=1.0"
    kept = asked(f"/a/referrers/{SHA256}", artifactType="application/x+y")
    assert OCI.source(kept, site).endswith(f"/v2/a/referrers/{SHA256}?artifactType=application%2Fx%2By")


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", "-1"), ("n", "1" * 7), ("n", "٣"), ("last", "a b"), ("last", "x" * 129), ("next_page", "<x>"), ("n", "1\n")],
)
def test_queries_that_mean_nothing(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        asked("/a/tags/list", **{name: value})


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("error", STATUS, ids=lambda error: error.__name__)
def test_every_failure_has_a_code(error: type) -> None:
    (row,) = error_body(f"{error.title}: why")["errors"]  # type: ignore[attr-defined,misc]
    assert re.fullmatch(r"[A-Z_]+", row["code"])  # type: ignore[index]
    assert row["message"].endswith(": why")  # type: ignore[index]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Not found: the upstream of oci has no library/hello/manifests/1", "MANIFEST_UNKNOWN"),
        (f"Not found: the upstream of oci has no library/hello/blobs/{SHA256}", "BLOB_UNKNOWN"),
        ("Refused by policy: library/hello:1 is withheld", "DENIED"),
        ("Allowance used: wait", "TOOMANYREQUESTS"),
        ("A valid key is needed here: none came", "UNAUTHORIZED"),
        ("Method not offered: PUT", "UNSUPPORTED"),
        ("The upstream does not answer: timed out", "UNAVAILABLE"),
        ("Bytes do not match their pin: x", "UNKNOWN"),
        ("something else", "UNKNOWN"),
    ],
)
def test_codes(message: str, code: str) -> None:
    assert error_body(message) == {"errors": [{"code": code, "message": message}]}


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        ("skopeo/1.9.3", "skopeo", "1.9.3"),
        ("containerd/v2.1.0", "containerd", "2.1.0"),
        ("containerd/1.6.20~ds1+unknown", "containerd", "1.6.20~ds1"),
        (
            "docker/27.1 go/go1.22 git-commit/x kernel/6.1 os/linux arch/amd64 UpstreamClient(Docker-Client/27.1)",
            "docker",
            "27.1",
        ),
        ("libpod/4.3.1", "podman", "4.3.1"),
        ("Buildah/1.28.2", "buildah", "1.28.2"),
        ("cri-o/1.30.0 go/go1.22 os/linux arch/amd64", "cri-o", "1.30.0"),
        ("Helm/3.15.1", "helm", "3.15.1"),
        ("oras/1.2.0+Homebrew", "oras", "1.2.0"),
        ("crane/v0.20.2 go-containerregistry/v0.20.2", "crane", "0.20.2"),
        ("go-containerregistry/v0.19.1", "go-containerregistry", "0.19.1"),
        ("kaniko/v1.23.0", "kaniko", "1.23.0"),
        ("containers/5.36.2 (example.com/containers/image)", "containers-image", "5.36.2"),
        ("Mozilla/5.0 docker/1", "", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    for pattern in OCI.agents:
        found = re.match(pattern.pattern, agent)
        if found:
            assert (pattern.family, found["version"]) == (family, version)
            return
    assert family == ""


def test_registries_conf_names_us_as_the_mirror() -> None:
    for client in OCI.clients:
        if not client.files:
            continue
        ((name, text),) = client.files
        assert name == "registries.conf"
        for token, value in (("plain", "true"), ("upstream_netloc", "registry.example"), ("netloc", "127.0.0.1:8765")):
            text = text.replace(f"{{{token}}}", value)
        tree = tomllib.loads(text)
        ours, theirs = tree["registry"]
        assert ours == {"location": "127.0.0.1:8765", "insecure": True}
        assert theirs["location"] == "registry.example"
        assert theirs["mirror"] == [{"location": "127.0.0.1:8765", "insecure": True}]


def test_clients_that_know_no_mirror_say_so_in_their_line() -> None:
    for client in OCI.clients:
        assert re.search(r"\{base\}|\{netloc\}", client.line), client.name
        assert client.version[0] == client.name


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("https://mirror.example", "https://mirror.example"),
        ("http://mirror.example:5000/", "http://mirror.example:5000/"),
        ("mirror.example", "https://mirror.example/"),
        ("mirror.example:5000/proxy/a", "https://mirror.example:5000/v2/proxy/a"),
        ("", ""),
    ],
)
def test_a_mirror_in_the_words_of_docker_and_of_podman(setting: str, url: str) -> None:
    assert OCI.hints.clean(setting) == url
