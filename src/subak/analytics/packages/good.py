"""What one request of a log is about."""

from __future__ import annotations

from typing import Final, NamedTuple


class Good(NamedTuple):
    """Of one distinct method, host and target. The names of kinds are those of `subak.model.exchange.Kind`."""

    ecosystem: str = ""
    """'' where nothing fits."""
    kind: str = "unknown"
    key: str = ""
    """The file or the document within its ecosystem; all spellings of one thing share it."""
    version: str = ""
    package: str = ""
    """The purl without version and qualifiers; '' where no package is meant."""
    purl: str = ""


NOTHING: Final = Good()
LATER: Final = Good(kind="later")
"""Its shape says too little: `Recogniser.settle` tells once all the log was seen. Compare by identity."""
