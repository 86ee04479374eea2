"""What every local registry has in common: its life, its addresses, its weather and its records."""

from __future__ import annotations

from typing import ClassVar, Self

from registry.server import Request, Server
from registry.weather import Reply, Sky


class Local:
    """`with …Registry() as upstream:` serves until the block ends, on one loopback port for each door.

    A registry names its doors, the one that people configure first, and answers in `_answer`.
    """

    __slots__ = ("_server",)

    doors: ClassVar[tuple[str, ...]]
    _server: Server

    def __new__(cls, *_: object, **__: object) -> Self:  # not in __init__, which dataclasses write themselves
        made = super().__new__(cls)
        made._server = Server(cls.doors, made._answer)
        return made

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answer(self, request: Request) -> Reply:
        raise NotImplementedError

    # ---- addresses

    def at(self, door: str) -> str:
        """The root of one door, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.ports[door]}"

    @property
    def url(self) -> str:
        """What people configure, as an upstream of the gateway."""
        return f"{self.at(self.doors[0])}/"

    # ---- weather and records

    @property
    def weather(self) -> Sky:
        return self._server.weather

    def seen(self, pattern: str = "*", door: str = "", method: str = "") -> list[Request]:
        """Requests whose path (still encoded, without query) fits a shell pattern; `*` crosses slashes."""
        return self._server.seen(pattern, door, method)

    def count(self, pattern: str = "*", door: str = "", method: str = "") -> int:
        """How many `seen` finds."""
        return len(self.seen(pattern, door, method))

    def paths(self) -> list[str]:
        """What was asked so far, oldest first."""
        return [request.path for request in list(self._server.requests)]

    def forget(self) -> None:
        """Clear the records."""
        self._server.requests.clear()

    def down(self) -> None:
        """Connections are refused and running ones broken; the ports stay ours."""
        self._server.down()

    def up(self) -> None:
        """Serve again, on the same ports."""
        self._server.up()
