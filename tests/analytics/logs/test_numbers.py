"""Dense numbers, however many keys there are."""

from __future__ import annotations

from itertools import accumulate
from random import Random

import uncompiled
from subak.analytics.logs.scanning import ends


def test_keys_keep_their_numbers_while_the_table_grows() -> None:
    random = Random(1)
    keys = list(dict.fromkeys([*range(1, 50), *(random.getrandbits(64) | 1 for _ in range(9_000)), 1 << 63]))
    table = uncompiled.NUMBERS.Numbers()
    for start in range(0, len(keys), 700):
        some = keys[start : start + 700]
        assert [table.number(key) for key in some] == list(range(start, start + len(some)))
    assert [table.number(key) for key in keys] == list(range(len(keys)))
    assert table.count == len(keys)


def test_new_texts_are_told_once() -> None:
    texts = uncompiled.NUMBERS.Texts()
    data = b"one two one"
    texts.begin()
    assert [texts.number(7, 0, 3), texts.number(8, 4, 7), texts.number(7, 8, 11)] == [0, 1, 0]
    assert texts.new(data) == [(0, "one"), (1, "two")]
    texts.begin()
    assert texts.new(data) == []
    texts.number(9, 8, 11)
    assert texts.new(data) == [(2, "one")]
    assert texts.count == 3


def test_a_block_may_have_many_new_texts() -> None:
    texts = uncompiled.NUMBERS.Texts()
    data = bytes(97 + n % 26 for n in range(5_000))
    for start in (0, 2_500):
        texts.begin()
        for n in range(start, start + 2_500):
            assert texts.number(n + 1, n, n + 1) == n
        assert texts.new(data) == [(n, chr(97 + n % 26)) for n in range(start, start + 2_500)]


def test_many_at_a_time() -> None:
    texts, keys = uncompiled.NUMBERS.Texts(), [n % 37 + 1 for n in range(100)]
    into = [9] * 103
    texts.begin()
    texts.number_all(keys, list(range(100)), list(range(1, 101)), into, 2, 102)
    assert into == [9, 9, *(n % 37 for n in range(100)), 9]
    assert texts.new(bytes(range(100))) == [(n, chr(n)) for n in range(37)]


def test_ends() -> None:
    texts = ["", "a", "bcd", "ü"] * 9
    assert list(ends(texts)) == list(uncompiled.NUMBERS.ends(texts)) == list(accumulate(map(len, texts), initial=0))
