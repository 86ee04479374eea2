"""What can go wrong, by who must act; the only place where a failure becomes a status code."""

from __future__ import annotations


class SubakError(Exception):
    """Something a client or an operator has to be told.

    `str(error)` is shown to people, so it never carries credentials. `fix` says in one sentence who
    must do what. `retry_after` is in whole seconds, 0 when trying again is useless.
    """

    title = "Request failed"

    def __init__(self, detail: str, *, fix: str = "", retry_after: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fix = fix
        self.retry_after = retry_after


class BadRequest(SubakError):
    """The request cannot mean anything here: a hostile path, a bad header. The caller acts."""

    title = "Request not understood"


class Unauthorised(SubakError):
    """A key is needed, or the one given is unknown or revoked. The caller acts."""

    title = "A valid key is needed here"


class Refused(SubakError):
    """Policy said no; the message names the rule. The caller acts."""

    title = "Refused by policy"

    def __init__(self, detail: str, *, rule: str = "", fix: str = "", retry_after: int = 0) -> None:
        super().__init__(detail, fix=fix, retry_after=retry_after)
        self.rule = rule


class TooMany(Refused):
    """The consumer's allowance is used up for the moment. The caller waits."""

    title = "Allowance used"


class NotFound(SubakError):
    """Neither we nor the upstream have it. The caller acts."""

    title = "Not found"


class NotAllowed(SubakError):
    """A method that a read-only gateway does not offer. The caller acts."""

    title = "Method not offered"

    def __init__(self, detail: str, *, allow: tuple[str, ...] = ("GET", "HEAD"), fix: str = "") -> None:
        super().__init__(detail, fix=fix)
        self.allow = allow


class NoUpstream(SubakError):
    """No upstream is set for this ecosystem. An operator acts."""

    title = "No upstream is set"


class UpstreamDown(SubakError):
    """The upstream refused, timed out, broke off or is cooling down, and we hold no copy."""

    title = "The upstream does not answer"


class UpstreamLied(SubakError):
    """The upstream sent something that cannot be what was asked for. An operator acts."""

    title = "The upstream sent something unusable"


class Mismatch(SubakError):
    """Bytes differ from their pin, or a transfer broke off for good. An operator acts."""

    title = "Bytes do not match their pin"


class Loop(SubakError):
    """The upstream leads back to this gateway. An operator acts."""

    title = "The upstream is this gateway itself"


class StoreFailed(SubakError):
    """The data folder cannot be written or read: full, read-only, broken. An operator acts."""

    title = "The data folder does not work"


class ConfigError(SubakError):
    """A setting is unknown, contradictory or out of range. An operator acts."""

    title = "Configuration error"


STATUS: dict[type[SubakError], int] = {
    BadRequest: 400,
    Unauthorised: 401,
    Refused: 403,
    TooMany: 429,
    NotFound: 404,
    NotAllowed: 405,
    NoUpstream: 503,
    UpstreamDown: 504,
    UpstreamLied: 502,
    Mismatch: 502,
    Loop: 508,
    StoreFailed: 503,
    ConfigError: 500,
}
"""One row per kind of failure; a test compares it with the subclasses of `SubakError`."""
