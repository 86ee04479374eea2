"""`subak serve`: its flags reach the settings, and what is wrong with them is said before it listens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--port", "70000"), "70000 is not a port"),
        (("--workers", "0"), "workers must be at least 1"),
        (("--tls-cert", "a.pem"), "tls_cert and server.tls_key go together"),
        (("--public-url", "gate"), "'gate' is not an http(s) URL"),
        (("--log-level", "loud"), "use debug, info, warning or error"),
        (("--config", "none.toml"), "cannot read none.toml"),
    ],
)
def test_flags_are_settings(cli: Type, flags: tuple[str, ...], complaint: str) -> None:
    said = cli("serve", *flags)
    assert said.code == 1
    assert complaint in said.err
    assert said.err.startswith("error: ")


def test_a_data_folder_that_is_a_file(cli: Type, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = cli("serve", "--port", "0", "--data", str(tmp_path / "file"))
    assert said.code == 1
    assert "fix: " in said.err
