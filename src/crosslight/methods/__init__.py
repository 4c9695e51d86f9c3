"""Attribution methods: pure functions from evidence to maps, one short file each.

A module in this folder that uses `method` is found by itself; other packages add theirs through the entry-point
group ``crosslight.methods``, and a study can name a function in a file as ``python:FILE.py:FUNCTION``.
"""

from .base import Attribution, MethodSpec
from .cards import Card, card_of
from .driver import attribute
from .registry import METHODS, find_method, method

__all__ = ["METHODS", "Attribution", "Card", "MethodSpec", "attribute", "card_of", "find_method", "method"]
