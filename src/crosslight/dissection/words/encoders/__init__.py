"""Encoders, which put images and texts into one space."""

from __future__ import annotations

from .base import Encoder, find_encoder

__all__ = ["Encoder", "find_encoder"]
