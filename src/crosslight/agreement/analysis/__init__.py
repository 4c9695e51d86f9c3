"""All that can be said of the agreement in a store."""

from .matrices import Relation, relations
from .method import MethodAnalysis
from .request import MEASURES
from .saving import save_analysis
from .whole import Analysis, analyse

__all__ = ["MEASURES", "Analysis", "MethodAnalysis", "Relation", "analyse", "relations", "save_analysis"]
