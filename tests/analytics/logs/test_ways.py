"""Which quick way a block goes."""

from __future__ import annotations

import pytest

from subak.analytics.logs.formats import by_name
from subak.analytics.logs.ways import first_lines, ways

COMBINED = b'192.0.2.1 - - [05/Oct/2026:08:00:06 +0000] "GET / HTTP/1.1" 200 1 "-" "uv/0.9"\n'
JSON = b'{"time":"2026-10-05T08:00:06Z","remote_addr":"192.0.2.1","request":"GET / HTTP/1.1","status":"200"}\n'
FIELDS = b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(User-Agent)\n"
FRONT = b"2026-10-05\t08:00:06\tZRH\t1\t192.0.2.1\tGET\th.example\t/\t200\tuv\n"


@pytest.mark.parametrize(
    ("name", "data", "want"),
    [
        ("combined", COMBINED * 3, [True]),
        ("json", JSON * 3, [True]),
        ("json", b'["no object"]\n', [False]),
        ("cloudfront", FIELDS + FRONT + FIELDS.replace(b" sc-bytes", b"") + FRONT, [True, True]),
        ("cloudfront", FIELDS.replace(b"cs-method", b"cs-username") + FRONT, [False]),
        ("squid", b"anything\n", [False]),
    ],
)
def test_ways(name: str, data: bytes, want: list[bool]) -> None:
    form = by_name(name)
    assert form is not None
    found = list(ways(form, data, ()))
    assert [way is not None for way, _ in found] == want
    assert b"".join(piece for _, piece in found) == data
    for way, _ in found:
        assert way is None or way.left_out(b"")
        assert way is None or "raw" in way.relation("/dev/null")


def test_the_first_lines_are_few() -> None:
    assert first_lines(b"\n\na\n\nb") == [b"a", b"b"]
    assert len(first_lines(b"a\n" * 1000)) == 100
