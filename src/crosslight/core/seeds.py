"""Seeds and digests that depend on what a thing is, never on when or in which batch it is met."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def seed_for(*parts: str | int) -> int:
    """A 63-bit seed from names and numbers, such as ``seed_for(study_seed, image_identity, "noise")``.

    The same parts give the same seed on every machine and in every process.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def digest(value: Any, length: int = 12) -> str:
    """A short hexadecimal digest of a JSON-like value, independent of key order.

    Raises:
        TypeError: the value holds something that JSON cannot.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
