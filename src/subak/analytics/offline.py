"""What every engine here is told first."""

from __future__ import annotations

OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Settings of DuckDB that keep it from fetching anything."""
