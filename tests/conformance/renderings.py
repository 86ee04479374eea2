"""What every `ports.Renderings` must do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from subak.errors import NotFound
from subak.ports import Renderings

NAME, OTHER = "0f" * 32, "e1" * 32


def check_renderings(make: Callable[[], Renderings]) -> None:
    """Complete or not there."""
    renderings = make()
    assert renderings.find(NAME) is None

    def broken() -> Iterator[bytes]:
        yield b"half"
        assert renderings.find(NAME) is None
        raise NotFound("no such version")

    with pytest.raises(NotFound, match="no such version"):
        renderings.keep(NAME, broken())
    assert renderings.find(NAME) is None

    path = renderings.keep(NAME, iter([b"ab", b"", b"cd"]))
    assert path.read_bytes() == b"abcd"
    assert renderings.find(NAME) == path
    assert renderings.find(OTHER) is None
    assert renderings.keep(NAME, [b"abcd"]).read_bytes() == b"abcd"
    assert renderings.keep(OTHER, []).read_bytes() == b""
    assert renderings.find(OTHER) is not None
