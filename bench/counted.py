"""Subak with a counter at its back door: one line for each HTTP request that it sends outside.

counted.py FILE ARGUMENT... — the arguments are those of `subak`. One worker only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import aiohttp

from subak.cli import main


def count(file: Path) -> None:
    """Every request of every session, redirects included since Subak follows them itself."""
    original = aiohttp.ClientSession._request

    async def counted(self: aiohttp.ClientSession, method: str, url: Any, **more: Any) -> aiohttp.ClientResponse:
        with file.open("a") as log:
            log.write(f"{method} {url}\n")
        return await original(self, method, url, **more)

    aiohttp.ClientSession._request = counted  # type: ignore[method-assign, assignment]  # the same arguments, passed on


if __name__ == "__main__":
    count(Path(sys.argv.pop(1)))
    main()
