"""Parts of a page: data that it loads when they are looked at.

A page opened from a disk may not fetch, so each part is a script that calls ``crosslight.part(name, value)``.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any


def write_part(folder: Path, name: str, value: Any) -> Path:
    """Write ``<name>.js`` into the assets of a page.

    Args:
        folder: existing.
        name: letters, digits and hyphens; what the page asks for.
        value: what JSON can hold; no NaN and no infinity.

    Returns:
        Path of the script, which is ASCII only.
    """
    path = folder / f"{name}.js"
    path.write_text(f"crosslight.part({json.dumps(name)},{json_text(value)});\n", encoding="ascii")
    return path


def json_text(value: Any) -> str:
    """Compact JSON in ASCII that may also stand in a script within a page.

    Raises:
        ValueError: there is a NaN or an infinity in it.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def deflated(content: bytes) -> str:
    """Bytes in raw deflate (RFC 1951), in base64."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return base64.b64encode(packer.compress(content) + packer.flush()).decode("ascii")
