"""One artifact and its document, in either ecosystem, as the weather tests need them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from e2e.asking import Answer
from e2e.running import IMPATIENT, Gateway
from registry.upstream import Registry

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


ALWAYS_OLD = {"cache.fresh": "0.01ms", "cache.revalidate_behind": "0"}
"""Settings under which documents are asked for again on every request."""


class Upstream(Protocol):
    """A registry behind the gateway."""

    @property
    def url(self) -> str: ...


def in_front_of(
    ecosystem: str, upstream: Upstream, folder: Path, settings: Mapping[str, str] | None = None, *,
    name: str = "data", **own: str,
) -> Gateway:  # fmt: skip
    """An impatient gateway with one upstream; settings are a mapping, or written section__field."""
    spelled = {key.replace("__", "."): value for key, value in own.items()}
    return Gateway(folder / name, {**IMPATIENT, **(settings or {}), **spelled}, {ecosystem: upstream.url})


@dataclass(frozen=True, slots=True)
class Thing:
    """An artifact: where it is asked for here and upstream, and what it must be."""

    ecosystem: str
    path: str
    """On the gateway."""
    theirs: str
    """On the upstream; also a shell pattern."""
    body: bytes
    document: str
    """Its index document on the gateway."""
    document_theirs: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def publish(upstream: Registry, ecosystem: str, *, size: int = 400_000, name: str = "thing") -> Thing:
    """Publish a package with about `size` bytes of noise. The path of a Python file is what the page will say."""
    if ecosystem == "npm":
        version = upstream.add_npm(name, "1.0.0", padding=size)
        return Thing("npm", "/npm" + version.path, version.path, version.body, f"/npm/{name}", f"/{name}")
    file = upstream.add_wheel(name, "1.0", padding=size)
    return Thing("pypi", "", file.path, file.body, f"/pypi/simple/{name}/", f"/simple/{name}/")


def found(thing: Thing, gateway: Gateway) -> Thing:
    """The thing with its path as the gateway's page gives it; for npm nothing is asked."""
    if thing.path:
        return thing
    rows = gateway.ask(thing.document, {"accept": SIMPLE_JSON}).json()["files"]
    filename = thing.theirs.rpartition("/")[2]
    url = next(r["url"] for r in rows if r["filename"] == filename)
    path = urlsplit(urljoin(gateway.url + thing.document, url)).path
    return Thing(thing.ecosystem, path, thing.theirs, thing.body, thing.document, thing.document_theirs)


def refused(answer: Answer, *statuses: int) -> None:
    """Fails unless the answer is a problem document with one of these statuses."""
    assert answer.status in statuses, (answer.status, answer.reason, answer.body[:500])
    assert answer["content-type"].startswith("application/problem+json")
    assert answer.complete
    document = answer.json()
    assert document["status"] == answer.status
    assert document["title"]
    assert len(document["detail"]) > 10
    assert document["type"]


def never_whole(answer: Answer, *statuses: int) -> None:
    """Fails unless the client can tell that it has not got the file: refused, or broken off."""
    if answer.status == 200:
        assert not answer.complete
        assert answer["content-length"] or answer["transfer-encoding"]
    else:
        refused(answer, *(statuses or (502, 504)))


def good(gateway: Gateway, thing: Thing) -> Answer:
    """Fails unless the thing is served whole and right, and kept under its own digest."""
    answer = gateway.ask(thing.path)
    assert (answer.status, answer.complete) == (200, True), (answer.status, answer.body[:300])
    assert answer.body == thing.body
    eventually(lambda: thing.sha256 in gateway.blobs())
    return answer


def settled(gateway: Gateway, thing: Thing) -> None:
    """Serve it until it is a hit: between the last byte and the catalogue's entry lies an fsync."""
    eventually(lambda: good(gateway, thing)["x-subak-cache"] == "hit")


def eventually(true: Callable[[], object], within: float = 10.0) -> None:
    """Wait for something another process does. Fails when it does not happen."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"did not happen within {within} s"
        time.sleep(0.01)
