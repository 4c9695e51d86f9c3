"""Classifiers: networks with their preprocessing, class names and facts, and the features inside them."""

from .arithmetic import Precision
from .classifier import Classifier, Features
from .facts import Facts
from .sources import check_model_name, list_models, load_model
from .weights import load_weights

__all__ = [
    "Classifier",
    "Facts",
    "Features",
    "Precision",
    "check_model_name",
    "list_models",
    "load_model",
    "load_weights",
]
