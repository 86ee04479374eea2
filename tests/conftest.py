"""Fixtures of the end-to-end tests: a local upstream, and real gateways in front of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from e2e.running import IMPATIENT, Gateway, Start
from registry.upstream import Registry

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs so, and the processes that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("house", deadline=None)  # a busy machine is no failure
settings.load_profile("house")


@pytest.fixture
def upstream() -> Iterator[Registry]:
    """A local upstream of one's own, with nothing in it."""
    with Registry() as registry:
        yield registry


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(upstream, {"section.field": "text"}, workers=1, name="data")` → a running gateway in front of it."""
    with ExitStack() as stack:

        def begin(
            upstream: Registry, settings: Mapping[str, str] | None = None, *, workers: int = 1, name: str = "data"
        ) -> Gateway:
            urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
            gateway = Gateway(tmp_path / name, {**IMPATIENT, **(settings or {})}, urls, workers=workers)
            return stack.enter_context(gateway)

        yield begin


@pytest.fixture
def gateway(upstream: Registry, start: Start) -> Gateway:
    """A gateway of one's own in front of `upstream`, impatient enough for tests."""
    return start(upstream)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Binary parameters are named by their argument: gzip's time stamps would differ between worker processes."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").replace("\n", "").isprintable()):
        return argname
    return None
