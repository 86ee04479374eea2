"""`python -m bench` or `python bench/__main__.py`, from the repository's root."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
sys.path[:0] = [ROOT, f"{ROOT}/src", f"{ROOT}/tests"]  # tests: the local registries

from bench.command import main  # noqa: E402  # found by the line above

if __name__ == "__main__":
    sys.exit(main())
