"""Who names a log's texts: two workers, to be hired before anything is loaded that only the engine needs.

What they need themselves, half of the program, is loaded by them: in processes of their own that is done meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import NamedTuple

from subak.analytics.privacy.epochs import Keys
from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES, Consumers, Ranges
from subak.analytics.workers.apart import Worker, employed


class Staff(NamedTuple):
    """For one analysis: they remember what they were told."""

    askers: Worker
    """`askers.Askers`."""
    targets: Worker
    """`targets.Targets`."""


@contextmanager
def hired(
    keys: Keys,
    registry: str | Mapping[str, str] = "",
    ranges: Ranges = NO_RANGES,
    consumers: Consumers = NO_CONSUMERS,
    *,
    apart: bool = False,
) -> Iterator[Staff]:
    """Workers until the end of the context; `apart`: in processes of their own, see the module of that name.

    `registry` is the ecosystem of the whole log, or {host: ecosystem}; '' recognises it. Asking for anything raises
    ConfigError for an unknown one.
    """

    def askers() -> object:
        from subak.analytics.privacy.pseudonyms import Names
        from subak.analytics.workers.askers import Askers

        return Askers(Names(keys), ranges, consumers)

    def targets() -> object:
        from subak.analytics.packages.recognise import Recogniser
        from subak.analytics.workers.targets import Targets

        return Targets(Recogniser(registry))

    with closing(employed(targets, apart=apart)) as what, closing(employed(askers, apart=apart)) as who:
        yield Staff(who, what)
