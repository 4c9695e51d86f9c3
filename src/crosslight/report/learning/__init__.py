"""The view of how classifiers learned: every image's prediction at every epoch, as parts of a page."""

from __future__ import annotations

from .live import LiveFolder, look, watch
from .runs import Learned, write_learning
from .store import learning_of_store, save_scenes_runs

__all__ = ["Learned", "LiveFolder", "learning_of_store", "look", "save_scenes_runs", "watch", "write_learning"]
