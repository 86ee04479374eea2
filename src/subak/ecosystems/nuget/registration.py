"""Registrations: all that is told of a package, in one document or in pages, and of one version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subak.ecosystems.base import View
from subak.ecosystems.nuget.members import (
    Members,
    as_array,
    as_object,
    bare,
    bare_entry,
    each_dependency,
    text,
    version_of,
    withheld,
)
from subak.ecosystems.nuget.places import FULL, OLD, SEMVER1, entry_of, file_of, page_of, placed
from subak.ecosystems.nuget.versions import folded, is_semver2, rank
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Subject


def check(subject: Subject, found: Members) -> None:
    """Raises UpstreamLied unless it is an index, or a page of one, of this package."""
    rows = as_array(found.get("items"), subject.key)
    leaves = rows
    if subject.route == "registration":
        leaves = [leaf for row in rows for leaf in as_array(as_object(row, subject.key).get("items") or [], "items")]
    for leaf in leaves:
        entry = as_object(as_object(leaf, subject.key).get("catalogEntry"), f"{subject.key}: catalogEntry")
        version_of(subject, entry)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration as one of our two hives shows it."""

    subject: Subject
    view: View

    @property
    def _hive(self) -> str:
        return OLD if self.view.part == SEMVER1 else FULL

    @property
    def _base(self) -> str:
        return f"{self.view.base}/{self._hive}"

    @property
    def _index(self) -> str:
        return f"{self._base}/{self.subject.name}/index.json"

    # ---- with all versions

    def index(self, found: Members) -> Members:
        """The index. Raises UpstreamLied for a page that cannot be asked for."""
        pages = [shown for row in found["items"] if (shown := self._page_in_index(row))]
        return bare(found, "items") | {"@id": self._index, "count": len(pages), "items": pages}

    def page(self, found: Members) -> Members:
        """A page that lies elsewhere; perhaps nothing is left of it, which its index cannot know."""
        address = self.view.base + "/" + self._hive + self.subject.key.removeprefix(FULL)
        return self._page(found, address, self._leaves(found["items"]))

    def _page_in_index(self, row: Members) -> Members:
        """With its leaves where upstream wrote them into the index; {} when none of them is left."""
        if row.get("items"):
            leaves = self._leaves(row["items"])
            bounds = "/".join(folded(leaves[at]["catalogEntry"]["version"]) for at in (0, -1)) if leaves else ""
            return self._page(row, f"{self._index}#page/{bounds}", leaves) if leaves else {}
        place = placed(row.get("@id"))
        if not place:
            raise UpstreamLied(f"{self.subject.key} names a page that cannot be asked for: {row.get('@id')!r:.140}")
        ours = self._base + page_of(self.subject.name, place).key.removeprefix(FULL)
        return bare(row) | {"@id": ours, "parent": self._index}

    def _page(self, row: Members, address: str, leaves: list[dict[str, Any]]) -> Members:
        shown = bare(row, "items") | {"@id": address, "parent": self._index, "count": len(leaves), "items": leaves}
        if leaves:
            ordered = sorted((folded(leaf["catalogEntry"]["version"]) for leaf in leaves), key=rank)
            shown |= {"lower": ordered[0], "upper": ordered[-1]}
        return shown

    # ---- one version

    def _leaves(self, rows: list[Any]) -> list[dict[str, Any]]:
        return [shown for row in rows if (shown := self._leaf(row))]

    def _leaf(self, row: Members) -> dict[str, Any]:
        """One version in a page; {} when it is withheld, or not for this hive."""
        version = version_of(self.subject, row["catalogEntry"])
        if not version or version in self.view.hidden or (self.view.part and _is_new(row["catalogEntry"])):
            return {}
        entry = self._entry(row["catalogEntry"], version)
        return bare(row, "catalogEntry") | self._addresses(version) | {"catalogEntry": entry}

    def leaf(self, found: Members) -> Members:
        """The document of one version. Raises Refused when it is withheld, NotFound when it is not for this hive."""
        subject, entry = self.subject, found.get("catalogEntry")
        if subject.version in self.view.hidden:
            raise withheld(subject)
        if self.view.part and is_semver2(subject.version):
            raise NotFound(f"{subject.name} {subject.version} can only be understood by clients that know SemVer 2")
        shown = bare(found, "catalogEntry") | self._addresses(subject.version)
        if isinstance(entry, dict):
            shown["catalogEntry"] = self._entry(entry, subject.version)
        elif place := placed(entry):
            shown["catalogEntry"] = f"{self.view.base}/{entry_of(subject.name, subject.version, place).key}"
        return shown

    def _entry(self, entry: Members, version: str) -> dict[str, Any]:
        name, ours, place = self.subject.name, self._addresses(version), placed(entry.get("@id"))
        address = f"{self.view.base}/{entry_of(name, version, place).key}" if place else ours["@id"]
        return bare_entry(entry, self._base) | {"@id": address, "packageContent": ours["packageContent"]}

    def _addresses(self, version: str) -> dict[str, str]:
        name = self.subject.name
        return {
            "@id": f"{self._base}/{name}/{version}.json",
            "packageContent": f"{self.view.base}/{file_of(name, version, 'nupkg').key}",
            "registration": self._index,
        }


def _is_new(entry: Members) -> bool:
    """Whether only clients that know SemVer 2 understand this version or its dependencies."""
    ranges = (text(dependency, "range") for dependency in each_dependency(entry))
    bounds = (bound.strip("[]() ") for wanted in ranges for bound in wanted.split(","))
    return is_semver2(text(entry, "version")) or any(map(is_semver2, bounds))
