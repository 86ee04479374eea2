"""Tiles and inclusion, held against a log that follows the RFC by the letter."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.go_registry import Log
from subak.ecosystems.go.tlog import (
    LARGEST,
    Tile,
    node_hash,
    prove_inclusion,
    record_hash,
    tile_of,
    tiles_needed,
    tree_hash,
)
from subak.errors import NotFound, UpstreamLied

LOG = Log([f"record {n}".encode() for n in range(66_000)])
"""Three levels of tiles."""

SIZES = st.one_of(st.integers(1, 66_000), st.sampled_from([1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537]))


def tiles(record: int, size: int) -> dict[Tile, bytes]:
    found = {}
    for tile in tiles_needed(record, size):
        body = LOG.tile(tile.level, tile.index, tile.width)
        assert body is not None, tile
        found[tile] = body
    return found


@given(st.data(), SIZES)
def test_every_record_is_proved(data: st.DataObject, size: int) -> None:
    record = data.draw(st.integers(0, size - 1))
    needed = tiles(record, size)
    assert len(needed) <= 5
    prove_inclusion(record, record_hash(LOG.records[record]), size, LOG.root(size), needed)


@given(st.data(), SIZES)
def test_nothing_else_is_proved(data: st.DataObject, size: int) -> None:
    record = data.draw(st.integers(0, size - 1))
    needed = tiles(record, size)
    leaf, root = record_hash(LOG.records[record]), LOG.root(size)
    with pytest.raises(UpstreamLied):
        prove_inclusion(record, record_hash(b"another record"), size, root, needed)
    with pytest.raises(UpstreamLied):
        prove_inclusion(record, leaf, size, hashlib.sha256(root).digest(), needed)
    victim = data.draw(st.sampled_from(sorted(needed, key=lambda t: (t.level, t.index))))
    spot = data.draw(st.integers(0, len(needed[victim]) - 1))
    broken = bytearray(needed[victim])
    broken[spot] ^= 1
    with pytest.raises(UpstreamLied):
        prove_inclusion(record, leaf, size, root, {**needed, victim: bytes(broken)})
    with pytest.raises(UpstreamLied):
        prove_inclusion(record, leaf, size, root, {**needed, victim: needed[victim][:-32]})
    with pytest.raises(UpstreamLied):
        prove_inclusion(record, leaf, size, root, {t: b for t, b in needed.items() if t != victim})


@given(st.integers(0, 65_999), st.integers(0, 65_999))
def test_a_record_is_proved_in_its_own_place_only(record: int, other: int) -> None:
    if record != other:
        with pytest.raises(UpstreamLied):
            prove_inclusion(other, record_hash(LOG.records[record]), 66_000, LOG.root(66_000), tiles(other, 66_000))


@pytest.mark.parametrize(("record", "size"), [(0, 0), (5, 5), (6, 5), (-1, 5), (0, LARGEST + 1)])
def test_records_that_cannot_be_there(record: int, size: int) -> None:
    with pytest.raises(UpstreamLied):
        tiles_needed(record, size)


def test_a_large_tree_needs_few_tiles() -> None:
    needed = tiles_needed(942, 51_929_436)
    assert [tile.path for tile in needed] == [
        "tile/8/0/x202/849.p/92", "tile/8/1/792.p/97", "tile/8/2/003.p/24", "tile/8/3/000.p/3",
        "tile/8/0/003", "tile/8/1/000", "tile/8/2/000",
    ]  # fmt: skip
    assert len(tiles_needed(0, LARGEST - 1)) < 17


def test_hashes_of_the_rfc() -> None:
    assert record_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    leaves = [record_hash(bytes([n])) for n in range(3)]
    assert tree_hash(leaves) == node_hash(node_hash(leaves[0], leaves[1]), leaves[2])


# ---------------------------------------------------------------- paths


@given(
    st.builds(
        lambda level, index, height, part: Tile(level, index, 1 + int(part * ((1 << height) - 1)), height),
        st.integers(-1, 63), st.integers(0, 10**20), st.integers(1, 30), st.floats(0, 1),
    )
)  # fmt: skip
def test_paths_go_there_and_back(tile: Tile) -> None:
    assert tile_of(tile.path) == tile


@given(st.text(alphabet="tile/0123456789x.pdata", max_size=40))
def test_a_path_has_one_spelling(text: str) -> None:
    try:
        assert tile_of(f"tile/{text}").path == f"tile/{text}"
    except NotFound:
        return


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/8/0", "tile/8/0/1", "tile/8/0/0001", "tile/8/0/x000/001", "tile/8/0/001/002",
        "tile/08/0/001", "tile/8/00/001", "tile/0/0/000", "tile/31/0/000", "tile/99/0/000", "tile/8/64/000",
        "tile/8/0/000.p/0", "tile/8/0/000.p/256", "tile/8/0/000.p/257", "tile/8/0/000.p/01", "tile/8/-1/000",
        "tile/8/0/x001/234/", "tile/8/0/٠٠١",
    ],
)  # fmt: skip
def test_no_tiles(path: str) -> None:
    with pytest.raises(NotFound):
        tile_of(path)
