"""A study is models x methods x images: checked, planned, and run so that nothing is lost."""

from .api import Explanations, Study, explain, load_study
from .demo import demo_study
from .plan import ModelPlan, Plan, make_plan
from .runner import run_plan
from .spec import MapTask, StudySpec, check_study, read_study

__all__ = [
    "Explanations",
    "MapTask",
    "ModelPlan",
    "Plan",
    "Study",
    "StudySpec",
    "check_study",
    "demo_study",
    "explain",
    "load_study",
    "make_plan",
    "read_study",
    "run_plan",
]
