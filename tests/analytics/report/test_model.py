"""A report survives being written and read; what is none is refused."""

from __future__ import annotations

import msgspec
import pytest

from subak.analytics.report.model import VERSION, Report, decode, encode
from subak.errors import BadRequest


def test_a_report_is_the_same_after_a_round_trip(report: Report) -> None:
    assert decode(encode(report), "r.json") == report


def test_money_is_text_so_that_no_cent_is_lost(report: Report) -> None:
    raw = msgspec.json.decode(encode(report))
    assert isinstance(raw["bill"]["total"], str)
    assert raw["version"] == VERSION


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no report"),
        (b"[]", "no report"),
        (b"{}", "no report"),
        (b'{"version": 1}', "no report"),
        (b'{"version": 99}', "version 99"),
        (b"\xff", "no report"),
    ],
)
def test_what_is_no_report_is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(BadRequest, match=says) as failed:
        decode(data, "r.json")
    assert "r.json" in failed.value.detail


def test_its_schema_can_be_told() -> None:
    schema = msgspec.json.schema(Report)
    assert "meta" in schema["$defs"]["Report"]["properties"]


def test_a_window_is_never_of_no_length(report: Report) -> None:
    window = report.meta.window
    assert msgspec.structs.replace(window, end=window.start).seconds == 1
