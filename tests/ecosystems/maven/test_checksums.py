"""Checksums as repositories write them down, in headers and in files."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.maven.checksums import from_file, from_headers
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest

MD5, SHA1, SHA256, SHA512 = (hashlib.new(name, b"jar").hexdigest() for name in ("md5", "sha1", "sha256", "sha512"))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"x-checksum-sha1": SHA1, "x-checksum-md5": MD5}, Digest("sha1", SHA1)),
        ({"x-checksum-sha1": SHA1, "x-checksum-sha256": SHA256}, Digest("sha256", SHA256)),
        ({"x-checksum-sha512": SHA512, "x-checksum-sha256": SHA256}, Digest("sha512", SHA512)),
        ({"x-goog-meta-checksum-sha1": SHA1}, Digest("sha1", SHA1)),
        ({"x-amz-meta-checksum-md5": f" {MD5.upper()} "}, Digest("md5", MD5)),
        ({"etag": '"{SHA1{' + SHA1 + '}}"'}, Digest("sha1", SHA1)),
        ({"etag": "{SHA1{" + SHA1 + "}}", "x-checksum-md5": MD5}, Digest("md5", MD5)),
        ({"etag": f'"{MD5}"'}, UNPINNED),
        ({"x-checksum-sha1": "c2hhMQ=="}, UNPINNED),
        ({"x-checksum-sha256": "", "x-checksum-sha1": SHA1}, Digest("sha1", SHA1)),
        ({}, UNPINNED),
    ],
)
def test_headers(headers: dict[str, str], found: Digest) -> None:
    assert from_headers(headers) == found


@pytest.mark.parametrize(
    "text",
    [
        SHA1, SHA1 + "\n", SHA1.upper() + "\r\n", f"{SHA1}  lib-1.0.jar\n", f"{SHA1} */home/x/lib-1.0.jar",
        f"SHA1 (lib-1.0.jar) = {SHA1}\n", f"SHA1(lib-1.0.jar)= {SHA1}", f"\n {SHA1}\n",
    ],
)  # fmt: skip
def test_files(text: str) -> None:
    assert from_file(text.encode(), "sha1", "x") == Digest("sha1", SHA1)


def test_leading_zeros_come_back() -> None:
    whole = "00ab" + SHA1[4:]
    assert from_file(whole.lstrip("0").encode(), "sha1", "x") == Digest("sha1", whole)


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"<html><body>not here</body></html>", b"12", SHA256.encode(), MD5.encode(), b"\xff" * 40, b"g" * 40,
     b"404 Not Found"],
)  # fmt: skip
def test_what_is_no_checksum(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        from_file(memoryview(body), "sha1", "x")


@given(st.binary(max_size=200), st.sampled_from(["md5", "sha1", "sha256", "sha512"]))
def test_any_body_is_a_digest_or_a_lie(body: bytes, algorithm: str) -> None:
    try:
        found = from_file(body, algorithm, "x")
    except UpstreamLied:
        return
    assert found.algorithm == algorithm
