"""Files inside packages, and lists of folders."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx.places import Place
from subak.ecosystems.openvsx.resources import check, listed, resource
from subak.errors import UpstreamLied
from subak.model.exchange import Kind

BASE = "https://gateway.example/openvsx"
HELLO = Place("Acme", "Hello", "1.0.0")
THEIRS = "https://registry.example/sub/vscode/unpkg/Acme/Hello/1.0.0"


def shown(body: bytes, content_type: str = "application/json") -> bytes:
    return listed(Page(body, content_type, "https://registry.example/"), View("", BASE))


@pytest.mark.parametrize("path", ["extension/package.json", "extension/.vscodeignore", "a.b/c.d"])
def test_files(path: str) -> None:
    subject = resource(HELLO, path)
    assert (subject.kind, subject.key) == (Kind.ARTIFACT, f"vscode/unpkg/acme/hello/1.0.0/{path}")


@pytest.mark.parametrize("path", ["", "extension", "extension/", "a.b/LICENSE"])
def test_perhaps_folders(path: str) -> None:
    subject = resource(HELLO, path)
    assert subject.kind is Kind.CONFIG
    assert not subject.key.endswith("/")


def test_lists_lead_here_and_what_lies_elsewhere_is_left_out() -> None:
    urls = [f"{THEIRS}/extension", f"{THEIRS}/a%20b.md", "https://files.example/x", "http://[broken/vscode/unpkg/a"]
    assert json.loads(shown(json.dumps(urls).encode())) == [
        f"{BASE}/vscode/unpkg/Acme/Hello/1.0.0/extension",
        f"{BASE}/vscode/unpkg/Acme/Hello/1.0.0/a%20b.md",
    ]


@pytest.mark.parametrize("body", [b"MIT License", b'{"a":1}', b"[1]", b"[" * 100_000, b"\xff"])
def test_files_without_a_dot_leave_as_they_came(body: bytes) -> None:
    assert shown(body) == body
    assert shown(body, "text/plain") == body


def test_a_list_of_another_type_is_a_file() -> None:
    body = json.dumps([THEIRS]).encode()
    assert shown(body, "application/octet-stream") == body


def test_web_pages_are_refused() -> None:
    with pytest.raises(UpstreamLied):
        check(Page(b"<html>", "text/html; charset=utf-8", ""))
    check(Page(b"x", "text/plain", ""))


@given(st.lists(st.text(max_size=40)))
def test_any_list_is_shown_the_same_twice(urls: list[str]) -> None:
    once = shown(json.dumps(urls).encode())
    assert shown(once) == once
