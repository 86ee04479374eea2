"""What is told in one go, held against the long way: `own`, `routes` and `subject` of the same ecosystem."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.packages.good import LATER
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.packages.usual import LONGEST, Answer, Forms
from subak.ecosystems import BY_NAME
from subak.ecosystems.base import Usual

USUAL = [(name, usual) for name, ecosystem in BY_NAME.items() for usual in ecosystem.usual]
HASH = "/packages/0a/b1/" + "0c" * 30

TEMPLATES = [
    # {a}, {b}: names, {v}: a version, {w}: a word; every form of every ecosystem fits one of these
    HASH + "/{a}-{v}-py3-none-any.whl",
    HASH + "/{a}-{v}-{w}-py3-none-any.whl.metadata",
    "/packages/source/d/demo/{a}-{b}-{v}.tar.gz",
    HASH + "/{a}-{v}.tar.gz",
    "/simple/{a}/",
    "/simple/{a}",
    "/{a}/-/{a}-{v}.tgz",
    "/@{b}/{a}/-/{a}-{v}.tgz",
    "/{a}/-/{b}-{v}.tgz",
    "/@{b}%2f{a}",
    "/@{b}/{a}",
    "/{a}",
    "/{a}/",
    "/maven2/org/{w}/{a}/{v}/{a}-{v}.jar",
    "/m2/{b}/{a}/{v}/{a}-{v}.pom.sha1",
    "/maven2/{b}/{a}/{v}/{a}-{v}.{w}",
    "/maven-central/{w}/{b}/{a}/maven-metadata.xml",
    "/maven2/{b}/{a}/{v}/maven-metadata.xml.md5",
    "/code.example/{b}/{a}/@v/{v}.zip",
    "/code.example/{b}/v2/@v/v{v}.info",
    "/gopkg.in/{w}.v2/@v/v2.{v}.info",
    "/code.example/{w}/@v/v1.{v}.mod",
    "/code.example/!{w}/{b}.!{a}/@v/v1.0.0.zip",
    "/code.example/!{w}/v2/@v/v2.0.0.info",
    "/{a}/{b}/@v/list",
    "/debian/pool/main/{w}/{a}/{b}_{v}_{w}.deb",
    "/debian/pool/main/d/{b}/{a}_{v}.dsc",
    "/debian/pool/main/libd/{b}/{a}_{v}.debian.tar.xz",
    "/debian/pool/main/d/{b}/{a}_{v}.orig.tar.gz",
    "/crates/{a}/{a}-{v}.crate",
    "/crates/{a}/{v}/download",
    "/de/mo/de{w}",
    "/de/mo/demo{a}",
    "/gems/{a}-{v}.gem",
    "/gems/{a}-{b}-{v}.gem",
    "/quick/Marshal.4.8/{a}-{v}.gemspec.rz",
    "/info/{a}",
    "/{w}/{a}",
]
WORDS = [
    "demo", "Demo", "a", "x1", "v1", "1", "2", "by-hash", "installer-x", "a.diff", "node_modules", "favicon.ico", "go",
    "npm", "simple", "packages", "list", "nuget-internal", "InRelease", "maven-metadata.xml", "1-SNAPSHOT", "SNAPSHOT",
    "amd64", "jar", "xml", "zope.interface", "my_demo", "my-demo", "my__demo", "a-1", "a-v1", "linux", "py3", "Sources",
    "libstdc++6", "debian", "io.js", "lodash.isnil", "demo.whl", "a" * 70, "a" * 120, "@a", "%40a", "api", "repository",
]  # fmt: skip
VERSIONS = [
    "1.0", "1.0.0", "v1.0.0", "01.0", "1.0rc1", "1.0.RC1", "1.0-1", "1.0.post1", "1.0.dev0", "1!1.0", "1.0+local",
    "1.0.0-beta.1", "1.0.0+build", "v2.0.0", "v2.0.0+incompatible", "v1.2.3-0.20200101000000-0123456789ab", "latest",
    "1.0-SNAPSHOT", "1.0~rc1-1", "1.0+dfsg-2", "1", "1-2", "1_2", "1.0-java", "1.0.0-01", "2.0-amd64", "1..0", "1.0.",
]  # fmt: skip
TEXT = st.text("aAvVz019._-+~!@%2fF/Rr", max_size=6)
NAME = st.sampled_from(WORDS) | TEXT | st.tuples(st.sampled_from(WORDS), TEXT).map("".join)
VERSION = st.sampled_from(VERSIONS) | TEXT | st.tuples(st.sampled_from(VERSIONS), TEXT).map("".join)
PATHS = st.builds(
    lambda template, a, b, v, w: template.format(a=a, b=b, v=v, w=w),
    st.sampled_from(TEMPLATES),
    NAME,
    NAME,
    VERSION,
    st.sampled_from(WORDS),
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "", "PUT"])


def same(method: str, target: str) -> None:
    quick, thorough = Recogniser(), Recogniser()
    assert quick.told(method, "a.example", target) == thorough._at_length(method, "a.example", target)
    assert quick.evidence == thorough.evidence


@settings(max_examples=1500, deadline=None)
@given(METHODS, PATHS)
def test_both_ways_say_the_same(method: str, target: str) -> None:
    same(method, target)


@settings(max_examples=300, deadline=None)
@given(METHODS, NAME | PATHS)
def test_both_ways_say_the_same_of_what_only_its_place_tells(method: str, target: str) -> None:
    quick, thorough = Recogniser(), Recogniser()
    thorough._forms = Forms((), ())
    for recogniser in (quick, thorough):
        recogniser.told("GET", "", "/demo/-/demo-1.0.0.tgz")
        recogniser.evidence = {"": {"npm": 1}}
    assert quick.settle(method, "", target) == thorough.settle(method, "", target)


@given(st.lists(PATHS | NAME, max_size=30), st.sampled_from(["", "npm", "go"]))
def test_many_at_a_time_or_one_by_one(paths: list[str], below: str) -> None:
    forms = Forms(BY_NAME.values(), ())
    answers, untold = forms.below(below, paths) if below else forms.tell(paths)
    rows = [row for answer in answers for row in zip(answer.places, *answer.told, strict=True)]
    assert sorted([place for place, *_ in rows] + untold) == list(range(len(paths)))
    for place, *told in rows:
        (alone,), _ = forms.below(below, [paths[place]]) if below else forms.tell([paths[place]])
        assert [column[0] for column in alone.told] == told
    for place in untold:
        answers, _ = forms.below(below, [paths[place]]) if below else forms.tell([paths[place]])
        assert answers == []


@pytest.mark.parametrize("target", [t.format(a="demo", b="my-demo", v="1.0.0", w="d") for t in TEMPLATES])
def test_both_ways_say_the_same_of_what_is_usual(target: str) -> None:
    for method in ("GET", "HEAD", "POST", ""):
        same(method, target)


EXAMPLES = [
    HASH + "/my_Demo-1.0-py3-none-any.whl.metadata",
    HASH + "/my-Demo-1.0.tar.gz",
    "/simple/my-demo/",
    "/@acme/demo/-/demo-1.0.0.tgz",
    "/@acme%2fdemo",
    "/demo",
    "/maven2/org/example/lib/1.0/lib-1.0.pom.sha1",
    "/maven2/org/example/lib/maven-metadata.xml",
    "/code.example/my/lib/@v/v1.0.0.zip",
    "/code.example/!my/!lib.v2/@v/v1.0.0.mod",
    "/code.example/my/lib/@v/list",
    "/code.example/my/lib/v2/@v/v2.0.0.info",
    "/debian/pool/main/libd/libdemo/libdemo++1_1.0-1+deb1_amd64.deb",
    "/debian/pool/main/d/demo/demo_1.0.orig.tar.xz",
    "/crates/demo/demo-1.0.0.crate",
    "/my/-d/my-demo",
    "/gems/my-demo-1.0.gem",
    "/quick/Marshal.4.8/demo-1.0.gemspec.rz",
    "/info/demo",
]


@pytest.mark.parametrize(("name", "usual"), USUAL, ids=lambda value: str(value)[:40])
def test_every_form_has_an_example_and_can_be_found(name: str, usual: Usual) -> None:
    fitting = [path for path in EXAMPLES if re.fullmatch(usual.pattern, path)]
    assert fitting
    assert all(len(end) == 4 for end in usual.ends)
    forms = Forms(BY_NAME.values(), ())
    for path in fitting:
        found = re.fullmatch(usual.pattern, path, re.ASCII)
        assert found is not None
        answer = Answer(name, [0], usual.told([path], [found.groups("")]))
        if usual.unsure:
            assert forms.below(name, [path]) == ([answer], [])
        else:
            assert forms.tell([path]) == ([answer], [])
            assert Recogniser().told("GET", "", path) == (name, *(column[0] for column in answer.told))


def test_what_is_reserved_is_no_other_form() -> None:
    forms = Forms(BY_NAME.values(), {"npm"})
    long = "/demo/-/demo-1.0.0" + "0" * LONGEST + ".tgz"
    answers, untold = forms.tell(["/npm/-/npm-1.0.0.tgz", "/demo/-/demo-1.0.0.tgz", long, "", "demo"])
    assert ([answer.places for answer in answers], sorted(untold)) == ([[1]], [0, 2, 3, 4])
    assert forms.below("npm", ["/" + "a" * LONGEST]) == ([], [0])
    assert forms.below("oci", ["/a", "/b"]) == ([], [0, 1])
    assert forms.tell([]) == ([], [])


@pytest.mark.parametrize("host", ["a.example", "b.example"])
def test_the_operators_word_counts_for_what_is_usual_too(host: str) -> None:
    recogniser = Recogniser({"a.example": "npm"})
    assert (recogniser.told("GET", host, "/simple/demo/") is LATER) == (host == "a.example")
    assert recogniser.told("GET", host, "/demo/-/demo-1.0.0.tgz").ecosystem == "npm"
    assert recogniser.evidence[host]["npm"] == 1
