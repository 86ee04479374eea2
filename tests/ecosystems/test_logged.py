"""How ecosystems tell other people's logs: levels, and forms that fit plain spellings only."""

from __future__ import annotations

import re

import pytest

from subak.ecosystems import BY_NAME
from subak.ecosystems.base import LIKELY, POSSIBLE, SURE, Own, Usual

USUAL = [usual for ecosystem in BY_NAME.values() for usual in ecosystem.usual]
HASH = "/packages/0a/b1/" + "0c" * 30
PATHS = [
    f"{HASH}/demo-1.0-py3-none-any.whl", f"{HASH}/demo-1.0.tar.gz", "/simple/demo/", "/demo/-/demo-1.0.0.tgz",
    "/@acme/demo", "/demo", "/maven2/org/example/lib/1.0/lib-1.0.jar", "/maven2/org/example/lib/maven-metadata.xml",
    "/code.example/lib/@v/v1.0.0.zip", "/code.example/lib/@v/list", "/code.example/lib/@v/v1.0.0.info",
    "/debian/pool/main/d/demo/demo_1.0-1_amd64.deb", "/debian/pool/main/d/demo/demo_1.0.orig.tar.xz",
    "/crates/demo/demo-1.0.0.crate", "/de/mo/demo", "/gems/demo-1.0.gem", "/quick/Marshal.4.8/demo-1.0.gemspec.rz",
    "/info/demo",
]  # fmt: skip


def test_what_is_surest_comes_first() -> None:
    assert SURE < LIKELY < POSSIBLE
    assert Own("(/.+)").level == SURE


@pytest.mark.parametrize("usual", USUAL, ids=lambda usual: usual.pattern[:40])
def test_a_form_fits_plain_spellings_only(usual: Usual) -> None:
    fits = re.compile(usual.pattern, re.ASCII).fullmatch
    fitting = [path for path in PATHS if fits(path)]
    assert fitting
    for path in fitting:
        for hostile in ("%", "?", "#", "\\", " ", "\n", "\0", "\x1f", '"', "é", "٣", "//", "/../", "/./"):
            for at in range(len(path) + 1):
                assert not fits(path[:at] + hostile + path[at:]), (hostile, at)


@pytest.mark.parametrize("name", BY_NAME)
def test_forms_are_looked_up_by_one_thing(name: str) -> None:
    for usual in BY_NAME[name].usual:
        assert not (usual.begins and usual.ends)
        assert all(len(end) == 4 for end in usual.ends)
        assert not usual.unsure or not (usual.begins or usual.ends)
