"""What `subak serve` says when it is ready."""

from __future__ import annotations

import dataclasses

from subak.adoption.banner import WIDTH, banner
from subak.config import Config
from subak.ecosystems.base import Client, Ecosystem
from subak.model.exchange import UNIDENTIFIED
from subak.sources.discovery import BUILTIN, CHOSEN, OFF, Found

URL = "http://127.0.0.1:8765"


def _ecosystem(name: str, *clients: str) -> Ecosystem:
    made = tuple(Client(client, (), f"{client} config {{base}}/{name}/ {{upstream_netloc}}") for client in clients)
    return Ecosystem(
        name=name, title=name, routes=(), subject=lambda r, p: UNIDENTIFIED, source=lambda s, b: "", clients=made
    )


def test_where_from_and_how() -> None:
    upstreams = [
        Found("pypi", "https://registry.example/simple/", "from PIP_INDEX_URL", by=CHOSEN, notes=("a note " * 30,)),
        Found("npm", problem="the address from X is not a URL", by=CHOSEN),
        Found("go", problem="it is switched off", by=OFF),
        Found("oci", problem="no client here names one"),
        Found("conda", problem="no client here names one"),
        Found("cargo", "https://files.example/", "built in", authorization="Basic c2VjcmV0", by=BUILTIN),
    ]
    ecosystems = [_ecosystem("pypi", "pip", "uv", "pdm"), _ecosystem("npm", "npm"), _ecosystem("go", "go"),
                  _ecosystem("oci", "podman"), _ecosystem("conda"), _ecosystem("cargo", "cargo")]  # fmt: skip
    text = banner(URL, upstreams, Config(), ecosystems)
    assert f" listens on {URL}\n" in text
    assert "  pypi       https://registry.example/simple/ (from PIP_INDEX_URL)\n             a note" in text
    assert "  npm        none: the address from X is not a URL\n" in text
    assert "  none yet   oci, conda (`subak doctor` says how to set one)\n" in text
    assert "  off        go\n" in text
    assert f"  pip        pip config {URL}/pypi/ registry.example\n" in text
    assert f"  cargo      cargo config {URL}/cargo/ files.example\n" in text
    assert f"  more       uv, pdm: see {URL}/\n" in text
    assert "podman" not in text
    assert "c2VjcmV0" not in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_nothing_to_serve_yet() -> None:
    text = banner(URL, [Found("oci", problem="none")], Config(), [_ecosystem("oci", "podman")])
    assert "none yet" in text
    assert "more " not in text


def test_lines_that_are_too_long_are_for_now_or_elsewhere() -> None:
    """A line that is to be typed is never folded: it has to be copied in one piece."""
    found = [Found("a", "https://x.example/")]
    long, ways = "x" * 200, (("X", "{base}"),)
    clients = (Client("plain", (), long), Client("tool", ways, long), Client("other", ways, "short"))
    text = banner(URL, found, Config(), [dataclasses.replace(_ecosystem("a"), clients=clients)])
    assert f'  tool       eval "$(subak env tool --url {URL})"\n' in text
    assert f"  more       plain, other: see {URL}/\n" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_long_names_keep_the_columns_straight() -> None:
    upstreams = [
        Found("pypi", "https://registry.example/", "built in", by=BUILTIN),
        Found("pypi-internal", "https://files.example/", "from X", by=CHOSEN, notes=("a note",)),
    ]
    text = banner(URL, upstreams, Config(), [_ecosystem("pypi", "pip")])
    assert "  pypi          https://registry.example/ (built in)\n" in text
    assert "  pypi-internal https://files.example/ (from X)\n                a note\n" in text
