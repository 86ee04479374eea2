"""What leaves a registry: no address, nobody small, nothing that can be tried out without the key."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.privacy.leaks import leaks
from analytics.privacy.tables import tables
from subak.analytics.privacy.counting import Registers
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Namer, Names, canonical
from subak.analytics.privacy.sketches import (
    PHANTOMS,
    Sketch,
    decode,
    encode,
    merge,
    read_sketch,
    sketch,
    write_sketch,
)
from subak.errors import BadRequest, StoreFailed

KEYS = derive(b"k" * 32, "2026-10")
OTHERS = derive(b"o" * 32, "2026-10")


def registry(weights: Mapping[str, int], keys: Any = KEYS, seed: int = 1, source: str = "") -> Sketch:
    """The sketch of a log in which each address asks so many times, 1000 bytes each."""
    names = Names(keys)
    found = [canonical(address) for address in weights]
    networks = sorted({each.network for each in found})
    with duckdb.connect() as engine:
        tables(
            engine,
            clients=[{"client": n, "name": names.client(each.client)} for n, each in enumerate(found)],
            networks=[{"network": n, "name": names.network(text)} for n, text in enumerate(networks)],
        )
        for number, (each, times) in enumerate(zip(found, weights.values(), strict=True)):
            engine.execute(
                'INSERT INTO facts ("at", client, network, consumer, sent) SELECT 1760000000 + i, ?, ?, -1, 1000'
                " FROM range(?) t(i)",
                [number, networks.index(each.network), times],
            )
        return sketch(engine, keys, random.Random(seed).randbytes, source)


def addresses(count: int, start: int = 0) -> list[str]:
    return [f"240.{n >> 8 & 255}.{n & 255}.{7 + n % 90}" for n in range(start, start + count)]


@cache
def example() -> Sketch:
    """100 clients: the first asks 1000 times, the next 30 25 times, the others 5 times."""
    weights = [1000, *[25] * 30, *[5] * 69]
    return registry(dict(zip(addresses(100), weights, strict=True)), source="A")


@pytest.fixture
def made() -> Sketch:
    return example()


def test_what_a_part_says(made: Sketch) -> None:
    assert (made.epoch, made.key) == (KEYS.epoch, KEYS.fingerprint)
    (part,) = made.parts
    assert part.source == "A"
    assert (part.since % 3600, part.until % 3600) == (0, 0)
    assert part.since <= 1760000000 < part.until
    assert [level.unit for level in part.levels] == ["client", "network"], "there is no consumer"
    client = part.levels[0]
    assert (client.fewest, client.most, client.phantoms) == (100, 100, PHANTOMS)
    assert (client.requests.total, client.sent.total) == (2095, 2_095_000)
    assert len(client.requests.heads) == 31, "who asked fewer than 20 times is not listed"
    assert client.requests.rest == 5
    assert client.requests.curve[0] == (20, 1474, 1476)
    assert client.requests.curve[-1] == (100, 2092, 2095)
    assert client.sent.rest == 5000
    namer = Namer("", KEYS.sketch)
    (first,) = namer.numbers([Names(KEYS).client(canonical(addresses(1)[0]).client)])
    assert {n: (low, high) for n, low, high in client.requests.heads}[f"{first:016x}"] == (1000, 1000)


def test_a_file_and_back(tmp_path: Path, made: Sketch) -> None:
    path = tmp_path / "a.sketch"
    write_sketch(path, made)
    assert read_sketch(path) == made == decode(encode(made))
    with pytest.raises(StoreFailed):
        read_sketch(tmp_path / "absent")
    with pytest.raises(StoreFailed):
        write_sketch(tmp_path / "absent" / "a", made)


def test_merging_knows_no_order_and_counts_nothing_twice(made: Sketch) -> None:
    others = [registry(dict.fromkeys(addresses(40, 20 * n), 30), seed=n, source=str(n)) for n in (2, 3)]
    want = merge([made, *others])
    assert len(want.parts) == 3
    assert want == merge([*others, made]) == merge([merge([others[1], made]), others[0], made]) == merge([want, want])


def test_strangers_are_not_merged(made: Sketch) -> None:
    weights = dict.fromkeys(addresses(30), 30)
    for keys in (OTHERS, derive(b"k" * 32, "2026-11")):
        with pytest.raises(BadRequest, match="different"):
            merge([made, registry(weights, keys)])
    with pytest.raises(BadRequest, match="No sketch"):
        merge([])


def test_too_few_clients_make_no_sketch() -> None:
    with pytest.raises(BadRequest, match="Fewer than 20"):
        registry(dict.fromkeys(addresses(19), 100))
    assert [level.unit for level in registry(dict.fromkeys(addresses(20), 100)).parts[0].levels] == [
        "client",
        "network",
    ]


# ---------------------------------------------------------------- attacks


def test_no_address_and_no_name_is_in_a_sketch(made: Sketch) -> None:
    written = encode(made)
    known = addresses(100)
    registers = b"".join(level.registers for level in made.parts[0].levels)
    assert leaks(known, written, registers) == []
    networks = [canonical(address).network.removesuffix("/24") for address in known]
    assert leaks(networks, written, registers) == []
    names = Names(KEYS)
    for address in known:
        each = canonical(address)
        assert names.client(each.client).removeprefix("a-").encode() not in written
        assert names.network(each.network).removeprefix("n-").encode() not in written


def guess(made: Sketch, keys: Any, asked: list[str]) -> tuple[list[bool], list[bool]]:
    """For each address: is it listed, and may it be among those counted? As somebody with these keys can tell."""
    numbers = Namer("", keys.sketch).numbers(Names(keys).client(canonical(address).client) for address in asked)
    client = made.parts[0].levels[0]
    listed = {number for number, _, _ in (*client.requests.heads, *client.sent.heads)}
    registers = Registers(client.registers)
    return [f"{number:016x}" in listed for number in numbers], [registers.holds(number) for number in numbers]


def test_without_the_key_trying_all_addresses_tells_nothing(made: Sketch) -> None:
    present, absent = addresses(100), addresses(4000, 1000)
    for keys in (OTHERS, derive(b"k" * 32, "2026-11"), derive(bytes(32), "2026-10")):
        listed, maybe_present = guess(made, keys, present)
        _, maybe_absent = guess(made, keys, absent)
        assert not any(listed)
        assert abs(sum(maybe_present) / 100 - sum(maybe_absent) / 4000) < 0.2, "no better than chance"


def test_with_the_key_who_is_listed_is_known_and_the_rest_can_deny_it(made: Sketch) -> None:
    """The honest limit, as docs/privacy.md states it."""
    listed, maybe_present = guess(made, KEYS, addresses(100))
    listed_absent, maybe_absent = guess(made, KEYS, addresses(4000, 1000))
    assert sum(listed) == 31, "a holder of the key can find the heaviest"
    assert not any(listed_absent)
    assert all(maybe_present)
    assert 0.4 < sum(maybe_absent) / 4000 < 0.6, "half of those who never asked seem to be counted, thanks to phantoms"


# ---------------------------------------------------------------- what others send


def changed(made: Sketch, *path: Any, to: Any) -> bytes:
    """The file with one value replaced."""
    document = json.loads(encode(made))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(document).encode()


LEVEL = ("parts", 0, "levels", 0)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("format",), "subak-sketch-2"),
        (("epoch",), "\x1b[31m"),
        (("parts",), []),
        (("more",), 1),
        (("parts", 0, "source"), "\x1b[31m"),
        (("parts", 0, "since"), 2**40),
        ((*LEVEL, "unit"), "person"),
        ((*LEVEL, "unit"), "network"),
        ((*LEVEL, "fewest"), 101),
        ((*LEVEL, "registers"), "AAAA"),
        ((*LEVEL, "registers"), "/" * 5462 + "=="),
        ((*LEVEL, "phantoms"), -1),
        ((*LEVEL, "requests", "total"), 2**64),
        ((*LEVEL, "requests", "total"), 100),
        ((*LEVEL, "requests", "rest"), 0.5),
        ((*LEVEL, "requests", "curve"), []),
        ((*LEVEL, "requests", "curve"), [[5, 1, 2], [5, 1, 2]]),
        ((*LEVEL, "requests", "curve"), [[0, 1, 2]]),
        ((*LEVEL, "requests", "curve"), [[5, 2, 1]]),
        ((*LEVEL, "requests", "heads"), [["0" * 16, 1, 2]] * 2),
        ((*LEVEL, "requests", "heads"), [["0" * 16, 2, 1]]),
        ((*LEVEL, "requests", "heads"), [["0" * 15 + "\n", 1, 2]]),
    ],
)
def test_a_sketch_that_cannot_be_true_is_refused(made: Sketch, path: tuple[Any, ...], to: Any) -> None:
    with pytest.raises(BadRequest):
        decode(changed(made, *path, to=to))


@given(st.binary(max_size=60))
def test_anything_else_is_refused(written: bytes) -> None:
    with pytest.raises(BadRequest):
        decode(written)


@given(st.randoms(use_true_random=False))
def test_damaged_files_are_refused_or_sound(chance: random.Random) -> None:
    written = bytearray(encode(example()))
    for _ in range(chance.randrange(1, 6)):
        written[chance.randrange(len(written))] = chance.choice(b'0123456789,[]"{}:xA/\x00\xff')
    try:
        read = decode(bytes(written))
    except BadRequest:
        return
    assert decode(encode(read)) == read
    assert merge([read]) == read
    assert msgspec.json.decode(encode(read))["format"] == "subak-sketch-1"
