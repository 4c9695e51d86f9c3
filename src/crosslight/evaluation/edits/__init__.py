"""Edits of pictures: what is taken out of them or put in its place, one short file each.

A module in this folder that uses `edit` is found by itself; other packages add theirs through the entry-point group
``crosslight.edits``.
"""

from __future__ import annotations

from .edit import EDITS, Cut, Edit, apply_edit, checked_edit, edit

__all__ = ["EDITS", "Cut", "Edit", "apply_edit", "checked_edit", "edit"]
