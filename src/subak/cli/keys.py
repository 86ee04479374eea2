"""`subak keys`: consumers' keys. A token is shown once, when it is made; only its hash is kept."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from subak.cli.pointing import CONFIG, JSON
from subak.cli.saying import as_json, note, pretty, table
from subak.cli.values import QuickCommand, QuickGroup
from subak.errors import NotFound

if TYPE_CHECKING:
    from subak.ports import Key, Keys

app = typer.Typer(cls=QuickGroup, help="Create, list, revoke and rotate consumers' keys.", no_args_is_help=True)

DATA = typer.Option(None, help="The data folder.", show_default="the one in the settings")


@app.command(cls=QuickCommand)
def create(
    consumer: str = typer.Argument(help="On whose account: a team, a pipeline, a person."),
    tier: str = typer.Option("keyed", help="The share it gets."),
    remark: str = typer.Option("", "--note", help="What it is for."),
    data: str | None = DATA,
    config: str = CONFIG,
    json: bool = JSON,
) -> None:
    """Make a key and show its token, once."""
    from subak import app as wiring
    from subak.ports import Key

    keys = _kept(config, data)
    token, hash = _token()
    key = Key(hash[:12], hash, consumer, tier, wiring.now(), 0.0, remark)
    keys.keep_key(key)
    _hand_over(key, token, json=json)


@app.command("list", cls=QuickCommand)
def list_(data: str | None = DATA, config: str = CONFIG, json: bool = JSON) -> None:
    """List keys, oldest first; tokens are not among what is known of them."""
    found = _kept(config, data).all_keys()
    if json:
        as_json([_shown(key) for key in found])
    elif found or not pretty():
        rows = [(k.id, k.consumer, k.tier, _day(k.created_at), _day(k.revoked_at), k.note) for k in found]
        table("Keys", ("id", "consumer", "tier", "created", "revoked", "note"), rows)
    else:
        print("No keys yet: subak keys create CONSUMER")


@app.command(cls=QuickCommand)
def revoke(
    id: str = typer.Argument(help="The id shown by list."), data: str | None = DATA, config: str = CONFIG
) -> None:
    """Make a key useless at once."""
    from subak import app as wiring

    if not _kept(config, data).revoke_key(id, wiring.now()):
        raise _unknown(id)
    print(f"revoked {id}")


@app.command(cls=QuickCommand)
def rotate(
    id: str = typer.Argument(help="The id shown by list."),
    data: str | None = DATA,
    config: str = CONFIG,
    json: bool = JSON,
) -> None:
    """Give a key a new token, shown once; the old one is useless from then on."""
    keys = _kept(config, data)
    old = next((key for key in keys.all_keys() if key.id == id), None)
    if old is None:
        raise _unknown(id)
    if old.revoked_at:
        raise NotFound(f"the key {id!r} is revoked", fix="Make a new one: subak keys create CONSUMER")
    token, hash = _token()
    key = replace(old, hash=hash)
    keys.keep_key(key)
    _hand_over(key, token, json=json)


def _kept(config: str, data: str | None) -> Keys:
    from subak import app as wiring
    from subak.config import load

    return wiring.open_keys(load(config, cache__data=data))


def _token() -> tuple[str, str]:
    """A new token and what is stored of it."""
    from subak import app as wiring
    from subak.access.consumers import TOKEN_PREFIX, hash_token

    token = TOKEN_PREFIX + wiring.random_token().removeprefix(TOKEN_PREFIX)
    return token, hash_token(token)


def _hand_over(key: Key, token: str, *, json: bool) -> None:
    if json:
        as_json({**_shown(key), "token": token})
        return
    print(token)
    note(f"key {key.id} of {key.consumer}; the token is not shown again")


def _shown(key: Key) -> dict[str, object]:
    shown = asdict(key)
    del shown["hash"]
    return shown


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") if at else ""


def _unknown(id: str) -> NotFound:
    return NotFound(f"there is no key {id!r}", fix="subak keys list shows them.")
