"""Results in JSON's own types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """A value in JSON's own types: NaN and infinity as None, arrays and sequences as lists, keys as text.

    Args:
        value: anything made of numbers, text, containers and objects with ``to_dict``; what is none of these becomes
            text.
    """
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "tolist"):  # NumPy, without importing it
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


class Plain:
    """A result whose attributes are all there is to tell of it."""

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None."""
        return {name: plain(value) for name, value in vars(self).items()}
