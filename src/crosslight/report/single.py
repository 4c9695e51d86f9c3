"""A report in one file: everything that lies beside the page is put into it, so that it can be sent to anybody."""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
import re
import zlib
from pathlib import Path

from ..core.errors import InputError
from .writing import replace_file

#: what is run or read at once, and so stands in the page as it is
_INLINE = ("report.js", "report.css")
_PART = re.compile(r'crosslight\.part\("([^"]+)",')


def single_file(page: Path, out: Path) -> Path:
    """Put a report and all its files into one HTML file, which works from a disk and asks for no other.

    Parts that the page loads when they are looked at stand in it as raw deflate in base64, and are unpacked only then.
    Scripts that are run have their hash in the page's policy, so that nothing else in the file can run.

    Args:
        page: ``index.html`` of a report in a folder.
        out: the file to write; it is put in place in one step.

    Returns:
        `out`.

    Raises:
        InputError: the page is none of a report.
    """
    text = page.read_text("utf-8")
    found = re.search(r'<body data-assets="([^"]+)">', text)
    if found is None or not (page.parent / found[1]).is_dir():
        raise InputError(f"{page} is not the page of a report: it names no folder of assets")
    assets = page.parent / found[1]
    script, style = ((assets / name).read_text("utf-8") for name in _INLINE)
    script, style = script.replace("</script", "<\\/script"), style.replace("</style", "<\\/style")
    text = text.replace(found[0], "<body data-single>")
    text = re.sub(r'<script defer src="[^"]*"></script>\n', "", text)
    text = re.sub(r'<link rel="stylesheet" href="[^"]*">', lambda _: f"<style>{style}</style>", text)
    text = re.sub(rf'href="{re.escape(found[1])}/([^"]+)"', r'href="#\1"', text)
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    text = re.sub(r'(http-equiv="Content-Security-Policy" content=)"[^"]*"', lambda at: f'{at[1]}"{policy}"', text)
    parts = "".join(_element(path) for path in sorted(assets.iterdir()) if path.name not in _INLINE)
    text = text.replace("</body>", f"{parts}<script>{script}</script>\n</body>")
    out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(out, text.encode("utf-8", "backslashreplace"))
    return out


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _element(path: Path) -> str:
    """One part of the page, or one file beside it, as an element that is no script to the browser."""
    name, content = part_of(path)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.b64encode(packer.compress(content) + packer.flush()).decode("ascii")
    return f'<script type="application/octet-stream" id="part:{name}">{packed}</script>\n'


def part_of(path: Path) -> tuple[str, bytes]:
    """Name and JSON of a file of the assets: of a part what it hands over, of any other file its type and bytes."""
    if path.suffix == ".js":
        text = path.read_text("ascii")
        found = _PART.match(text)
        if found is not None:
            return found[1], text[found.end() : text.rindex(")")].encode("ascii")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    value = {"type": kind, "bytes": base64.b64encode(path.read_bytes()).decode("ascii")}
    return f"file:{path.name}", json.dumps(value).encode("ascii")
