"""Training a classifier with its history recorded."""

from __future__ import annotations

from .api import train
from .data import Pictures, open_pictures
from .recipe import Recipe, make_recipe
from .result import Trained

__all__ = ["Pictures", "Recipe", "Trained", "make_recipe", "open_pictures", "train"]
