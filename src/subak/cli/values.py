"""Values that need no conversion are taken as they are.

Typer has every value checked by pydantic, whose import takes longer than all else that a command does before it begins.
Nearly all values here are defaults, plain texts and names of files: those are told apart below, and whatever else
there is goes Typer's way, with its messages.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

Process = Callable[[Any, Any], Any]
"""Context and value as parsed → the value that the command gets."""

_FLAGS = ("exists", "writable", "resolve_path", "allow_dash", "path_type", "parser", "click_type")
"""What an option may demand of a file's name."""


class Unlike(Exception):
    """A value that somebody has to look at."""


class _Quick:
    """Parameters that leave pydantic alone while their values are plain."""

    def get_params(self, ctx: Any) -> list[Any]:
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            # A Typer whose parameters have no such descriptors needs no pydantic either.
            if hasattr(param, "type_descriptor") and "process_value" not in vars(param):
                param.process_value = _quick(param, param.process_value)
        return params


class QuickCommand(_Quick, TyperCommand):
    """For `cls` of a command."""


class QuickGroup(_Quick, TyperGroup):
    """For `cls` of a group of commands."""


def _quick(param: Any, checked: Process) -> Process:
    def process(context: Any, value: Any) -> Any:
        try:
            found = plain(param, value)
        except Unlike:
            return checked(context, value)
        return param.callback(context, param, found) if param.callback else found

    return process


def plain(param: Any, value: Any) -> Any:
    """What Typer would make of a value of this parameter. Raises Unlike where that is not certain."""
    kind, several = param.type_descriptor.annotation, param.multiple or param.nargs == -1
    if param.required:
        raise Unlike
    if value is None:
        return () if several else None
    if several:
        if not isinstance(value, (list, tuple)):
            raise Unlike
        return [_one(param, kind.__args__[0], text) for text in value]
    if kind is not Path and type(value) is kind and value == param.default:
        return value
    return _one(param, kind, value)


def _one(param: Any, kind: Any, text: Any) -> str | Path:
    if not isinstance(text, str):
        raise Unlike
    if kind is str and param.type_descriptor.parameter_info.parser is None:
        return text
    info = param.type_descriptor.parameter_info
    unusual = any(getattr(info, flag, None) for flag in _FLAGS) or not (info.file_okay and info.dir_okay)
    # Typer refuses files that are there but cannot be read.
    if kind is Path and not unusual and (os.access(text, os.R_OK) or not os.path.lexists(text)):
        return Path(text)
    raise Unlike
