"""What a file must be: the pin that its own path, an index, or a document behind an index tells of it."""

from __future__ import annotations

from collections.abc import Callable

from subak.ecosystems.base import Ecosystem
from subak.errors import NotFound, SubakError
from subak.model.digest import Pin
from subak.model.exchange import Subject
from subak.pipeline.documents import Documents
from subak.ports import Catalogue, File

YOUNG = 5.0
"""Seconds: an index checked less than this ago is not asked again for a file it does not announce."""
FURTHEST = 3
"""Documents behind an index that are followed."""


class Learning:
    """Finds pins."""

    def __init__(self, catalogue: Catalogue, documents: Documents, now: Callable[[], float]) -> None:
        self._catalogue = catalogue
        self._documents = documents
        self._now = now

    async def learn(self, subject: Subject, ecosystem: Ecosystem) -> tuple[File, int]:
        """The pin of a file nobody announced to us yet, by fetching the indexes that would; and the bytes that cost.

        Lock files ask for files without asking any index first. Raises NotFound if no index announces it, and what
        fetching the last failing one raised.
        """
        fetched = 0
        failure: SubakError = NotFound(f"no index of {ecosystem.name} announces {subject.key}")
        for home in ecosystem.homes(subject, await self._documents.site(ecosystem, subject)):
            try:
                file, cost = await self._ask(home, subject, ecosystem)
            except NotFound:
                continue
            except SubakError as error:
                failure = error
                continue
            fetched += cost
            if file is not None:
                return file, fetched
        raise failure

    async def learn_afresh(self, subject: Subject, ecosystem: Ecosystem) -> None:
        """Ask the first index that exists again, although it has announced the file. Raises SubakError."""
        for home in ecosystem.homes(subject, await self._documents.site(ecosystem, subject)):
            try:
                await self._ask(home, subject, ecosystem, afresh=True)
                return
            except NotFound:
                continue

    async def _ask(
        self, home: Subject, subject: Subject, ecosystem: Ecosystem, *, afresh: bool = False
    ) -> tuple[File | None, int]:
        """Ask one index, and what it leads to; with `afresh` all of it, although the file is known.

        Raises SubakError.
        """
        fetched, place = 0, home
        for _ in range(1 + FURTHEST):
            kept = await self._documents.find(place, ecosystem, newer_than=self._now() - YOUNG)
            fetched += kept.fetched
            file = self.known(subject, ecosystem)
            if file is not None and file.pin.digest and not afresh:
                return file, fetched
            with self._documents.page(kept) as page:
                further = ecosystem.leads(subject, page)
            if further is None:
                return file, fetched
            place = further
        return None, fetched

    def known(self, subject: Subject, ecosystem: Ecosystem) -> File | None:
        """What is known of a file already."""
        file = self._catalogue.file(ecosystem.name, subject.key)
        if file is not None:
            return file
        unkept = self._documents.inquiry.unkept.get((ecosystem.name, subject.key))
        return File(unkept) if unkept is not None else None

    def by_path(self, subject: Subject, ecosystem: Ecosystem) -> File:
        """What the path alone tells."""
        pin = Pin(subject.key, "", ecosystem.named(subject), name=subject.name, version=subject.version)
        return File(pin)

    async def placed(self, file: File, subject: Subject, ecosystem: Ecosystem) -> str:
        """The URL to fetch a file from. Raises NotFound, and what finding the signpost raises."""
        return file.pin.url or ecosystem.source(subject, await self._documents.site(ecosystem, subject))
