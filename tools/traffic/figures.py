"""The published figures, counted by brute force in the truth: what an analysis of the log should find.

python -m tools.traffic.figures DIR
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

DOWNLOAD = "method = 'GET' AND status = 200 AND kind = 'artifact'"
PYTHON = "('pip', 'uv', 'poetry')"
_SIMPLE = {
    "lines": "count(*)",
    "addresses": "count(DISTINCT address)",
    "bytes": "sum(sent)",
    "downloads": f"count(*) FILTER ({DOWNLOAD})",
    "download_bytes": f"sum(sent) FILTER ({DOWNLOAD})",
    "cloud_addresses": "count(DISTINCT address) FILTER (cloud) / count(DISTINCT address)",
    "cloud_downloads": f"count(*) FILTER (cloud AND {DOWNLOAD}) / count(*) FILTER ({DOWNLOAD})",
    "python_installers": f"count(*) FILTER ({DOWNLOAD} AND ecosystem = 'pypi' AND family IN {PYTHON})"
    f" / count(*) FILTER ({DOWNLOAD} AND ecosystem = 'pypi')",
    "python_mirrors": f"count(*) FILTER ({DOWNLOAD} AND ecosystem = 'pypi' AND family = 'bandersnatch')"
    f" / count(*) FILTER ({DOWNLOAD} AND ecosystem = 'pypi')",
    "shadow_requests": "count(*) FILTER (shadow) / count(*)",
    "not_modified": "count(*) FILTER (status = 304) / count(*)",
    "heads": "count(*) FILTER (method = 'HEAD') / count(*)",
    "partial": "count(*) FILTER (status = 206) / count(*)",
    "failed": "count(*) FILTER (status >= 400) / count(*)",
}


def _top(weight: str, where: str = "true") -> str:
    """Share of the first ceil(1 %) of addresses by weight."""
    return (
        f"WITH w AS (SELECT address, {weight} AS w FROM log WHERE {where} GROUP BY address), "
        "r AS (SELECT w, row_number() OVER (ORDER BY w DESC, address) AS n, count(*) OVER () AS all_of FROM w) "
        "SELECT sum(w) FILTER (n <= ceil(all_of / 100)) / sum(w) FROM r"
    )


def _avoidable(level: str) -> str:
    """What an ideal cache of each consumer would have spared: of each file all downloads but one, the largest."""
    return (
        f"SELECT sum(n - 1), sum(b - m) FROM (SELECT count(*) AS n, sum(sent) AS b, max(sent) AS m FROM log "
        f"WHERE {DOWNLOAD} GROUP BY {level}, item)"
    )


def figures(folder: Path) -> dict[str, float]:
    """All figures of a folder of truth."""
    with duckdb.connect() as engine:
        where = str(folder).replace("'", "''")
        engine.execute(
            f"CREATE TEMP TABLE log AS SELECT l.*, a.organisation, a.purpose, a.shadow, r.* EXCLUDE (request), "
            f"d.origin = 'hyperscaler' AS cloud FROM '{where}/lines.parquet' l JOIN '{where}/actors.parquet' a "
            f"USING (actor) JOIN '{where}/requests.parquet' r USING (request) JOIN '{where}/addresses.parquet' d "
            f"USING (address)"
        )

        def row(query: str) -> tuple[float, ...]:
            found = engine.execute(query).fetchone()
            return tuple(float(value or 0) for value in found or ())

        names = list(_SIMPLE)
        found = dict(zip(names, row(f"SELECT {', '.join(_SIMPLE.values())} FROM log"), strict=True))
        found["top_requests"] = row(_top("count(*)"))[0]
        found["top_downloads"] = row(_top("count(*)", DOWNLOAD))[0]
        found["top_bytes"] = row(_top("sum(sent)"))[0]
        for level in ("address", "organisation"):
            found[f"avoidable_downloads_{level}"], found[f"avoidable_bytes_{level}"] = row(_avoidable(level))
        for purpose, share in engine.execute(
            "SELECT purpose, count(*) / (SELECT count(*) FROM log) FROM log GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall():
            found[f"requests_of_{purpose}"] = float(share)
        for ecosystem, share in engine.execute(
            "SELECT ecosystem, count(*) / (SELECT count(*) FROM log) FROM log GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall():
            found[f"requests_for_{ecosystem}"] = float(share)
        return found


if __name__ == "__main__":
    print(json.dumps(figures(Path(sys.argv[1])), indent=1))
