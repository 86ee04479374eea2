"""What others see of the tables of numbers; C types are in numbers.pxd."""

from array import array

COSTS: int

class Texts:
    @property
    def count(self) -> int: ...
    def new(self, data: bytes) -> list[tuple[int, str]]: ...

def ends(texts: list[str]) -> array[int]: ...
