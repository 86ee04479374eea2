"""What others see of hashes, whose methods are C; C types are in hashing.pxd."""

LONGEST: int

class Hash:
    def __init__(self, key: bytes) -> None: ...
