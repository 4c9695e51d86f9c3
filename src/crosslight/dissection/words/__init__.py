"""Concepts of units by words: which texts describe the images that a unit answers to most."""

from __future__ import annotations

from .label import label_by_words
from .probe import Form
from .registry import SCORES, TextScore, find_score, text_score

__all__ = ["SCORES", "Form", "TextScore", "find_score", "label_by_words", "text_score"]
