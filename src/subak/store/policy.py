"""When the operator's rules last changed: documents filtered by them are dated no earlier."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from subak.errors import StoreFailed
from subak.store.disk import fix_for

FILE = "policy.json"


def changed_at(folder: Path, rules: Sequence[str], now: float) -> float:
    """Unix time since which these rules hold, remembered in the data folder; 0 when there never were any.

    Clients that ask by date (If-Modified-Since) would otherwise keep what a newer rule withholds. Raises StoreFailed.
    """
    file = folder / FILE
    fingerprint = hashlib.sha256("\n".join(sorted(rules)).encode()).hexdigest() if rules else ""
    try:
        known = json.loads(file.read_bytes())
        if known["rules"] == fingerprint:
            return float(known["since"])
    except FileNotFoundError:
        if not rules:
            return 0.0
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not readable: as if it changed now
    temporary = file.with_suffix(".new")
    try:
        temporary.write_text(json.dumps({"rules": fingerprint, "since": now}))
        temporary.replace(file)
    except OSError as error:
        raise StoreFailed(f"cannot write {FILE}: {error.strerror}", fix=fix_for(error)) from error
    return now
