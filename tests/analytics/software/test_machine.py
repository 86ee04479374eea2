"""Names of systems, processors and language implementations as they stand in agents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.software.machine import Machine, machine, processor, runtime, system


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("npm/11 node/v22.3.0 linux x64", Machine("linux", "x86_64", "node 22.3.0")),
        ("(Java 21.0.4; Linux 6.8.0)", Machine("linux", "", "java 21.0.4")),
        ("(x86_64-pc-linux-gnu)", Machine("linux", "x86_64")),
        ("(arm64-darwin23)", Machine("macos", "aarch64")),
        ("(x64-mingw-ucrt)", Machine("windows", "x86_64")),
        ("Linux; Android 14; SM-S928B", Machine("android")),
        ("iPhone; CPU iPhone OS 18_1 like Mac OS X", Machine("ios")),
        ("X11; CrOS x86_64 14541.0.0", Machine("chromeos", "x86_64")),
        ("cpython 3.12.1-final0, Linux x86_64", Machine("linux", "x86_64", "cpython 3.12.1")),
        ("os/freebsd arch/amd64", Machine("freebsd", "x86_64")),
        ("JRuby/9.4.8.0", Machine("", "", "jruby 9.4.8.0")),
        ("(py3.11; linux)", Machine("linux")),
        ("armada/1 winamp darwinian", Machine()),
        ("", Machine()),
    ],
)
def test_machine(text: str, want: Machine) -> None:
    assert machine(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("go/go1.22.3", "go 1.22.3"),
        ("PHP 8.4.1", "php 8.4.1"),
        ("ruby/3.4", "ruby 3.4"),
        ("django/4", ""),
        ("node", ""),
    ],
)
def test_runtime(text: str, want: str) -> None:
    assert runtime(text) == want


def test_single_names() -> None:
    assert (system("Linux"), system(" Darwin "), system("Plan9")) == ("linux", "macos", "")
    assert (processor("AMD64"), processor("arm64"), processor("vax")) == ("x86_64", "aarch64", "")


@given(st.text(max_size=200))
def test_any_text_has_a_machine(text: str) -> None:
    assert all(len(part) <= 40 for part in machine(text))
