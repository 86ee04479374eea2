"""Manifests and lists: what they announce, what is shown of them, what is no such thing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Facts, Page, Site, View
from subak.ecosystems.oci import OCI
from subak.ecosystems.oci.documents import INDEX, MANIFEST, next_page, pins, render
from subak.ecosystems.paths import match_route
from subak.errors import NotFound, Refused, UpstreamLied
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
URL = "http://registry.example/v2/x"
SITE = Site("http://registry.example/")


def asked(path: str, **query: str) -> Subject:
    """What a path below the mount means."""
    found = match_route(OCI.routes, path)
    assert found, path
    route, groups = found
    subject = OCI.subject(route, {**dict.fromkeys(route.query, ""), **groups, **query})
    assert isinstance(subject, Subject)
    return subject


def sha256(body: bytes | str) -> str:
    raw = body if isinstance(body, bytes) else body.encode()
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def descriptor(what: str, media: str = "application/octet-stream", **more: object) -> dict[str, Any]:
    return {"mediaType": media, "digest": sha256(what), "size": len(what), **more}


IMAGE: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": MANIFEST,
    "config": descriptor("config"),
    "layers": [descriptor("layer one"), descriptor("layer two")],
}
IMAGES: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": INDEX,
    "manifests": [descriptor("amd64", MANIFEST, platform={"os": "linux"}), descriptor("arm64", DOCKER)],
}
TAG, DIGESTED = asked("/library/hello/manifests/1"), asked(f"/library/hello/manifests/{sha256('x')}")
TAGS = asked("/library/hello/tags/list")
REFERRERS = asked(f"/library/hello/referrers/{sha256('x')}")


def page(tree: object, content_type: str = MANIFEST) -> Page:
    return Page(tree if isinstance(tree, bytes) else json.dumps(tree, indent=3).encode(), content_type, URL)


# ---------------------------------------------------------------- what they announce


def test_a_tag_announces_its_manifest_under_its_digest_and_all_it_lists() -> None:
    found = list(pins(TAG, page(IMAGE)))
    body = bytes(page(IMAGE).body)
    own = sha256(body)
    assert found[0] == Pin(
        f"library/hello/manifests/{own}", "", Digest("sha256", own[7:]), len(body), "library/hello", own,
        content_type=MANIFEST,
    )  # fmt: skip
    assert [(p.path, p.size) for p in found[1:]] == [
        (f"library/hello/blobs/{sha256(what)}", len(what)) for what in ("config", "layer one", "layer two")
    ]
    assert {p.content_type for p in found[1:]} == {""}


def test_a_list_announces_its_images_with_their_types() -> None:
    found = list(pins(TAG, page(IMAGES, INDEX)))
    assert [(p.path, p.content_type) for p in found[1:]] == [
        (f"library/hello/manifests/{sha256('amd64')}", MANIFEST),
        (f"library/hello/manifests/{sha256('arm64')}", DOCKER),
    ]


def test_a_manifest_by_digest_announces_what_it_lists_but_not_itself() -> None:
    assert [p.path for p in pins(DIGESTED, page(IMAGE))] == [p.path for p in pins(TAG, page(IMAGE))][1:]


def test_every_announced_path_means_what_its_pin_says() -> None:
    for tree in (IMAGE, IMAGES):
        for pin in pins(TAG, page(tree)):
            subject = asked("/" + pin.path)
            assert (subject.kind, subject.key) == (Kind.ARTIFACT, pin.path)
            assert (subject.name, subject.version) == (pin.name, pin.version)
            assert OCI.named(subject) == pin.digest
            assert OCI.source(subject, SITE).endswith(f"/v2/{pin.path}")


@pytest.mark.parametrize(
    ("sent", "said", "kept"),
    [
        (MANIFEST, DOCKER, MANIFEST),  # never guessed when it was sent
        (f"{DOCKER}; charset=utf-8", MANIFEST, DOCKER),
        ("application/json", DOCKER, "application/json"),
        ("application/octet-stream", DOCKER, DOCKER),
        ("text/plain", DOCKER, DOCKER),
        ("", "", MANIFEST),
        ("text/html", "text/html", MANIFEST),
        ("", "application/x\r\nset-cookie: a", MANIFEST),
    ],
)
def test_the_media_type_of_what_a_tag_points_to(sent: str, said: str, kept: str) -> None:
    tree = {**IMAGE, "mediaType": said}
    assert next(pins(TAG, page(tree, sent))).content_type == kept


def test_a_list_that_says_no_type_is_a_list() -> None:
    assert next(pins(TAG, page({"schemaVersion": 2, "manifests": []}, ""))).content_type == INDEX


def test_layers_that_lie_elsewhere_are_not_announced() -> None:
    foreign = descriptor("windows", urls=["https://files.example/layer"])
    found = list(pins(TAG, page({**IMAGE, "layers": [foreign, descriptor("own")]})))
    assert [p.path.rpartition("/")[2] for p in found[1:]] == [sha256("config"), sha256("own")]


def test_digests_that_we_cannot_verify_are_not_announced() -> None:
    odd = {"digest": "blake3:00", "size": 1}
    assert len(list(pins(TAG, page({**IMAGE, "layers": [odd]})))) == 2


@pytest.mark.parametrize("layers", [[], None])
def test_an_image_may_have_no_layers(layers: object) -> None:
    assert len(list(pins(TAG, page({**IMAGE, "layers": layers})))) == 2


HOSTILE: dict[str, object] = {
    "empty": b"",
    "an error page": b"<!DOCTYPE html><html><body>sign in</body></html>",
    "cut off": json.dumps(IMAGE).encode()[:-20],
    "not UTF-8": b'{"schemaVersion":2,"mediaType":"\xff\xfe"}',
    "a list": [],
    "a number": 7,
    "null": None,
    "an error with 200": {"errors": [{"code": "UNKNOWN"}]},
    "nothing in it": {"schemaVersion": 2},
    "schema 1": {**IMAGE, "schemaVersion": 1},
    "a future schema": {**IMAGE, "schemaVersion": 3},
    "both an image and a list": {**IMAGE, **IMAGES},
    "an image with an empty list": {**IMAGE, "manifests": None},
    "layers without a configuration": {"schemaVersion": 2, "layers": []},
    "a layer without digest": {**IMAGE, "layers": [{"size": 1}]},
    "a digest that is none": {**IMAGE, "layers": [{"digest": "../../etc", "size": 1}]},
    "a negative size": {**IMAGE, "config": descriptor("x", size=-1)},
    "a size beyond all files": {**IMAGE, "config": descriptor("x", size=2**63)},
    "a size as text": {**IMAGE, "config": descriptor("x", size="1")},
    "deep": b'{"schemaVersion":2,"x":' + b"[" * 100_000,
}


@pytest.mark.parametrize("subject", [TAG, REFERRERS], ids=["tag", "referrers"])
@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_manifest_is_not_kept(subject: Subject, tree: object) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(subject, page(tree)))


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE)
def test_a_file_is_what_its_digest_says_whatever_it_holds(tree: object) -> None:
    assert list(pins(DIGESTED, page(tree))) == []


@pytest.mark.parametrize(
    "tree",
    [
        b"<html></html>", b"", [], {"name": "x", "tags": [1]}, {"name": "x", "tags": "1"}, {"tags": ["1"]},
        b'{"name": "x", "tags": ["1"], "\x80": 1}',
    ],
)  # fmt: skip
def test_what_is_no_list_of_tags_is_not_kept(tree: object) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(TAGS, page(tree, "application/json")))


@pytest.mark.parametrize("tree", [IMAGE, b'{"schemaVersion": 2, "manifests": [], "\x80": 1}'])
def test_what_is_no_list_of_referrers_is_not_kept(tree: object) -> None:
    """Nothing could be taken out of it the day that policy says so."""
    with pytest.raises(UpstreamLied):
        list(pins(REFERRERS, page(tree, INDEX)))


def test_no_referrers_as_go_writes_them() -> None:
    nothing = page({"schemaVersion": 2, "manifests": None}, INDEX)
    assert list(pins(REFERRERS, nothing)) == []
    shown = b"".join(render(REFERRERS, nothing, View("", "", hidden=frozenset({"2"}))))
    assert json.loads(shown) == {"schemaVersion": 2, "manifests": []}


@pytest.mark.parametrize("tags", [[], ["1", "2"], None])
def test_a_list_of_tags_announces_nothing(tags: object) -> None:
    assert list(pins(TAGS, page({"name": "library/hello", "tags": tags}, "application/json"))) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "digest", "size", "urls", "tags", "name"]
)
ROW = st.fixed_dictionaries({"digest": st.just(sha256("x")) | st.text(max_size=9), "size": st.integers() | JSON})
TREES = JSON | st.dictionaries(MEMBERS, JSON | ROW | st.lists(ROW, max_size=2) | st.just(2), max_size=6)


@given(TREES | st.binary(max_size=200), st.sampled_from([TAG, DIGESTED, TAGS, REFERRERS]), st.text(max_size=30))
def test_anything_is_read_or_called_a_lie(tree: object, subject: Subject, content_type: str) -> None:
    sent = page(tree, content_type)
    hidden = View("", "http://here", hidden=frozenset({"1", sha256("x")}))
    try:
        found = list(pins(subject, sent))
    except UpstreamLied:
        return
    for pin in found:
        assert pin.content_type.isascii()
        assert pin.content_type.isprintable()
        assert pin.path.startswith("library/hello/")
    if subject is not DIGESTED:
        try:
            shown = b"".join(render(subject, sent, hidden))
        except Refused:
            assert subject is TAG
        else:
            assert list(pins(subject, page(shown, content_type))) is not None


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize("tree", [IMAGE, IMAGES])
def test_a_manifest_leaves_as_it_came(tree: object) -> None:
    sent = page(tree)
    assert b"".join(render(TAG, sent, View("", "http://here"))) == sent.body
    assert b"".join(render(TAG, sent, View("", "http://here", hidden=frozenset({"2"})))) == sent.body


def test_a_withheld_tag_is_refused_by_name_and_by_what_it_points_to() -> None:
    sent = page(IMAGE)
    for hidden in ("1", sha256(bytes(sent.body))):
        with pytest.raises(Refused, match="library/hello:1"):
            list(render(TAG, sent, View("", "http://here", hidden=frozenset({hidden}))))


def test_withheld_tags_are_not_listed() -> None:
    sent = page({"name": "library/hello", "tags": ["1", "2", "3"], "child": []}, "application/json")
    shown = b"".join(render(TAGS, sent, View("", "http://here", hidden=frozenset({"2", "9"}))))
    assert json.loads(shown) == {"name": "library/hello", "tags": ["1", "3"], "child": []}
    assert b"".join(render(TAGS, page(shown), View("", "", hidden=frozenset({"2"})))) == shown
    nothing = page({"name": "library/hello", "tags": None})
    assert json.loads(b"".join(render(TAGS, nothing, View("", "", hidden=frozenset({"2"})))))["tags"] == []


def test_withheld_referrers_are_not_listed_and_the_others_stay_to_the_letter() -> None:
    rows = [
        descriptor("sbom", artifactType="application/spdx+json"),
        descriptor("signature", annotations={"a": "1.50"}),
    ]
    sent = page({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows}, INDEX)
    shown = b"".join(render(REFERRERS, sent, View("", "", hidden=frozenset({sha256("sbom")}))))
    assert json.loads(shown) == {"schemaVersion": 2, "mediaType": INDEX, "manifests": rows[1:]}
    assert [p.version for p in pins(REFERRERS, page(shown, INDEX))] == [sha256("signature")]


# ---------------------------------------------------------------- headers


def headers(subject: Subject, **facts: object) -> dict[str, str]:
    return dict(OCI.headers(subject, Facts(**facts)))  # type: ignore[arg-type]  # the fields of Facts


def test_every_answer_names_the_protocol() -> None:
    for path in ("/", "/a/manifests/1", f"/a/blobs/{sha256('x')}", "/a/tags/list", f"/a/referrers/{sha256('x')}"):
        assert headers(asked(path))["docker-distribution-api-version"] == "registry/2.0"


def test_the_digest_of_what_is_sent() -> None:
    assert headers(TAG, sha256="ab" * 32)["docker-content-digest"] == "sha256:" + "ab" * 32
    assert headers(DIGESTED, sha256="ab" * 32)["docker-content-digest"] == sha256("x")
    long = f"sha512:{'ab' * 64}"
    assert headers(asked(f"/a/manifests/{long}"), sha256="ab" * 32)["docker-content-digest"] == long
    assert headers(asked(f"/a/blobs/{sha256('x')}"))["docker-content-digest"] == sha256("x")
    assert "docker-content-digest" not in headers(TAGS, sha256="ab" * 32)
    assert "docker-content-digest" not in headers(REFERRERS, sha256="ab" * 32)


def test_filters_are_said_to_be_applied_when_upstream_said_so() -> None:
    assert headers(REFERRERS, kept={"oci-filters-applied": "artifactType"})["oci-filters-applied"] == "artifactType"
    assert "oci-filters-applied" not in headers(REFERRERS, kept={"oci-filters-applied": "artifactType, x"})


HERE = "http://gateway.example/sub/v2"


@pytest.mark.parametrize(
    ("link", "ours"),
    [
        ('</v2/library/hello/tags/list?n=2&last=b>; rel="next"', "?n=2&last=b"),
        ("<http://registry.example/v2/mirror/hello/tags/list?last=b&n=2>; rel=next", "?last=b&n=2"),
        ('</v2/x?n=1>; rel="prev", </v2/x?n=2&last=c>; rel="next"', "?n=2&last=c"),
        ('</v2/x?next_page=abc%3D>; title="more"; rel="next"', "?next_page=abc%3D"),
        ("", ""),
        ('</v2/x?n=2>; rel="prev"', ""),
        ('</v2/x>; rel="next"', ""),
        ('</v2/x?n=2&token=secret>; rel="next"', ""),
        ('<http://[>; rel="next"', ""),
        ('</v2/x?n=2>; rel="next', "?n=2"),
    ],
)
def test_the_next_page_is_ours(link: str, ours: str) -> None:
    wanted = f'<{HERE}/library/hello/tags/list{ours}>; rel="next"' if ours else ""
    assert next_page(TAGS, link, HERE, OCI.route("tags").query) == wanted
    assert headers(TAGS, kept={"link": link}, base=HERE).get("link", "") == wanted


@given(st.text(max_size=120))
def test_no_link_breaks_out_of_its_header(text: str) -> None:
    for link in (text, f"<{text}>; rel=next", f"</x?n={text}>; rel=next"):
        ours = next_page(TAGS, link, HERE, OCI.route("tags").query)
        assert ours.isascii()
        assert ours == "" or (ours.isprintable() and ours.count("<") == ours.count(">") == 1)


def test_a_link_can_be_followed() -> None:
    ours = next_page(TAGS, '</v2/x?n=2&last=b.1>; rel="next"', HERE, OCI.route("tags").query)
    assert "/library/hello/tags/list?n=2&last=b.1>" in ours
    assert asked("/library/hello/tags/list", n="2", last="b.1").key == "library/hello/tags/list?n=2&last=b.1"


def test_what_a_head_announces() -> None:
    assert OCI.announced(TAG, {"docker-content-digest": sha256("x")}) == Digest("sha256", sha256("x")[7:])
    assert not OCI.announced(TAG, {})
    assert not OCI.announced(TAG, {"docker-content-digest": "nonsense"})


def test_files_without_a_document_are_found_by_nobody_else() -> None:
    assert OCI.homes(DIGESTED, SITE) == ()
    with pytest.raises(NotFound):
        asked("/library/hello/blobs/latest")
