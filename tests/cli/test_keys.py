"""A key from its making to its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from subak import app as wiring
from subak.access.consumers import hash_token
from subak.config import load

Type = Callable[..., Any]


def test_a_keys_life(cli: Type) -> None:
    made = json.loads(cli("keys", "create", "team-a", "--note", "builds", "--json").out)
    keys = wiring.open_keys(load())
    found = keys.find_key(hash_token(made["token"]))
    assert found is not None
    assert (found.id, found.consumer, found.note, found.tier) == (made["id"], "team-a", "builds", "keyed")

    plain = cli("keys", "create", "team-b", "--tier", "gold")
    assert plain.out.strip().startswith("sbk_")
    assert "team-b" in plain.err

    rotated = cli("keys", "rotate", made["id"]).out.strip()
    assert rotated != made["token"]
    assert keys.find_key(hash_token(made["token"])) is None
    assert keys.find_key(hash_token(rotated)) is not None

    assert cli("keys", "revoke", made["id"]).out == f"revoked {made['id']}\n"
    rows = json.loads(cli("keys", "list", "--json").out)
    assert [(r["consumer"], r["tier"], bool(r["revoked_at"])) for r in rows] == [
        ("team-a", "keyed", True),
        ("team-b", "gold", False),
    ]
    assert all("hash" not in row and "token" not in row for row in rows)
    assert cli("keys", "rotate", made["id"]).code == 1
    assert cli("keys", "list").out.startswith("id\tconsumer\t")
    for command in ("revoke", "rotate"):
        said = cli("keys", command, "nobody")
        assert (said.code, said.err) == (1, "error: there is no key 'nobody'\nfix: subak keys list shows them.\n")
