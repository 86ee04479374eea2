"""URLs as settings write them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.sources.urls import addresses, is_ours, origin, split, split_credentials

OWN = addresses("127.0.0.1", 8765)


@pytest.mark.parametrize(
    ("url", "own", "ours"),
    [
        ("http://127.0.0.1:8765/pypi/simple/", OWN, True),
        ("http://localhost:8765/", OWN, True),
        ("http://127.7.7.7:8765/", OWN, True),
        ("http://[::1]:8765/", OWN, True),
        ("http://0.0.0.0:8765/", OWN, True),
        ("http://sub.localhost:8765/", OWN, True),
        ("http://127.0.0.1:3141/root/", OWN, False),
        ("http://registry.example:8765/", OWN, False),
        ("http://127.0.0.1:8765/", addresses("0.0.0.0", 8765), True),
        ("http://127.0.0.1:8765/", addresses("::", 8765), True),
        ("http://10.0.0.5:8765/", addresses("10.0.0.5", 8765), True),
        ("http://10.0.0.6:8765/", addresses("10.0.0.5", 8765), False),
        ("https://GATE.example/subak/npm/", addresses("0.0.0.0", 1, "https://gate.example/subak"), True),
        ("https://gate.example:443/subak", addresses("0.0.0.0", 1, "https://gate.example/subak"), True),
        ("https://gate.example/subak-other/", addresses("0.0.0.0", 1, "https://gate.example/subak"), False),
        ("https://gate.example/other/npm/", addresses("0.0.0.0", 1, "https://gate.example/subak"), False),
        ("https://localhost/npm/", addresses("0.0.0.0", 1, "https://gate.example/"), False),
    ],
)
def test_is_ours(url: str, own: tuple[str, ...], ours: bool) -> None:
    assert is_ours(url, own) is ours


PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=':/?#[]@%\\<>"'), min_size=1)


@given(user=PRINTABLE, password=PRINTABLE)
def test_split_credentials(user: str, password: str) -> None:
    url, authorization = split_credentials(f"HTTPS://{user}:{password}@Registry.Example:443/simple//?a=b#c")
    assert url == "https://registry.example/simple/"
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{user}:{password}"


@given(st.text())
def test_split_credentials_never_fails_otherwise(text: str) -> None:
    try:
        url, _ = split_credentials(text)
    except ValueError:
        return
    assert url.startswith(("http://", "https://"))
    assert url.endswith("/")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("https://u:p@A.example:443/x", "https://a.example"),
        ("http://a.example:81", "http://a.example:81"),
        ("https://[::1]:80/", "https://[::1]:80"),
    ],
)
def test_origin(text: str, want: str) -> None:
    assert origin(split(text)) == want
