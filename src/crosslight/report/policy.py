"""What a page may do."""

from __future__ import annotations

#: what the page may load: its own scripts, styles and pictures, from the disk or from where it is served; and it may
#: connect to nothing
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data: blob:; base-uri 'none'; form-action 'none'"
)
