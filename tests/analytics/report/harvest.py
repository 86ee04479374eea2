"""A small log as tables: one consumer that asks for everything again and again, and 29 that ask once.

Client 0: 100 × file 0 (1 000 bytes) and 50 × file 1 (500 bytes). Clients 1 to 29: file 0, and a document (200 bytes).
"""

from __future__ import annotations

from typing import Final

START: Final = 1_791_158_400.0
"""Monday, 2026-10-05 00:00 UTC."""
REQUESTS: Final = 150 + 2 * 29
BYTES: Final = 100 * 1000 + 50 * 500 + 29 * 1200
HOSTILE: Final = "<script>alert('x')</script>\x1b[31m\u202e\"&=1+1"
PRICES = """
name = "test list"
currency = "EUR"
scope = "all"
source = "made up"
date = 2026-11-01
per_million_requests = 1000
[[egress]]
per_gb = 5000
"""


def asked(at: str, who: str, kind: str, item: str, sent: int, times: str) -> str:
    """Rows of `facts`: SQL for when and who, over a range `t(i)`; a document where `item` is -1."""
    document, package = ("0", "0") if item == "-1" else ("-1", item)
    return f"""INSERT INTO facts BY NAME SELECT {at} AS "at", {who} AS client, {who} AS network, {who} AS consumer,
        {who} AS stream, least({who}, 1) AS agent, 0 AS run, 'npm' AS ecosystem, '{kind}' AS kind, {item} AS item,
        {document} AS document, {package} AS package, 'GET' AS method, 200 AS status, {sent} AS sent, '' AS cache
        FROM range({times}) t(i)"""


FILL: Final = (
    asked(f"{START} + i * 60", "0", "artifact", "0", 1000, "100"),
    asked(f"{START} + 86400 + i", "0", "artifact", "1", 500, "50"),
    asked(f"{START} + i * 3600", "i", "artifact", "0", 1000, "1, 30"),
    asked(f"{START} + i * 3600 + 1", "i", "index", "-1", 200, "1, 30"),
    *(
        f"INSERT INTO {table} BY NAME {rows}"
        for table, rows in (
            ("clients", "SELECT i AS client, 'a-' || i AS name, i AS network, i AS consumer, 4 AS version, "
             "if(i = 0, 'cloud', 'homes') AS provider, if(i = 0, 'hyperscaler', 'residential') AS origin "
             "FROM range(30) t(i)"),
            ("networks", "SELECT i AS network, 'n-' || i AS name FROM range(30) t(i)"),
            ("consumers", "SELECT i AS consumer, if(i = 0, $hostile, 'c-' || i) AS name, if(i = 0, 'C', 'D') AS grade "
             "FROM range(30) t(i)"),
            ("streams", "SELECT i AS stream, i AS client, if(i = 0, $hostile, 'npm') AS software, "
             "'installer' AS software_kind, least(i, 1) AS agent, if(i = 0, 'ci-hosted', if(i < 20, 'dev-install', "
             "'unknown')) AS purpose, 0.9 AS posterior, '' AS flags FROM range(30) t(i)"),
            ("agents", "SELECT i AS agent, if(i = 0, $hostile, 'npm') AS software, 'installer' AS kind, i = 0 AS ci, "
             "'npm' AS ecosystem, if(i = 0, 'named', '') AS flags FROM range(2) t(i)"),
            ("items", "SELECT i AS item, i AS package, 'npm' AS ecosystem, 'artifact' AS kind, '1' AS version, "
             "'pkg:npm/' || if(i = 0, 'a', $hostile) || '@1' AS purl FROM range(2) t(i)"),
            ("documents", "SELECT 0 AS document, 0 AS package, 'npm' AS ecosystem, 'index' AS kind"),
            ("packages", "SELECT i AS package, 'npm' AS ecosystem, 'pkg:npm/' || if(i = 0, 'a', $hostile) AS purl "
             "FROM range(2) t(i)"),
            ("rejects", "SELECT '/secret/place/a.log' AS source, 9 AS line, 10 AS bytes, $hostile AS reason, "
             "'@x' AS sample"),
            ("rejects", "SELECT '/secret/place/a.log' AS source, i AS line, 7 AS bytes, 'short' AS reason, "
             "'=cmd()' AS sample FROM range(3, 5) t(i)"),
        )
    ),
)  # fmt: skip
