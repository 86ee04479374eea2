"""A conda client in a process of its own: rattler solves and installs as its arguments, one JSON object, say.

What it prints is one JSON object, too: the records that were installed, or what it says of its failure. It ends
without the interpreter's clean-up, which may crash after a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from rattler import (
    Channel,
    ChannelConfig,
    Client,
    Gateway,
    LockChannel,
    LockFile,
    LockPlatform,
    RepoDataRecord,
    Subdir,
    install,
    solve,
)
from rattler.networking import MirrorMiddleware

PLATFORM = Subdir("linux-64")


async def solved(wanted: dict[str, Any], client: Client) -> list[RepoDataRecord]:
    """The records of a fresh solution, or of the lock file."""
    lock = Path(wanted["lock"])
    if lock.exists():
        environment = LockFile.from_path(lock).default_environment()
        assert environment is not None
        return list(environment.conda_repodata_records_for_platform(environment.platforms()[0]) or [])
    channels = [Channel(name, ChannelConfig(channel_alias=wanted["alias"])) for name in wanted["channels"]]
    gateway = Gateway(cache_dir=Path(wanted["cache"]) / "repodata", client=client)
    return await solve(
        sources=channels, specs=wanted["specs"], gateway=gateway, platforms=[PLATFORM, Subdir("noarch")],
        virtual_packages=[],
    )  # fmt: skip


async def main(wanted: dict[str, Any]) -> dict[str, Any]:
    """Solve, install, tell."""
    client = Client([MirrorMiddleware(wanted["mirrors"])] if wanted["mirrors"] else [])
    records = await solved(wanted, client)
    await install(
        records, target_prefix=wanted["prefix"], cache_dir=Path(wanted["cache"]) / "packages", show_progress=False,
        client=client, platform=PLATFORM,
    )  # fmt: skip
    if not Path(wanted["lock"]).exists():
        write_lock(Path(wanted["lock"]), records, wanted)
    return {"installed": {r.name.normalized: [str(r.version), r.url] for r in records}}


def write_lock(path: Path, records: list[RepoDataRecord], wanted: dict[str, Any]) -> None:
    """A lock file in pixi's format."""
    platform = LockPlatform(str(PLATFORM), PLATFORM)
    lock = LockFile([platform])
    lock.set_channels("default", [LockChannel(f"{wanted['alias']}{name}") for name in wanted["channels"]])
    for record in records:
        lock.add_conda_package("default", platform, record)
    lock.to_path(path)


if __name__ == "__main__":
    try:
        answer = asyncio.run(main(json.loads(sys.argv[1])))
    except Exception as error:  # whatever it is, the test wants to read it
        answer = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
    os._exit(0)
