"""A Maven repository with one artifact: a list of versions, a jar, and the checksum file beside it."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree

from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE
from registry.maven_registry import MavenRegistry

LIST = "com/acme/lab/maven-metadata.xml"


@cache
def maven() -> Sample:
    with MavenRegistry(announce=()) as repository:  # as bare mirrors do: the checksum file alone announces the jar
        jar = repository.add("com.acme", "lab", "1.0", padding=200_000)
        repository.add("com.acme", "lab", "1.1")
        upstream = recorded(repository.url, (LIST, jar, f"{jar}.sha1"))
    documents = (f"/maven/{LIST}", *(f"/maven/{LIST}.{algorithm}" for algorithm in ("md5", "sha1", "sha256")))
    return Sample(
        "maven", upstream, documents, f"/maven/{jar}", f"{BASE}{jar}", links=False, hidden="1.1", offered=versions
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What a version range is resolved among. <latest> and <release> must be among it, too."""
    root = ElementTree.fromstring(body)
    found = {element.text or "" for element in root.findall("versioning/versions/version")}
    assert root.tag == "metadata"
    assert {root.findtext("versioning/latest"), root.findtext("versioning/release")} <= found
    return found
