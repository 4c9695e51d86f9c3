"""Which setting of a method says how much it measures, and the values it may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError, StudyError, suggestion
from ..methods import METHODS, MethodSpec
from .spec import MapTask, check_methods


def budget_of(spec: MethodSpec) -> str:
    """The setting of a method that says how much is measured, such as ``samples``.

    Raises:
        InputError: it has none; the message names the methods that have one.
    """
    if spec.reads.budget:
        return spec.reads.budget
    known = ", ".join(f"{name} ({other.reads.budget})" for name, other in METHODS.items() if other.reads.budget)
    raise InputError(
        f"{spec.name} has no budget: it samples nothing, so its map is what it is. Those with one: {known}"
    )


def default_budgets(spec: MethodSpec) -> tuple[int, ...]:
    """A quarter, half, all and twice of a method's default budget.

    Raises:
        InputError: it has no budget.
    """
    usual = int(spec.settings.model_fields[budget_of(spec)].default)
    return tuple(sorted({max(1, usual // 4), max(1, usual // 2), usual, 2 * usual}))


def budget_tasks(
    spec: MethodSpec, name: str, budgets: Sequence[int], settings: Mapping[str, Any], target: str, base: Path
) -> tuple[dict[int, MapTask], dict[int, str]]:
    """A task for each budget that a method's settings allow, and why they do not allow the others.

    Args:
        spec: the method.
        name: what it is called in a study file.
        budgets: any order; none for the default ones, of which those that are not allowed are not mentioned.
        settings: the others, which are the same for all budgets.
        target: which class is explained: one.
        base: folder that relative paths start from.

    Raises:
        InputError: the method has no budget, or settings or target are not valid, or no budget is allowed.
    """
    setting = budget_of(spec)
    for key in {setting, "tolerance"} & set(settings):
        raise InputError(f"{key} cannot be a setting here: the budgets say how much is measured")
    if unknown := set(settings) - set(spec.settings.model_fields):
        key = min(unknown)
        raise InputError(f"{spec.name} has no setting {key!r}{suggestion(key, spec.settings.model_fields)}")
    tasks: dict[int, MapTask] = {}
    skipped: dict[int, str] = {}
    refused: StudyError | None = None
    for budget in sorted(set(budgets)) or default_budgets(spec):
        try:
            each = check_methods([{"name": name, **settings, setting: budget}], target, base)
        except StudyError as error:
            if not all(problem.where.endswith(f": {setting}") for problem in error.problems):
                raise  # not the budget's fault, or not alone
            reason = error.problems[0].what.removesuffix(f", not {budget!r}")
            skipped[budget], refused = f"{setting} {reason}", error
            continue
        if len(each) > 1 or each[0].policy.kind == "model":
            raise InputError(f"target {target}: one class is needed here: own, label, class:NAME or contrast:A:B")
        tasks[budget] = each[0]
    if not tasks and refused is not None:
        raise refused
    return tasks, skipped if budgets else {}
