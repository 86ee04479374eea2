"""What others see of the scanner; C types are in scan.pxd."""

from array import array

from subak.analytics.logs.numbers import Texts

class Scanner:
    clients: Texts
    agents: Texts
    users: Texts
    asked: Texts
    words: Texts
    lines: int
    size: int
    rows: int
    def __init__(self, key: bytes, since: float, until: float) -> None: ...
    @property
    def memory(self) -> int: ...
    @property
    def columns(self) -> dict[str, memoryview]: ...
    @property
    def askers(self) -> tuple[int, memoryview]: ...
    def requests(self, data: bytes) -> tuple[int, array[int], bytes]: ...
    def take(self) -> dict[str, memoryview]: ...
    def scan(self, data: bytes) -> list[tuple[int, int]]: ...

def requests(ends: array[int], texts: bytes) -> tuple[list[str], list[str], list[str]]: ...
