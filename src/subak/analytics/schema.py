"""The tables of one analysis. `facts` has one row a request; the others say what its numbers mean.

Numbers are dense, begin at 0 and mean nothing outside of one analysis. -1 is "none". Addresses are in no table here:
`name` columns hold pseudonyms (see `subak.analytics.privacy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

METHODS: Final = ("GET", "HEAD", "POST", "other", "")
"""'' where the log does not tell."""
CACHES: Final = ("", "hit", "miss", "revalidated", "stale", "bypass", "denied", "error", "peer")
KINDS: Final = (
    "artifact", "metadata", "index", "listing", "config", "relay", "made", "derived", "own", "unknown",
)  # fmt: skip
"""What the path means: the values of `subak.model.exchange.Kind`."""

FACTS: Final[Mapping[str, str]] = {
    "at": "DOUBLE",  # Unix seconds
    "client": "INTEGER",  # an IPv4 address or an IPv6 /64; -1 where the log has no addresses
    "network": "INTEGER",  # its /24 or /48
    "consumer": "INTEGER",  # who is accounted for, see `consumers`
    "stream": "INTEGER",  # client and software: what is classified, see `streams`
    "agent": "INTEGER",  # see `agents`
    "run": "UBIGINT",  # the tool's own random name of this run, hashed; 0 unknown
    "ecosystem": "VARCHAR",  # '' unknown
    "kind": "VARCHAR",  # one of KINDS
    "item": "INTEGER",  # an immutable file; -1 for documents and whatever else
    "document": "INTEGER",  # a mutable document; -1 for files and whatever else
    "package": "INTEGER",  # -1 none
    "method": "VARCHAR",  # one of METHODS
    "status": "SMALLINT",  # 0 unknown
    "sent": "BIGINT",  # body bytes; -1 unknown
    "cache": "VARCHAR",  # one of CACHES
}

CLIENTS: Final[Mapping[str, str]] = {
    "client": "INTEGER",
    "name": "VARCHAR",  # pseudonym, 'a-' and 12 letters
    "network": "INTEGER",
    "consumer": "INTEGER",
    "version": "TINYINT",  # 4, 6; 0 if it is no address
    "provider": "VARCHAR",  # by the operator's range pack; '' unknown
    "origin": "VARCHAR",  # one of ORIGINS
}

NETWORKS: Final[Mapping[str, str]] = {"network": "INTEGER", "name": "VARCHAR"}  # pseudonym, 'n-…'

CONSUMERS: Final[Mapping[str, str]] = {
    "consumer": "INTEGER",
    "name": "VARCHAR",  # the operator's own name for it, else a pseudonym 'c-…'
    "grade": "VARCHAR",  # A authenticated, B verified network, C the operator's mapping, D inferred
}

STREAMS: Final[Mapping[str, str]] = {
    "stream": "INTEGER",
    "client": "INTEGER",
    "software": "VARCHAR",  # `Software.family`
    "software_kind": "VARCHAR",  # `Software.kind`
    "agent": "INTEGER",  # the one it sent most often, see `agents`
    "purpose": "VARCHAR",  # one of PURPOSES
    "posterior": "DOUBLE",  # of that purpose, 0 … 1
    "flags": "VARCHAR",  # 'impersonator' and the like, separated by commas
}

AGENTS: Final[Mapping[str, str]] = {
    "agent": "INTEGER",
    "software": "VARCHAR",
    "version": "VARCHAR",
    "kind": "VARCHAR",
    "ci": "BOOLEAN",  # false: does not say
    "ci_vendor": "VARCHAR",
    "self_hosted": "VARCHAR",  # 'yes', 'no', '' unknown
    "os": "VARCHAR",
    "arch": "VARCHAR",
    "runtime": "VARCHAR",
    "command": "VARCHAR",
    "ecosystem": "VARCHAR",
    "flags": "VARCHAR",  # separated by commas
    "declared": "VARCHAR",  # what it says of its purpose, as in 'ci-hosted=3.5,dev-install=-4'
}

ITEMS: Final[Mapping[str, str]] = {
    "item": "INTEGER",
    "package": "INTEGER",
    "ecosystem": "VARCHAR",
    "kind": "VARCHAR",
    "purl": "VARCHAR",
    "version": "VARCHAR",
    "key": "UBIGINT",  # the same for the same file in every analysis
}

DOCUMENTS: Final[Mapping[str, str]] = {
    "document": "INTEGER",
    "package": "INTEGER",
    "ecosystem": "VARCHAR",
    "kind": "VARCHAR",
    "key": "UBIGINT",
}

PACKAGES: Final[Mapping[str, str]] = {"package": "INTEGER", "ecosystem": "VARCHAR", "purl": "VARCHAR"}

ORIGINS: Final = (
    "hyperscaler", "hosting", "residential", "enterprise", "education", "cdn-relay", "vpn-tor", "reserved", "",
)  # fmt: skip
"""Kinds of networks; '' unknown."""

DECLARED: Final[Mapping[str, str]] = {"agent": "INTEGER", "purpose": "VARCHAR", "weight": "DOUBLE"}
"""`Software.purposes` of each agent: log odds within ±4, zeros left out."""

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "facts": FACTS,
    "clients": CLIENTS,
    "networks": NETWORKS,
    "consumers": CONSUMERS,
    "streams": STREAMS,
    "agents": AGENTS,
    "items": ITEMS,
    "documents": DOCUMENTS,
    "packages": PACKAGES,
    "declared": DECLARED,
}


def as_columns(columns: Mapping[str, str]) -> str:
    """The inside of CREATE TABLE."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
