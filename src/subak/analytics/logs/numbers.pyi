"""What others see of the tables of numbers; C types are in numbers.pxd."""

COSTS: int

class Texts:
    @property
    def count(self) -> int: ...
    def new(self, data: bytes) -> list[tuple[int, str]]: ...
