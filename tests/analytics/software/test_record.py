"""The words of the record are those of the issue, each once."""

from __future__ import annotations

from subak.analytics.software.record import FLAGS, KINDS, PURPOSES, Software


def test_words_are_unique() -> None:
    for words in (KINDS, PURPOSES, FLAGS):
        assert len(set(words)) == len(words)


def test_an_unknown_agent_declares_nothing() -> None:
    nothing = Software()
    assert (nothing.kind, nothing.ci, nothing.self_hosted, nothing.purposes) == ("unknown", None, None, ())
    assert nothing.weight("dev-install") == 0.0


def test_weights_are_found_by_purpose() -> None:
    assert Software(purposes=(("mirror", 4.0), ("unknown", -1.0))).weight("unknown") == -1.0
