"""How what is personal is kept."""

from __future__ import annotations


class NullCipher:
    """Keeps the shape of sealing without a key, until keys per person are there."""

    def seal(self, subject_id: str, plaintext: bytes, *, associated: bytes) -> bytes:
        return plaintext

    def open(self, subject_id: str, sealed: bytes, *, associated: bytes) -> bytes:
        return sealed
