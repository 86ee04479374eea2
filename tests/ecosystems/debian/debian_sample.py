"""An archive with one suite: InRelease lists Packages, which lists a package in the pool."""

from __future__ import annotations

from functools import cache

from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE
from registry.debian_registry import DebianRegistry


@cache
def debian() -> Sample:
    with DebianRegistry() as archive:
        deb = archive.add("hello", "1:2.10-3", padding=200_000)
        archive.add("hello", "1:2.12-1")
        archive.publish()
        packages = f"{archive.binaries}Packages.xz"
        upstream = recorded(archive.url, ("dists/stable/InRelease", packages, deb.path))
    return Sample(
        "debian", upstream, ("/debian/dists/stable/InRelease",), deb.asked, f"{BASE}{deb.path}",
        links=False, chain={f"/debian/{packages}": f"{BASE}{packages}"}, stray=True,
        signed="the archive's signature covers every index: apt refuses a list with one version cut out",
    )  # fmt: skip
