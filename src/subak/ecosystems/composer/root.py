"""`packages.json`, the document that tells where the rest is: upstream's is read, ours is written afresh.

Nothing of upstream's goes through unread: one address too many, and clients would go round the gateway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin

from msgspec import Raw

from subak.ecosystems.base import Page, Site, View
from subak.ecosystems.composer.members import encode, items, members, text
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Subject

PATH = "packages.json"

_MESSAGES = ("info", "info-versions", "infos", "warning", "warning-versions", "warnings")
"""What clients print; passed on as it is."""


@dataclass(frozen=True, slots=True)
class Services:
    """What an upstream's root offers; addresses and templates as it wrote them, '' for what it has not."""

    metadata: str
    search: str
    listing: str
    providers: str
    advisories: str
    summary: str
    filtering: str
    inline: frozenset[str]
    """Names, in lower case, of the packages that stand in the root itself and win over the metadata URL."""


@lru_cache(maxsize=4)
def services(body: bytes) -> Services:
    """Read a root. Raises UpstreamLied for anything else, and for one that only Composer 1 understands."""
    return _services(members(body, PATH))


def _services(fields: Mapping[str, Raw]) -> Services:
    advisories, filtering = _nested(fields, "security-advisories"), _nested(fields, "filter")
    found = Services(
        metadata=_address(fields, "metadata-url"),
        search=_address(fields, "search"),
        listing=_address(fields, "list"),
        providers=_address(fields, "providers-api"),
        advisories=_address(advisories, "api-url"),
        summary=_address(filtering, "summary-url"),
        filtering=_address(filtering, "api-url"),
        inline=frozenset(name.lower() for name in _inline(fields)),
    )
    if not found.metadata and not found.inline:
        raise UpstreamLied(
            f"{PATH} names neither a metadata-url nor packages",
            fix="Give the URL of a repository for Composer 2 as the upstream.",
        )
    return found


def _inline(fields: Mapping[str, Raw]) -> dict[str, Raw]:
    packages = members(fields["packages"], f"{PATH}: packages") if "packages" in fields else {}
    return {name: raw for name, raw in packages.items() if items(raw, f"{PATH}: {name}")}


def _nested(fields: Mapping[str, Raw], key: str) -> dict[str, Raw]:
    """The members of an optional object; none of anything else, as clients see it."""
    raw = fields.get(key)
    return members(raw, f"{PATH}: {key}") if raw is not None and bytes(memoryview(raw)[:1]) == b"{" else {}


def _address(fields: Mapping[str, Raw], key: str) -> str:
    """An optional address; '' for the null or false that clients take for none. Raises UpstreamLied."""
    raw = fields.get(key)
    return text(fields, key, PATH) if raw is not None and bytes(memoryview(raw)[:1]) == b'"' else ""


# ---------------------------------------------------------------- where upstream keeps it


def address(subject: Subject, site: Site) -> str:
    """The upstream URL of everything but dists. Raises NotFound for what this upstream does not have, UpstreamLied."""
    root = f"{site.base}{PATH}"
    if subject.route == "root":
        return root
    if not site.has_signpost:
        raise NotFound(f"the upstream has no {PATH}")
    known = services(bytes(site.signpost))
    if subject.route == "package" and subject.name in known.inline:
        return root
    template = {
        "package": known.metadata,
        "search": known.search,
        "list": known.listing,
        "providers": known.providers,
        "advisories": known.advisories,
        "summary": known.summary,
        "filter": known.filtering,
    }[subject.route]
    if not template:
        raise NotFound(f"this upstream does not offer {subject.route}")
    # clients resolve '/x' against the host alone, as RFC 3986 does
    return _filled(subject, _absolute(root, template))


def _absolute(root: str, template: str) -> str:
    try:
        return urljoin(root, template)
    except ValueError as error:  # such as '//[x'
        raise UpstreamLied(f"{PATH} names an address that is none: {template[:140]!r}") from error


def _filled(subject: Subject, template: str) -> str:
    path, _, query = subject.key.partition("?")
    match subject.route:
        case "package":
            return template.replace("%package%", path.removeprefix("p2/").removesuffix(".json"))
        case "providers":
            return template.replace("%package%", path.removeprefix("providers/").removesuffix(".json"))
        case "search":
            return _searched(template, dict(parse_qsl(query)))
        case "list" if query:
            return f"{template}{'&' if '?' in template else '?'}{query}"
    return template


def _searched(template: str, asked: dict[str, str]) -> str:
    for placeholder, name in (("%query%", "q"), ("%type%", "type")):
        template = template.replace(placeholder, quote_plus(asked.pop(name, "")))
    return template + (f"{'&' if '?' in template else '?'}{urlencode(asked)}" if asked else "")


# ---------------------------------------------------------------- what clients see


def shown(page: Page, view: View) -> Iterator[bytes]:
    """Our own root. Raises UpstreamLied for a page that is none.

    Not in it: `available-packages`, a closed list that would keep clients from asking for anything new; `mirrors`,
    which leads round the gateway; everything that only Composer 1 reads; the feed of changes, which mirrors poll.
    """
    fields = members(page.body, PATH)
    known, base = _services(fields), view.base
    root: dict[str, object] = {
        "packages": [],
        "metadata-url": f"{base}/p2/%package%.json",
        "notify-batch": f"{base}/notify",
    }
    if known.search:
        root["search"] = f"{base}/search.json?q=%query%&type=%type%"
    if known.listing:
        root["list"] = f"{base}/list.json"
    if known.providers:
        root["providers-api"] = f"{base}/providers/%package%.json"
    if known.advisories:  # `metadata` alone needs a closed list beside it, else newer clients reject the repository
        ours = {"api-url": f"{base}/security-advisories"}
        root["security-advisories"] = _nested(fields, "security-advisories") | ours
    if "filter" in fields:
        ours = {"summary-url": f"{base}/filter/summary.json"} if known.summary else {}
        ours |= {"api-url": f"{base}/filter"} if known.filtering else {}
        theirs = {k: raw for k, raw in _nested(fields, "filter").items() if k not in ("summary-url", "api-url")}
        root["filter"] = theirs | ours
    root |= {key: fields[key] for key in _MESSAGES if key in fields}
    yield encode(root)
