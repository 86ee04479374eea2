"""A registry of container images with one repository and two tags."""

from __future__ import annotations

import json
from functools import cache

from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE
from registry.oci_registry import MANIFEST, Image, OciRegistry, build_image

NAME = "library/hello"


@cache
def oci() -> Sample:
    with OciRegistry() as registry:
        image = registry.push(NAME, "1.0", build_image("hello", padding=200_000))
        registry.push(NAME, "1.1", build_image("hello again"))
        assert isinstance(image, Image)
        manifest, blob = f"v2/{NAME}/manifests/{image.manifest.digest}", f"v2/{NAME}/blobs/{image.digests[-1]}"
        documents = (f"v2/{NAME}/manifests/1.0", f"v2/{NAME}/tags/list", f"v2/{NAME}/referrers/{image.manifest.digest}")
        upstream = recorded(registry.url, (*documents, manifest, blob), accept=f"{MANIFEST}, */*")
    return Sample(
        "oci", upstream, tuple(f"/{document}" for document in documents), f"/{blob}", f"{BASE}{blob}",
        links=False, chain={f"/{manifest}": f"{BASE}{manifest}"},
        hidden="1.1", listing=f"/v2/{NAME}/tags/list", offered=tags,
    )  # fmt: skip


def tags(body: bytes) -> set[str]:
    """The only list there is: what a tag means stands in its manifest, whose bytes are its name."""
    tree = json.loads(body)
    assert tree["name"] == NAME
    return set(tree["tags"])
