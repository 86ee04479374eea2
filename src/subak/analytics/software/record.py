"""What one distinct User-Agent says about the software behind it, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "installer",
    "caching-proxy",
    "mirror",
    "update-bot",
    "scanner",
    "search",
    "ai-training",
    "ai-agent",
    "monitor",
    "preview",
    "library",
    "browser",
    "script",
    "unknown",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Purpose = Literal[
    "dev-install",
    "ci-hosted",
    "ci-selfhosted",
    "build-infra",
    "caching-proxy",
    "mirror",
    "update-bot",
    "sca-scanner",
    "research",
    "search",
    "ai-training",
    "ai-agent",
    "monitor",
    "abuse",
    "script-unknown",
    "unknown",
]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

MOST: Final = 4.0
"""No single source of evidence weighs more than this, for or against (natural logarithm of odds)."""

FLAGS: Final = (
    "empty",  # no agent was sent
    "guessed",  # not in the pack; its name says what kind it is
    "named",  # not in the pack, but it has a name of its own
    "off-shape",  # claims a tool but is not written as that tool writes it
    "contradiction",  # claims to be several things at once
    "truncated",  # cut off in the middle
    "encoded",  # was still percent-encoded or escaped
    "control",  # holds control characters
    "hostile",  # holds an attack on whoever reads logs
    "contact",  # gives a mail address or a page
    "user-data",  # pip: somebody set the text meant for organisations
    "headless",  # a browser without a screen, or driven by a program
    "hidden",  # a caching proxy that hides its name
    "ide",  # runs inside an editor
    "non-interactive",  # a timer started it
    "outdated",  # a browser so old that it is more often an invention
    "cloud-kernel",  # its kernel was built for a cloud's machines
    "desktop-vm",  # runs in a virtual machine of a developer's desktop
)
"""What may be said besides; each with its reason here."""


@dataclass(frozen=True, slots=True)
class Software:
    """One distinct User-Agent, read. Everything here is a claim of the sender; nothing is verified."""

    family: str = "unknown"
    """A name of the pack, 'other-KIND' when guessed, 'none' for an empty agent, else 'unknown'."""
    version: str = ""
    """As claimed: starts with a digit, at most 40 characters, no spaces."""
    kind: Kind = "unknown"
    ci: Literal[True] | None = None
    """True: it says that it runs in CI. None: it says nothing, which is never a no."""
    ci_vendor: str = ""
    """A name of the pack's list of CI services, 'other' for one that is not listed, '' if not told."""
    self_hosted: bool | None = None
    """On whose machine the CI job runs, as far as the agent or the nature of the service tells."""
    os: str = ""
    """linux, macos, windows, freebsd, openbsd, netbsd, android, ios, chromeos, solaris, aix; '' if not told."""
    arch: str = ""
    """x86_64, aarch64, arm, x86, ppc64le, s390x, riscv64; '' if not told."""
    runtime: str = ""
    """Language implementation and version, as in 'cpython 3.12.1' or 'node 22.3.0'; '' if not told."""
    session: str = ""
    """A random name of this one run, if the tool sends one. Pseudonymous: keep it in memory only."""
    command: str = ""
    """What the tool was asked to do, as in 'install' or 'pip compile'; '' if not told."""
    ecosystem: str = ""
    """The registry family whose client this is; '' for tools of none or of several."""
    flags: tuple[str, ...] = ()
    """Names of FLAGS, in that order."""
    purposes: tuple[tuple[Purpose, float], ...] = ()
    """Declared evidence: (purpose, log odds within ±MOST), in the order of PURPOSES, zeros left out."""

    def weight(self, purpose: Purpose) -> float:
        """The evidence for one purpose; 0 if the agent says nothing about it."""
        return dict(self.purposes).get(purpose, 0.0)
