"""A study is models x methods x images: checked, planned, and run so that nothing is lost."""

from .api import Explanations, Study, explain, load_study
from .convergence import Convergence, convergence
from .demo import demo_study
from .plan import ModelPlan, Plan, make_plan
from .runner import run_plan
from .spec import MapTask, StudySpec, check_study, read_study

__all__ = [
    "Convergence",
    "Explanations",
    "MapTask",
    "ModelPlan",
    "Plan",
    "Study",
    "StudySpec",
    "check_study",
    "convergence",
    "demo_study",
    "explain",
    "load_study",
    "make_plan",
    "read_study",
    "run_plan",
]
