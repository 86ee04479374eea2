"""What others see of the numbers of goods; C types are in things.pxd."""

from array import array
from collections.abc import Iterable

class Things:
    forgot: bool
    ways: list[tuple[str, str, str]]
    def __init__(self, key: bytes, kinds: Iterable[str], most: int) -> None: ...
    def take(
        self,
        rows: int,
        ecosystems: tuple[object, ...],
        kinds: tuple[object, ...],
        keys: tuple[object, ...],
        packages: tuple[object, ...],
        methods: tuple[object, ...],
        known: bool,
    ) -> tuple[array[int], array[int], array[int], array[int]]: ...
