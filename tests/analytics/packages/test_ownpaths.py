"""The registries' own paths, as every ecosystem tells them."""

from __future__ import annotations

import re

import pytest

from subak.analytics.packages.ownpaths import Shapes, below_mount, below_mounts
from subak.ecosystems import BY_NAME
from subak.ecosystems.base import SURE

SHAPES = Shapes(BY_NAME)


@pytest.mark.parametrize(
    ("segment", "ecosystems"),
    [
        ("packages", {"pypi"}),
        ("@acme", {"npm"}),
        ("%40acme", {"npm"}),
        ("crates", {"cargo"}),
        ("dists", {"composer", "debian"}),
        ("nothing", set()),
        ("", set()),
    ],
)
def test_by_first(segment: str, ecosystems: set[str]) -> None:
    assert {shape.ecosystem.name for shape in SHAPES.by_first(segment)} == ecosystems


@pytest.mark.parametrize(
    ("path", "ecosystems"),
    [("/a/b.gem", {"rubygems"}), ("/a/@v/list", {"go"}), ("/a.b/c", set()), ("/a/b.", set()), ("", set())],
)
def test_by_last(path: str, ecosystems: set[str]) -> None:
    assert {shape.ecosystem.name for shape in SHAPES.by_last(path)} == ecosystems


def test_sure_and_weak_are_told_apart() -> None:
    assert all(shape.level == SURE for shape in SHAPES.anywhere)
    for name in BY_NAME:
        assert all(shape.level != SURE and shape.ecosystem.name == name for shape in SHAPES.weak(name))
    assert SHAPES.weak("npm")
    assert not SHAPES.weak("oci")


@pytest.mark.parametrize(
    ("path", "mapped"),
    [
        ("/packages/demo/1.0/demo.1.0.nupkg", "/v3/flat/demo/1.0/demo.1.0.nupkg"),
        ("/demo.1.0.nupkg", "/v3/flat/demo/1.0/demo.1.0.nupkg"),
        ("/demo.nupkg", ""),
        ("/a/demo.1.0.nupkg", "/v3/flat/demo/1.0/demo.1.0.nupkg"),
    ],
)
def test_below_mount(path: str, mapped: str) -> None:
    found = [below_mount(shape, path) for shape in SHAPES.by_last(path)]
    assert next(filter(None, found), "") == mapped


@pytest.mark.parametrize("name", BY_NAME)
def test_below_mounts(name: str) -> None:
    paths = ["/demo", "/demo.zip", "/demo.1.0.nupkg", "/a/b-1.0.tar.gz", "/versions", "/config.json", "", "/a/pool/b"]
    for shape in (*SHAPES.weak(name), *SHAPES.anywhere):
        singly = {at: below_mount(shape, path) for at, path in enumerate(paths)}
        assert below_mounts(shape, paths) == {at: mapped for at, mapped in singly.items() if mapped}


@pytest.mark.parametrize(
    ("path", "silent"),
    [
        ("/react", True),
        ("/project/demo/1.0/", True),
        ("/a.b/c", True),
        ("/a/b.gem", False),
        ("/a/@v/list", False),
        ("/a/list", False),
        ("/a/+simple/b", False),
        ("/a/pool/b/c/d/e", False),
        ("/re/ac/react", False),
        ("/re/ac/angular", True),
    ],
)
def test_silent_is_what_has_no_sure_shape(path: str, silent: bool) -> None:
    assert SHAPES.silent(path) == silent
    if silent:
        assert not any(below_mount(shape, path) for shape in (*SHAPES.by_last(path), *SHAPES.anywhere))


@pytest.mark.parametrize("name", BY_NAME)
def test_every_form_can_be_found_and_filled_in(name: str) -> None:
    for own in BY_NAME[name].own:
        assert not own.within or (not own.begins and not own.ends)
        groups = re.compile(own.pattern).groups
        assert groups > 0
        assert own.to == "" or own.to.format(*["a"] * groups).startswith("/")
