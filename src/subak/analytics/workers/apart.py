"""Python's work for another processor: an object that lives in a process of its own, and is asked in order.

One interpreter runs one thread at a time, so only a second process makes use of a second processor. It begins as a
copy of this one (fork), so nothing has to be sent first, and loads for itself what only it needs; that is safe on Linux
only, and only from a process that has no threads holding locks. Elsewhere the object lives here, in a thread.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Protocol

from subak.errors import StoreFailed

AHEAD = 3
"""Questions that wait in the worker's memory."""


class Worker(Protocol):
    """Somebody who is asked, and answers in order."""

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        """Have a method called. The future raises what it raised."""

    def close(self) -> None:
        """Stop; what was not begun is not answered."""


def employed(make: Callable[[], object], *, apart: bool) -> Worker:
    """Have a worker made and let it work beside: in a process of its own if `apart` and this system allows it.

    What is asked and answered must then be picklable, and what the worker learns stays with it. An answer raises what
    making it raised, and StoreFailed if the process was ended by somebody else.
    """
    if apart and sys.platform == "linux":
        with suppress(OSError):  # no further process is allowed: it takes longer then
            return _Apart(make)
    return _Here(make)


class _Here:
    """In a thread."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._thread = ThreadPoolExecutor(1, "worker")
        self._made = self._thread.submit(make)

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        return self._thread.submit(_called, self._made, method, arguments)

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


class _Apart:
    """In a process. Sending has a thread of its own: both sides may be waiting for room in the pipe."""

    def __init__(self, make: Callable[[], object]) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._ours, make), daemon=True)
        self._process.start()
        theirs.close()
        self._sender, self._receiver = ThreadPoolExecutor(1, "sender"), ThreadPoolExecutor(1, "receiver")

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        sent = self._sender.submit(self._ours.send, (method, arguments))
        return self._receiver.submit(self._answer, sent)

    def _answer(self, sent: Future[None]) -> Any:
        try:
            sent.result()
            answer, error = self._ours.recv()
        except (EOFError, ConnectionError) as broken:
            fix = "See what ended it: on most machines that is a lack of memory."
            raise StoreFailed("A process of this analysis was stopped from outside", fix=fix) from broken
        if error is not None:
            raise error
        return answer

    def close(self) -> None:
        self._process.kill()  # it holds nothing but copies, and may have inherited whatever handles other signals
        self._process.join()
        self._sender.shutdown(cancel_futures=True)
        self._receiver.shutdown(cancel_futures=True)
        self._ours.close()


def _serve(ours: Connection, theirs: Connection, make: Callable[[], object]) -> None:
    """Answer until nobody asks any more. What is asked is received ahead, and answers are sent behind."""
    theirs.close()  # else this side would keep the pipe open when the other one is gone
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and stops this
    gc.freeze()  # what was copied belongs to the other process: nothing of it is to be cleaned up here
    with (
        suppress(EOFError, ConnectionError),
        ThreadPoolExecutor(1) as receiver,
        ThreadPoolExecutor(1) as worker,
        ThreadPoolExecutor(1) as sender,
    ):
        made = worker.submit(make)
        coming = deque(receiver.submit(ours.recv) for _ in range(AHEAD))
        made.exception()  # wait
        gc.freeze()
        while True:
            method, arguments = coming.popleft().result()
            coming.append(receiver.submit(ours.recv))
            done = worker.submit(_called, made, method, arguments)
            packed = worker.submit(_packed, done)
            packed.exception()
            sender.submit(_send, ours, packed)


def _packed(done: Future[Any]) -> memoryview:
    """An answer, or the error instead of it. Raises what cannot be pickled raises."""
    error = done.exception()
    return ForkingPickler.dumps((None if error else done.result(), error))


def _send(ours: Connection, packed: Future[memoryview]) -> None:
    error = packed.exception()
    ours.send_bytes(ForkingPickler.dumps((None, error)) if error else packed.result())


def _called(made: Future[object], method: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(made.result(), method)(*arguments)
