"""Every column of a report has a title and a meaning."""

from __future__ import annotations

import msgspec

from subak.analytics.report import model
from subak.analytics.report.names import NAMES

TABLES = (
    model.Concentration, model.Origin, model.Purpose, model.Mix, model.Software, model.Consumer, model.Package,
    model.Avoidable, model.CostLine, model.Reject,
)  # fmt: skip


def test_every_column_is_explained() -> None:
    columns = {field.name for table in TABLES for field in msgspec.structs.fields(table)}
    told_by_the_form = {"lorenz", "document_requests", "document_bytes"}
    assert columns - NAMES.keys() - told_by_the_form == set()


def test_meanings_are_sentences() -> None:
    for name, named in NAMES.items():
        assert named.meaning.endswith("."), name
        assert named.title
