"""What every `ports.Catalogue` and `ports.Keys` must do. Run for ours, for the fakes, and for yours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

import pytest

from subak.errors import UpstreamLied
from subak.model.digest import Digest, Pin
from subak.ports import Catalogue, Document, File, Key, Keys, Totals

Make = Callable[[], Catalogue]


def hex_of(text: str) -> str:
    """A digest to tell blobs apart by."""
    return sha256(text.encode()).hexdigest()


def page(key: str = "simple/numpy/", blob: str = "page", *, size: int = 100, at: float = 10.0) -> Document:
    """A document whose copy is held."""
    url = f"https://registry.example/{key}"
    return Document("pypi", key, url, 200, "text/html", '"e1"', "Mon", at, at, hex_of(blob), size)


def pin(path: str, content: str = "", *, size: int = 7) -> Pin:
    """What a page announces of a file; unpinned without content."""
    digest = Digest("sha256", hex_of(content)) if content else Digest("", "")
    return Pin(path, f"https://files.example/{path}", digest, size, "numpy", "1.0", 5.0)


def sha512_pin(path: str, content: str) -> Pin:
    """A pin under an algorithm that blobs are not named by."""
    return replace(pin(path), digest=Digest("sha512", hex_of(content) * 2))


def check_catalogue(make: Make) -> None:
    """All of it, each part on a catalogue of its own."""
    for check in (
        _documents, _absences, _confirmations, _pins_stay, _changed_pins, _pins_of_held_bytes, _vanished_pins,
        _pins_of_an_index, _what_else_is_known, _dates, _first_seen, _bytes_of_an_old_pin, _lost_blobs, _coldest,
        _totals, _broken_pins,
    ):  # fmt: skip
        check(make())


def _documents(c: Catalogue) -> None:
    assert c.document("pypi", "simple/numpy/") is None
    c.keep_document(page(), ())
    assert c.document("pypi", "simple/numpy/") == page()
    assert c.document("npm", "simple/numpy/") is None
    newer = replace(page(blob="newer", size=7, at=20.0), content_type="application/json", etag="", gone=True)
    c.keep_document(newer, ())
    assert c.document("pypi", "simple/numpy/") == newer


def _pins_of_an_index(c: Catalogue) -> None:
    c.keep_pins("debian", (pin(f"pool/{n}", f"{n}") for n in range(3)))
    known = c.file("debian", "pool/2")
    assert known == File(pin("pool/2", "2"))
    c.hold_file("debian", pin("pool/2", "2"), hex_of("2"), 7, 9.0)
    c.keep_pins("debian", [pin("pool/2", "other")])
    known = c.file("debian", "pool/2")
    assert known is not None
    assert (known.blob, known.pin.digest.hex) == ("", hex_of("other"))


def _what_else_is_known(c: Catalogue) -> None:
    headed = replace(page(), kept={"link": '</next>; rel="next"'})
    c.keep_document(headed, ())
    assert c.document("pypi", "simple/numpy/") == headed
    typed = replace(pin("a", "a"), content_type="application/x-a", published=0.0)
    c.keep_pins("pypi", [typed])
    assert c.file("pypi", "a") == File(typed)
    dated = replace(typed, published=77.0)
    kept, further = {"last-modified": "Mon"}, {"sha1": "ab"}
    c.hold_file("pypi", dated, hex_of("a"), 7, 9.0, kept=kept, further=further)
    assert c.file("pypi", "a") == File(dated, hex_of("a"), 7, kept=kept, further=further)
    c.keep_pins("pypi", [replace(typed, url="https://elsewhere.example/a")])
    known = c.file("pypi", "a")
    assert known is not None
    assert (known.kept, known.further) == (kept, further)  # the same bytes, found elsewhere
    c.keep_pins("pypi", [replace(typed, digest=Digest("sha256", hex_of("b")))])
    known = c.file("pypi", "a")
    assert known is not None
    assert (known.blob, known.kept, known.further) == ("", {}, {})


def _dates(c: Catalogue) -> None:
    undated = replace(pin("a", "a"), published=0.0)
    only = Pin("a", "", name="numpy", version="1.0", published=9.0, dates=True)
    c.keep_pins("pypi", [undated])
    c.keep_document(page(), [only])
    assert c.file("pypi", "a") == File(replace(undated, published=9.0))
    c.keep_pins("pypi", [undated])
    known = c.file("pypi", "a")
    assert known is not None
    assert known.pin.published == 9.0, "an index that does not know keeps what another one said"
    c.keep_pins("pypi", [replace(only, path="b")])
    assert c.file("pypi", "b") == File(replace(only, path="b", dates=False))
    c.hold_file("pypi", sha512_pin("b", "b"), hex_of("b"), 7, 9.0)  # its digest came with its bytes
    known = c.file("pypi", "b")
    assert known is not None
    assert (known.blob, known.pin.digest) == (hex_of("b"), sha512_pin("b", "b").digest)


def _absences(c: Catalogue) -> None:
    absent = Document("pypi", "simple/nothing/", "https://registry.example/", 404, checked_at=3.0)
    c.keep_document(absent, ())
    assert c.document("pypi", "simple/nothing/") == absent
    assert c.totals() == Totals()
    c.keep_document(page("simple/nothing/"), ())
    assert c.document("pypi", "simple/nothing/") == page("simple/nothing/")


def _confirmations(c: Catalogue) -> None:
    c.confirm_document("pypi", "simple/numpy/", 50.0)
    assert c.document("pypi", "simple/numpy/") is None
    c.keep_document(page(), ())
    c.confirm_document("pypi", "simple/numpy/", 50.0)
    assert c.document("pypi", "simple/numpy/") == replace(page(), checked_at=50.0)
    c.confirm_document("pypi", "simple/numpy/", 60.0, etag='"e2"', last_modified="Tue", gone=True)
    gone = replace(page(), checked_at=60.0, etag='"e2"', last_modified="Tue", gone=True)
    assert c.document("pypi", "simple/numpy/") == gone
    c.confirm_document("pypi", "simple/numpy/", 70.0)
    assert c.document("pypi", "simple/numpy/") == replace(gone, checked_at=70.0, gone=False)


def _pins_stay(c: Catalogue) -> None:
    c.keep_document(page(), iter([pin("a.whl", "a"), pin("b.whl")]))
    c.keep_document(page(blob="newer"), [pin("b.whl")])
    assert c.file("pypi", "a.whl") == File(pin("a.whl", "a"))
    assert c.file("pypi", "b.whl") == File(pin("b.whl"))
    assert c.file("pypi", "c.whl") is None
    assert c.file("npm", "a.whl") is None


def _changed_pins(c: Catalogue) -> None:
    c.keep_document(page(), [pin("a.whl", "a")])
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 11.0)
    assert c.file("pypi", "a.whl") == File(pin("a.whl", "a"), hex_of("a"), 7)
    moved = replace(pin("a.whl", "a"), url="https://files.example/elsewhere", published=6.0)
    c.keep_document(page(), [moved])
    assert c.file("pypi", "a.whl") == File(moved, hex_of("a"), 7)
    c.keep_document(page(), [pin("a.whl", "other")])
    assert c.file("pypi", "a.whl") == File(pin("a.whl", "other"))


def _pins_of_held_bytes(c: Catalogue) -> None:
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 11.0)
    c.keep_document(page(), [pin("mirror/a.whl", "a"), pin("b.whl", "b")])
    assert c.file("pypi", "mirror/a.whl") == File(pin("mirror/a.whl", "a"), hex_of("a"), 7)
    c.keep_document(page(), [pin("b.whl", "a")])
    assert c.file("pypi", "b.whl") == File(pin("b.whl", "a"), hex_of("a"), 7)


def _vanished_pins(c: Catalogue) -> None:
    """An upstream that stops announcing a digest contradicts nothing; what comes later must match the old one."""
    old = sha512_pin("a.tgz", "a")
    c.hold_file("npm", old, hex_of("a"), 7, 11.0)
    c.keep_document(replace(page(), ecosystem="npm"), [pin("a.tgz")])
    assert c.file("npm", "a.tgz") == File(pin("a.tgz"), hex_of("a"), 7, old.digest)
    c.keep_document(replace(page(), ecosystem="npm"), [old])
    assert c.file("npm", "a.tgz") == File(old, hex_of("a"), 7, old.digest)
    c.keep_document(replace(page(), ecosystem="npm"), [sha512_pin("a.tgz", "other")])
    assert c.file("npm", "a.tgz") == File(sha512_pin("a.tgz", "other"), first_seen=old.digest)


def _first_seen(c: Catalogue) -> None:
    seen, other = Digest("sha256", hex_of("a")), Digest("sha256", hex_of("b"))
    c.keep_document(page(), [pin("a.whl")])
    c.hold_file("pypi", pin("a.whl"), hex_of("a"), 7, 11.0, first_seen=seen)
    c.lose_blob(hex_of("a"))
    assert c.file("pypi", "a.whl") == File(pin("a.whl"), first_seen=seen)
    c.hold_file("pypi", pin("a.whl"), hex_of("b"), 8, 12.0, first_seen=other)
    assert c.file("pypi", "a.whl") == File(pin("a.whl"), first_seen=seen)
    c.hold_file("pypi", pin("a.whl"), hex_of("a"), 7, 13.0)
    assert c.file("pypi", "a.whl") == File(pin("a.whl"), hex_of("a"), 7, seen)


def _bytes_of_an_old_pin(c: Catalogue) -> None:
    """The index changed its mind while we fetched: the bytes belong to no file any more."""
    c.keep_document(page(), [pin("a.whl", "new")])
    c.hold_file("pypi", pin("a.whl", "old"), hex_of("old"), 7, 11.0)
    assert c.file("pypi", "a.whl") == File(pin("a.whl", "new"))


def _lost_blobs(c: Catalogue) -> None:
    c.keep_document(page(), [pin("a.whl", "a")])
    c.keep_document(page("simple/b/", "b"), ())
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 11.0)
    c.hold_file("npm", sha512_pin("a.tgz", "a"), hex_of("a"), 7, 11.0)
    c.lose_blob(hex_of("a"))
    c.lose_blob(hex_of("page"))
    c.lose_blob(hex_of("never held"))
    assert c.file("pypi", "a.whl") == File(pin("a.whl", "a"))
    assert c.file("npm", "a.tgz") == File(sha512_pin("a.tgz", "a"))
    assert c.document("pypi", "simple/numpy/") is None
    assert c.document("pypi", "simple/b/") is not None
    assert c.totals() == Totals(documents=1, files=2, held=0, blobs=1, bytes=100)
    c.keep_document(page(), ())
    assert c.document("pypi", "simple/numpy/") == page()


def _coldest(c: Catalogue) -> None:
    c.keep_document(page(at=30.0), ())
    for name, at in (("a", 20.0), ("b", 10.0), ("c", 40.0)):
        c.hold_file("pypi", pin(f"{name}.whl", name), hex_of(name), 7, at)
    a, b, numpy = (hex_of("a"), 7), (hex_of("b"), 7), (hex_of("page"), 100)
    assert list(c.coldest(0)) == []
    assert list(c.coldest(1)) == [b]
    assert list(c.coldest(8)) == [b, a]
    assert list(c.coldest(15)) == [b, a, numpy]
    assert len(c.coldest(10**12)) == 4
    c.touch({hex_of("b"): 35.0, hex_of("a"): 1.0, hex_of("never held"): 50.0})
    assert list(c.coldest(108)) == [a, numpy, b]
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 45.0)
    assert list(c.coldest(1)) == [numpy]


def _totals(c: Catalogue) -> None:
    assert c.totals() == Totals()
    c.keep_document(page(), [pin("a.whl", "a"), pin("b.whl", "b")])
    c.keep_document(page(), [pin("a.whl", "a")])
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 11.0)
    c.hold_file("pypi", pin("a.whl", "a"), hex_of("a"), 7, 12.0)
    assert c.totals() == Totals(documents=1, files=2, held=1, blobs=2, bytes=107)


def _broken_pins(c: Catalogue) -> None:
    """What cannot be read is not kept, and its complaint arrives as it is."""
    for ready in (1, 20_000):

        def lying(ready: int = ready) -> Iterator[Pin]:
            yield from (pin(f"{n}.whl", "x") for n in range(ready))
            raise UpstreamLied("an error page")

        with pytest.raises(UpstreamLied, match="an error page"):
            c.keep_document(page(), lying())
        assert c.document("pypi", "simple/numpy/") is None
        assert c.file("pypi", "0.whl") is None
        assert c.totals() == Totals()


def check_keys(make: Callable[[], Keys]) -> None:
    """What every `ports.Keys` must do."""
    keys = make()
    assert list(keys.all_keys()) == []
    assert keys.find_key(hex_of("t1")) is None
    assert keys.revoke_key("one", 5.0) is False
    before = keys.keys_generation()
    two = Key("two", hex_of("t2"), "team-b", created_at=2.0, note="second")
    one = Key("one", hex_of("t1"), "team-a", "gold", created_at=1.0)
    keys.keep_key(two)
    keys.keep_key(one)
    assert keys.find_key(hex_of("t2")) == two
    assert list(keys.all_keys()) == [one, two]
    kept = keys.keys_generation()
    assert kept > before
    keys.keep_key(replace(one, hash=hex_of("rotated")))
    assert keys.find_key(hex_of("t1")) is None
    assert keys.find_key(hex_of("rotated")) == replace(one, hash=hex_of("rotated"))
    rotated = keys.keys_generation()
    assert rotated > kept
    assert keys.revoke_key("two", 9.0) is True
    assert keys.revoke_key("two", 11.0) is True
    assert keys.find_key(hex_of("t2")) == replace(two, revoked_at=9.0)
    assert keys.keys_generation() > rotated
