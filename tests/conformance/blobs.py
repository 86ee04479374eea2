"""What every `ports.Blobs` must do."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from subak.ports import Blobs

FLIGHT = "ab" * 20


def check_blobs(make: Callable[[], Blobs]) -> None:
    """Grow, publish, throw away, start again, remove while somebody reads."""
    blobs = make()
    first, second = b"first" * 1000, b"second"
    name, other = sha256(first).hexdigest(), sha256(second).hexdigest()
    assert blobs.size(name) == -1
    assert blobs.room_for(0)
    assert blobs.room_for(-1)

    part = blobs.part(FLIGHT)
    assert (part.size, part.path) == (0, blobs.growing(FLIGHT))
    part.write(b"wrong")
    part.restart()
    part.write(first[:100])
    follower = part.path.open("rb")
    assert follower.read() == first[:100]
    part.write(first[100:])
    assert part.size == len(first)
    part.commit(name)
    part.discard()
    assert follower.read() == first[100:]
    assert blobs.path(name).read_bytes() == first
    assert blobs.size(name) == len(first)
    assert not blobs.growing(FLIGHT).exists()

    again = blobs.part(FLIGHT)
    again.write(first)
    again.commit(name)
    assert blobs.path(name).read_bytes() == first
    assert not blobs.growing(FLIGHT).exists()

    thrown = blobs.part(FLIGHT)
    thrown.write(second)
    thrown.discard()
    thrown.discard()
    assert not thrown.path.exists()
    assert blobs.size(other) == -1

    blobs.part(FLIGHT).write(b"left by the dead")
    fresh = blobs.part(FLIGHT)
    assert (fresh.size, fresh.path.stat().st_size) == (0, 0)
    fresh.write(second)
    fresh.commit(other)
    assert blobs.path(other).read_bytes() == second

    with blobs.path(name).open("rb") as reader:
        assert reader.read(10) == first[:10]
        blobs.remove(name)
        blobs.remove(name)
        assert blobs.size(name) == -1
        assert reader.read() == first[10:]
    assert blobs.size(other) == len(second)
