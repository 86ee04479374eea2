"""Transparency log arithmetic: tiles, and whether a record lies in a tree (RFC 6962 §2.1, C2SP tlog-tiles)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subak.errors import NotFound, UpstreamLied

HEIGHT = 8
"""Of the tiles we ask for: 256 hashes each."""
HASH = 32
"""Bytes of a hash."""
LARGEST = 2**62
"""Records; beyond any log, and bounds what a hostile head can make us ask for."""

_FULL = 1 << HEIGHT
_GROUP = 1000


@dataclass(frozen=True, slots=True)
class Tile:
    """`width` neighbouring hashes of a tree, those at `level * height` from the `index << height`th on."""

    level: int
    """-1 for the records themselves."""
    index: int
    width: int
    height: int = HEIGHT

    @property
    def path(self) -> str:
        """tile/8/1/x001/234, and '.p/17' when it is not full."""
        groups = [f"{self.index % _GROUP:03d}"]
        rest = self.index // _GROUP
        while rest:
            groups.insert(0, f"x{rest % _GROUP:03d}")
            rest //= _GROUP
        part = "" if self.width == 1 << self.height else f".p/{self.width}"
        level = "data" if self.level < 0 else str(self.level)
        return f"tile/{self.height}/{level}/{'/'.join(groups)}{part}"


_PATH = re.compile(
    r"tile/(?P<height>[0-9]{1,2})/(?P<level>data|[0-9]{1,2})"
    r"/(?P<groups>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,10}))?\Z"
)


def tile_of(path: str) -> Tile:
    """The tile of 'tile/8/0/x001/234.p/17'. Raises NotFound for every other spelling."""
    found = _PATH.match(path)
    if found is None:
        raise NotFound(f"{path[:100]!r} is no tile of a log")
    height = int(found["height"])
    level = -1 if found["level"] == "data" else int(found["level"])
    index = 0
    for group in found["groups"].split("/"):
        index = index * _GROUP + int(group.removeprefix("x"))
    tile = Tile(level, index, int(found["width"] or 1 << min(height, 30)), height)
    if not (1 <= height <= 30 and level <= 63 and 1 <= tile.width <= 1 << height and tile.path == path):
        raise NotFound(f"{path[:100]!r} is no tile of a log")
    return tile


# ---------------------------------------------------------------- hashes


def record_hash(record: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """The root over one or more neighbouring nodes: the left part is the largest power of two below their number."""
    if len(hashes) == 1:
        return hashes[0]
    left = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_hash(hashes[:left]), tree_hash(hashes[left:]))


# ---------------------------------------------------------------- inclusion


def _fringe(size: int) -> tuple[Tile, ...]:
    """The unfinished tiles along the right edge, lowest first: all hashes in them together make the root."""
    levels = range(0, size.bit_length(), HEIGHT)
    counts = ((level // HEIGHT, size >> level) for level in levels)
    return tuple(Tile(level, count >> HEIGHT, count % _FULL) for level, count in counts if count % _FULL)


def _way(record: int, size: int) -> tuple[Tile, ...]:
    """The finished tiles above a record, lowest first, up to the first unfinished one."""
    tiles = []
    level, node, count = 0, record, size
    while node >> HEIGHT < count >> HEIGHT:
        node, count = node >> HEIGHT, count >> HEIGHT
        tiles.append(Tile(level, node, _FULL))
        level += 1
    return tuple(tiles)


def tiles_needed(record: int, size: int) -> tuple[Tile, ...]:
    """The tiles that prove where a record lies in a tree of `size` records: at most two a level of 256. Raises
    UpstreamLied when it cannot lie there."""
    if not 0 <= record < size <= LARGEST:
        raise UpstreamLied(f"record {record} cannot lie in a tree of {size} records")
    return (*_fringe(size), *_way(record, size))


def prove_inclusion(record: int, leaf: bytes, size: int, root: bytes, tiles: Mapping[Tile, bytes]) -> None:
    """Raises UpstreamLied unless the `record`th leaf of the tree with this root is `leaf`.

    `tiles` holds the bytes of `tiles_needed`. First the unfinished tiles must make the root, then each finished one
    its hash in the one above; after that the lowest may be believed.
    """
    hashes = {tile: _hashes(tile, tiles) for tile in tiles_needed(record, size)}
    below: list[bytes] = []
    for tile in _fringe(size):
        below = [tree_hash([*hashes[tile], *below])]
    if below != [root]:
        raise UpstreamLied("the tiles of the checksum database do not make the signed tree")
    way = _way(record, size)
    for tile in reversed(way):
        if tree_hash(hashes[tile]) != _entry(hashes, tile.level + 1, tile.index):
            raise UpstreamLied(f"{tile.path} of the checksum database does not belong to the signed tree")
    if _entry(hashes, 0, record) != leaf:
        raise UpstreamLied(f"record {record} of the checksum database is not the one in the signed tree")


def _hashes(tile: Tile, tiles: Mapping[Tile, bytes]) -> list[bytes]:
    body = tiles.get(tile, b"")
    if len(body) != tile.width * HASH:
        raise UpstreamLied(f"{tile.path} of the checksum database holds {len(body)} bytes, want {tile.width * HASH}")
    return [body[at : at + HASH] for at in range(0, len(body), HASH)]


def _entry(hashes: Mapping[Tile, list[bytes]], level: int, node: int) -> bytes:
    """The hash of a node, which lies in one of the tiles at hand."""
    return next(
        found[node % _FULL]
        for tile, found in hashes.items()
        if tile.level == level and tile.index == node >> HEIGHT and node % _FULL < tile.width
    )
