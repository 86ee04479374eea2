"""Maven's routes, addresses, checksums, and what documents look like here."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Facts, Page, Site, View, decode_path, match_route
from subak.ecosystems.maven import MAVEN
from subak.errors import BadRequest, NotFound, Refused, UpstreamLied
from subak.model.digest import Digest, digest
from subak.model.exchange import Kind, Subject

SITE = Site("https://registry.example/maven2/")
JAR = "org/example/lib/1.0/lib-1.0.jar"
LIST = "org/example/lib/maven-metadata.xml"
DOCUMENT = (
    b"<metadata><groupId>org.example</groupId><artifactId>lib</artifactId><versioning><latest>1.1</latest>"
    b"<release>1.1</release><versions><version>1.0</version><version>1.1</version></versions></versioning></metadata>"
)


def asked(raw: str) -> Subject:
    """What a raw path below the mount means. Raises BadRequest, NotFound."""
    found = match_route(MAVEN.routes, decode_path(MAVEN.spell(raw)))
    if found is None:
        raise NotFound(raw)
    subject = MAVEN.subject(*found)
    assert isinstance(subject, Subject)
    return subject


def page(body: bytes) -> Page:
    return Page(memoryview(body), "text/xml", "https://registry.example/")


def shown(path: str, body: bytes, *hidden: str) -> bytes:
    subject = asked("/" + path)
    form = MAVEN.route(subject.route).forms[0].name
    view = View(form, "https://gw.example/maven", subject.part, frozenset(hidden))
    return b"".join(MAVEN.render(subject, page(body), view))


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("raw", "folded"), [("//a//b", "/a/b"), ("/a/b", "/a/b"), ("///", "/"), ("/a%2f%2fb", "/a%2f%2fb")]
)
def test_spell(raw: str, folded: str) -> None:
    assert MAVEN.spell(raw) == folded


PATHS = st.lists(
    st.sampled_from(
        ["org", "example", "lib", "1.0", "1.0-SNAPSHOT", "lib-1.0.jar", "lib-1.0-SNAPSHOT.pom", "maven-metadata.xml",
         "lib-1.0.jar.sha1", "maven-metadata.xml.md5", ".checksums", ".meta", "..", "", "lib-1.0-20260102.030405-7.jar"]
    ) | st.text(max_size=8),
    max_size=7,
).map("/".join)  # fmt: skip


@given(PATHS)
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        subject = asked("/" + text)
    except (BadRequest, NotFound):
        return
    assert subject.kind is MAVEN.route(subject.route).kind
    assert not {"..", "."} & set(subject.key.split("/"))
    again = asked("/" + subject.key)
    assert again.key == subject.key
    assert (again.name, again.version, again.purl) == (subject.name, subject.version, subject.purl)
    for place in MAVEN.homes(subject, SITE):
        assert decode_path("/" + place.key) == "/" + place.key


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for name in {route.name for route in MAVEN.routes}:
        assert len({replace(route, pattern="") for route in MAVEN.routes if route.name == name}) == 1


def test_what_is_kept_for_ever_and_what_for_minutes() -> None:
    assert {r.fresh_for for r in MAVEN.routes if r.name.startswith("snapshot")} == {60.0}
    assert {r.fresh_for for r in MAVEN.routes if r.name.startswith("metadata")} == {300.0}
    for route in MAVEN.routes:
        if route.kind is Kind.ARTIFACT:
            assert route.open
            assert route.dated
        if route.forms:
            assert route.plain, "clients hash these very bytes"


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (JAR, JAR),
        (LIST, LIST),
        (LIST + ".sha1", LIST),
        ("g/a/1+b~c/a-1+b~c.jar", "g/a/1+b~c/a-1+b~c.jar"),
        ("g/a/1%c3%a9/a-1%C3%A9.jar", "g/a/1%C3%A9/a-1%C3%A9.jar"),
    ],
)
def test_source(path: str, url: str) -> None:
    assert MAVEN.source(asked("/" + path), SITE) == SITE.base + url


# ---------------------------------------------------------------- purls


@pytest.mark.parametrize(
    ("purl", "path"),
    [
        ("pkg:maven/org.example/lib", LIST),
        ("pkg:maven/org.example/lib@1.0?type=pom", LIST),
        ("pkg:maven/junit/junit", "junit/junit/maven-metadata.xml"),
        ("pkg:maven/org.example/lib.dotted", "org/example/lib.dotted/maven-metadata.xml"),
    ],
)
def test_path_of(purl: str, path: str) -> None:
    assert MAVEN.path_of(PackageURL.from_string(purl)) == path


@pytest.mark.parametrize(
    "purl",
    ["pkg:npm/org.example/lib", "pkg:maven/lib", "pkg:maven/org/example/lib", "pkg:maven/org..example/lib",
     "pkg:maven/.org/lib", "pkg:maven/org/.lib", "pkg:maven/org.example/..", "pkg:maven/a%20b/lib"],
)  # fmt: skip
def test_purls_of_nothing(purl: str) -> None:
    with pytest.raises(NotFound):
        MAVEN.path_of(PackageURL.from_string(purl))


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,6}", fullmatch=True), min_size=1, max_size=3),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True),
)
def test_purls_lead_back_to_their_document(group: list[str], artifact: str) -> None:
    path = f"{'/'.join(group)}/{artifact}/maven-metadata.xml"
    subject = asked("/" + path)
    if subject.version:  # the folder of a snapshot
        return
    assert MAVEN.path_of(PackageURL.from_string(subject.purl)) == path


# ---------------------------------------------------------------- what files must be


def test_homes_are_the_checksum_files_beside_a_file() -> None:
    homes = MAVEN.homes(asked("/" + JAR), SITE)
    assert [MAVEN.source(home, SITE) for home in homes] == [
        f"{SITE.base}{JAR}.{algorithm}" for algorithm in ("sha1", "sha256", "sha512", "md5")
    ]
    assert MAVEN.homes(asked("/" + LIST), SITE) == ()
    for home in homes:
        assert MAVEN.route(home.route).kind is home.kind is Kind.CONFIG
        with pytest.raises(NotFound):
            asked("/" + home.key)


@pytest.mark.parametrize(
    "path", [JAR, JAR + ".asc", "g/a/1-SNAPSHOT/a-1-20260102.030405-7.pom", "g/a/1+x/a-1+x.tar.gz"]
)
def test_a_checksum_file_pins_its_file(path: str) -> None:
    subject = asked("/" + path)
    for home in MAVEN.homes(subject, SITE):
        algorithm = home.key.rpartition(".")[2]
        hexadecimal = hashlib.new(algorithm, b"bytes").hexdigest()
        (pin,) = MAVEN.pins(home, page(f"{hexadecimal}  {path}\n".encode()))
        assert (pin.path, pin.url, pin.digest) == (subject.key, "", digest(algorithm, hexadecimal))
        assert (pin.name, pin.version) == (subject.name, subject.version)
        with pytest.raises(UpstreamLied):
            MAVEN.pins(home, page(b"<html>an error page sent with 200</html>"))


def test_headers_announce() -> None:
    sha1 = hashlib.sha1(b"bytes").hexdigest()
    assert MAVEN.announced(asked("/" + JAR), {"x-checksum-sha1": sha1}) == Digest("sha1", sha1)
    assert not MAVEN.announced(asked("/" + JAR), {"etag": '"abc"'})


FACTS = Facts(
    Digest("sha1", hashlib.sha1(b"bytes").hexdigest()),
    5,
    hashlib.sha256(b"bytes").hexdigest(),
    {name: hashlib.new(name, b"bytes").hexdigest() for name in MAVEN.also},
)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_checksums_are_of_the_bytes_we_serve(algorithm: str) -> None:
    subject = asked(f"/{JAR}.{algorithm}")
    assert MAVEN.companion(subject) == asked("/" + JAR)
    assert MAVEN.derive(subject, FACTS) == hashlib.new(algorithm, b"bytes").hexdigest().encode()
    assert dict(MAVEN.headers(asked("/" + JAR), FACTS))[f"x-checksum-{algorithm}"] == FACTS.further.get(
        algorithm, FACTS.sha256
    )


def test_what_is_not_known_is_not_told() -> None:
    with pytest.raises(NotFound):
        MAVEN.derive(asked(f"/{JAR}.md5"), Facts(sha256=FACTS.sha256))
    assert MAVEN.headers(asked("/" + JAR), Facts(sha256=FACTS.sha256)) == (("x-checksum-sha256", FACTS.sha256),)
    assert MAVEN.headers(asked("/" + LIST), FACTS) == (), "these facts are of upstream's bytes, not of the rendering"
    assert MAVEN.companion(asked("/" + JAR)) is None
    assert MAVEN.companion(asked(f"/{LIST}.sha1")) is None


# ---------------------------------------------------------------- documents


def test_metadata_leaves_as_it_came() -> None:
    assert shown(LIST, DOCUMENT) == DOCUMENT


@pytest.mark.parametrize("hidden", [(), ("1.1",), ("1.0", "7")])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_the_checksum_of_metadata_is_that_of_what_is_shown(algorithm: str, hidden: tuple[str, ...]) -> None:
    seen = shown(LIST, DOCUMENT, *hidden)
    assert shown(f"{LIST}.{algorithm}", DOCUMENT, *hidden) == hashlib.new(algorithm, seen).hexdigest().encode()


def test_hidden_versions_leave_valid_metadata() -> None:
    seen = shown(LIST, DOCUMENT, "1.1")
    tree = ElementTree.fromstring(seen)
    assert [v.text for v in tree.iter("version")] == ["1.0"]
    assert tree.findtext("versioning/latest") == tree.findtext("versioning/release") == "1.0"
    assert shown(LIST, seen, "1.1") == seen


@pytest.mark.parametrize(
    ("path", "body", "hidden"),
    [
        (LIST, DOCUMENT, ("1.0", "1.1")),
        (LIST + ".sha1", DOCUMENT, ("1.0", "1.1")),
        ("org/example/lib/1-SNAPSHOT/maven-metadata.xml", b"<metadata/>", ("1-SNAPSHOT",)),
        ("org/example/lib/1-SNAPSHOT/lib-1-SNAPSHOT.jar", b"zip", ("1-SNAPSHOT",)),
        ("org/example/lib/1-SNAPSHOT/lib-1-SNAPSHOT.jar.md5", b"zip", ("1-SNAPSHOT",)),
    ],
)
def test_what_is_wholly_withheld_is_refused(path: str, body: bytes, hidden: tuple[str, ...]) -> None:
    with pytest.raises(Refused):
        shown(path, body, *hidden)


def test_plugin_groups_and_snapshots_pass_through() -> None:
    plugins = b"<metadata><plugins><plugin><prefix>x</prefix></plugin></plugins></metadata>"
    assert shown("org/example/maven-metadata.xml", plugins, "1.0") == plugins
    snapshot = b"<metadata><version>1-SNAPSHOT</version><versioning><snapshot/></versioning></metadata>"
    assert shown("g/a/1-SNAPSHOT/maven-metadata.xml", snapshot) == snapshot


def test_a_snapshot_without_timestamp_is_a_document() -> None:
    body = b"PK" + bytes(200_000)
    path = "g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar"
    assert list(MAVEN.pins(asked("/" + path), page(body))) == []
    assert shown(path, body) == body
    assert shown(path + ".sha512", body) == hashlib.sha512(body).hexdigest().encode()


@pytest.mark.parametrize("path", [LIST, LIST + ".sha1", "g/a/1-SNAPSHOT/maven-metadata.xml"])
def test_an_error_page_is_no_metadata(path: str) -> None:
    with pytest.raises(UpstreamLied):
        MAVEN.pins(asked("/" + path), page(b"<html><body>Service temporarily unavailable</body></html>"))
    assert list(MAVEN.pins(asked("/" + path), page(DOCUMENT))) == []


def test_upstreams_checksum_passes_as_it_is() -> None:
    home = MAVEN.homes(asked("/" + JAR), SITE)[0]
    assert b"".join(MAVEN.render(home, page(b"abc"), View("", "https://gw.example/maven"))) == b"abc"


# ---------------------------------------------------------------- agents


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        ("Apache-Maven/3.8.7 (Java 17.0.15; Linux 6.18.44)", "maven", "3.8.7"),
        ("Gradle/4.4.1 (Linux;6.18.44;amd64) (Debian;17.0.15;17.0.15+6)", "gradle", "4.4.1"),
        ("Coursier/2.1 (+https://coursier.example)", "coursier", "2.1"),
        ("Apache Ivy/2.5.2", "ivy", "2.5.2"),
        ("Aether", "resolver", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    found = next(p for p in MAVEN.agents if re.match(p.pattern, agent))
    matched = re.match(found.pattern, agent)
    assert matched
    assert (found.family, matched.groupdict().get("version", "")) == (family, version)
