"""A conda client in a process of its own: solves and installs below the working directory.

rattler_install.py ALIAS CHANNEL SPEC...
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from rattler import Channel, ChannelConfig, Client, Gateway, Subdir, install, solve

PLATFORM = Subdir("linux-64")


async def main(alias: str, channel: str, specs: Sequence[str]) -> None:
    """Everything that it keeps lies in `cache` and `prefix`."""
    client = Client([])
    gateway = Gateway(cache_dir=Path("cache", "repodata"), client=client)
    records = await solve(
        sources=[Channel(channel, ChannelConfig(channel_alias=alias))], specs=list(specs), gateway=gateway,
        platforms=[PLATFORM, Subdir("noarch")], virtual_packages=[],
    )  # fmt: skip
    await install(
        records, target_prefix="prefix", cache_dir=Path("cache", "packages"), show_progress=False, client=client,
        platform=PLATFORM,
    )  # fmt: skip


if __name__ == "__main__":
    code = 0
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
    except Exception:  # told and passed on as the exit code
        traceback.print_exc()
        code = 1
    sys.stderr.flush()
    os._exit(code)  # the interpreter's own clean-up may crash the library's threads
