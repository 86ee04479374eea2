"""One file on its way to one socket: sendfile(2), or through the transport where TLS has to see the bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

AT_ONCE = 2 * 2**20
"""Bytes per sendfile call, so that one fast client does not starve the others."""
PIECE = 256 * 1024
PAUSE = 0.02
"""Seconds between looks whether what was written before has left."""


class Connection(Protocol):
    """What a transfer needs of its connection."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def progressed(self) -> None:
        """Bytes left."""

    def writable(self) -> bool:
        """Whether the transport takes more now; `resume` is called once it does again."""


class Sending:
    """Stands where uvicorn keeps the running request's cycle, so that pipelined requests wait behind it."""

    def __init__(
        self, door: Connection, file: int, size: int, *, keep_alive: bool, done: Callable[[int, str], None]
    ) -> None:
        """Owns `file` from now on. `done(sent, error)` is told once; error is the class of the failure or ''."""
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self.message_event = asyncio.Event()
        self._door = door
        self._file = file
        self._size = size
        self._done = done
        self._position = 0
        self._socket = -1
        self._tls = door.transport.get_extra_info("sslcontext") is not None

    def start(self) -> None:
        """Begin. The head was written to the transport just before."""
        if self._tls:
            self._copy()
        else:
            self._door.loop.call_soon(self._begin)

    def resume(self) -> None:
        """The transport takes more."""
        if self._tls:
            self._copy()

    def _begin(self) -> None:
        """Take over once everything has left the transport's own buffer."""
        if self.response_complete:
            return
        if self._door.transport.get_write_buffer_size():
            self._door.loop.call_later(PAUSE, self._begin)
            return
        # A descriptor of our own: the loop refuses to watch one that belongs to a transport.
        self._socket = os.dup(self._door.transport.get_extra_info("socket").fileno())
        self._push(watched=False)

    def _push(self, *, watched: bool = True) -> None:
        try:
            for _ in range(2):
                count = min(AT_ONCE, self._size - self._position)
                sent = os.sendfile(self._socket, self._file, self._position, count)
                if sent == 0:  # the file is shorter than it was
                    self.stop("StoreFailed")
                    return
                self._position += sent
                self._door.progressed()
                if self._position == self._size:
                    self.stop()
                    return
                if sent < count:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self.stop("ClientGone")
            return
        if not watched:
            self._door.loop.add_writer(self._socket, self._push)

    def _copy(self) -> None:
        while not self.response_complete and self._door.writable():
            try:
                piece = os.pread(self._file, min(PIECE, self._size - self._position), self._position)
            except OSError:
                piece = b""
            if not piece:
                self.stop("StoreFailed")
                return
            self._position += len(piece)
            self._door.transport.write(piece)
            self._door.progressed()
            if self._position == self._size:
                self.stop()

    def stop(self, error: str = "") -> None:
        """Give everything back and tell, once."""
        if self.response_complete:
            return
        self.response_complete = True
        if self._socket >= 0:
            self._door.loop.remove_writer(self._socket)
            os.close(self._socket)
        os.close(self._file)
        self._done(self._position, error)
