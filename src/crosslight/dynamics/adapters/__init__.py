"""Recording with training frameworks, each imported only when its adapter is made."""

from __future__ import annotations

from .fastai import fastai_callback
from .huggingface import HuggingFaceRecording, huggingface_recording
from .lightning import lightning_callback
from .loop import record_loop

__all__ = [
    "HuggingFaceRecording",
    "fastai_callback",
    "huggingface_recording",
    "lightning_callback",
    "record_loop",
]
