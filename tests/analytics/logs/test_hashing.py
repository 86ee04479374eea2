"""The hash of texts: what it is in the paper, and that whatever makes a text another one makes another hash."""

from __future__ import annotations

from hashlib import shake_128
from random import Random

import uncompiled
from subak.analytics.logs.hashing import LONGEST

KEY = b"sixteen bytes ok"


def hashed(key: bytes, text: bytes, code: int = 0) -> int:
    """The hash of a text that stands among others."""
    found: int = uncompiled.HASHING.Hash(key).of(code, b"in front" + text + b"\n", 8, 8 + len(text))
    return found


def test_other_keys_texts_and_codes_make_other_numbers() -> None:
    keys = [KEY, *(KEY[:n] + b"!" + KEY[n + 1 :] for n in range(16))]
    texts = [b"GET / HTTP/1.1"[start:end] for start in range(9) for end in range(9, 15)]
    texts += [bytes(n) for n in range(20)]  # the length counts, too
    assert len({hashed(key, text) for key in keys for text in texts}) == 17 * (9 * 6 + 20)
    assert len({hashed(KEY, text, code) for code in range(50) for text in texts}) == 50 * (9 * 6 + 20)


def test_it_is_multilinear() -> None:
    """Against a second implementation, written from the paper."""
    random = Random(3)
    for length in [*range(40), LONGEST - 1, LONGEST]:
        text, key, code = random.randbytes(length), random.randbytes(16), random.getrandbits(63)
        assert hashed(key, text, code) == multilinear(key, text, code)


def multilinear(key: bytes, text: bytes, code: int) -> int:
    """Where the last bytes make no word of eight, the last eight do, which is as good: nothing else has that place."""
    numbers = shake_128(key).digest(16 * 516)
    first, *others = (int.from_bytes(numbers[at : at + 16], "little") for at in range(0, len(numbers), 16))
    parts = [text[at : at + 8] for at in range(0, len(text), 8)]
    if len(text) > 8 and len(text) % 8:
        parts[-1] = text[-8:]
    words = [len(text), code, *(int.from_bytes(part, "little") for part in parts)]
    return (first + sum(other * word for other, word in zip(others, words, strict=False))) % 2**128 >> 64


def test_it_is_never_nothing() -> None:
    assert uncompiled.HASHING._folded(5) == 1
    assert uncompiled.HASHING._folded(7 << 64) == 7
