"""Cross-testing: what one model finds important, shown to the others."""

from .result import CrossTest
from .run import cross_test

__all__ = ["CrossTest", "cross_test"]
