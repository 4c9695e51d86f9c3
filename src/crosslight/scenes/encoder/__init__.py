"""The concept encoder of scenes: a small image-text model that knows the words of captions and concepts."""

from __future__ import annotations

from .api import SceneEncoder, load_encoder
from .words import Vocabulary, scene_vocabulary

__all__ = ["SceneEncoder", "Vocabulary", "load_encoder", "scene_vocabulary"]
