"""The options of `subak analyze` in its help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from subak.cli import options

Type = Callable[..., Any]


@pytest.mark.parametrize("name", ["READING", "ASKING", "KNOWING", "SHOWING", "PRIVACY"])
def test_every_group_is_in_the_help(cli: Type, name: str) -> None:
    assert getattr(options, name) in cli("analyze", "--help").out


def test_an_option_takes_its_name_and_group() -> None:
    made = options.option("", "key", options.PRIVACY, "A key.", metavar="FILE")
    assert (made.param_decls, made.rich_help_panel, made.metavar) == (("--key",), options.PRIVACY, "FILE")
