"""The search itself: Optuna suggests settings, images are explained with them, and what came of it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import CrosslightError, InputError
from ...core.seeds import seed_for
from .cases import Case, Unit, reason_of
from .objective import Objective
from .space import Dimension, Space
from .trials import State, Trial, TrialFile

if TYPE_CHECKING:
    from pydantic import BaseModel

#: settings that would take more than so many times the evaluations of the defaults are not tried
MOST = 4
#: images after which a trial may be given up, and by how many standard errors another one must be ahead
AFTER, AHEAD = 4, 2.0
#: trials that are drawn at random before the search learns from them
RANDOM = 10


def load_optuna() -> ModuleType:
    """Optuna, which is an extra.

    Raises:
        InputError: it is not installed, with how to install it.
    """
    try:
        import optuna
    except ImportError:
        raise InputError("tuning needs Optuna: pip install 'crosslight[tune]'") from None
    module: ModuleType = optuna
    return module


@dataclass(frozen=True)
class Search:
    """One search, over all images or over one.

    Attributes:
        space: what is searched.
        objective: what is made large, or small where that is better.
        units: the images, each on every classifier.
        seed: of the suggestions.
        part: as in `Trial`.
    """

    space: Space
    objective: Objective
    units: Sequence[Unit]
    seed: int
    part: str = ""

    @property
    def sign(self) -> int:
        """1 where larger scores are better, else -1."""
        return 1 if self.objective.better == "higher" else -1

    def run(
        self,
        budget: int,
        file: TrialFile,
        *,
        until: float = float("inf"),
        tell: Callable[[Trial, Sequence[Trial]], None] = lambda trial, all_of_them: None,
    ) -> list[Trial]:
        """Go on until there are as many trials as wanted, or the time is over.

        What is suggested depends on seed, number and the trials before alone, so that a search that was killed goes on
        as it would have.

        Args:
            budget: trials wanted, the defaults among them.
            file: has the trials made before, and is given new ones.
            until: of `time.monotonic`; one trial is made in any case.
            tell: told of each new trial, with all of them.

        Raises:
            InputError: the method cannot be used with its defaults; or Optuna is not installed.
        """
        optuna = load_optuna()
        trials = file.of(self.part)
        # Nothing of Optuna's own is said: what matters stands in the progress.
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            study = optuna.create_study(directions=["maximize" if self.sign > 0 else "minimize", "minimize"])
            for trial in trials:
                study.add_trial(_told(optuna, self.space, trial))
            while len(trials) < budget and (not trials or time.monotonic() < until):
                trial = self._next(optuna, study, trials)
                if trial.number == 0 and trial.state != "done":
                    raise InputError(f"{self.space.spec.name} cannot be used as it is: {trial.reason}")
                file.add(trial)
                trials.append(trial)
                tell(trial, trials)
        finally:
            optuna.logging.set_verbosity(before)
        return trials

    def _next(self, optuna: ModuleType, study: Any, trials: Sequence[Trial]) -> Trial:
        number = len(trials)
        if number == 0:
            values, settings = self.space.defaults()
            trial = self.measure(0, values, settings, ())
            if trial.state == "done":
                study.add_trial(_told(optuna, self.space, trial))
            return trial
        study.sampler = optuna.samplers.TPESampler(
            seed=seed_for(self.seed, "trial", self.part, number) % 2**32, n_startup_trials=RANDOM
        )
        asked = study.ask()
        values, found = self.space.draw(lambda dimension: _suggest(asked, dimension))
        if found is None:
            trial = Trial(number, self.part, "failed", values, reason="the settings contradict each other")
        else:
            trial = self.measure(number, values, found, trials)
        if trial.state == "failed":
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(asked, [trial.score, trial.evaluations])
        return trial

    def measure(self, number: int, values: dict[str, Any], settings: dict[str, Any], before: Sequence[Trial]) -> Trial:
        """Explain image after image with some settings.

        Args:
            number: of the trial.
            values: of the dimensions.
            settings: of the method.
            before: trials that may show that it is not worth going on.
        """
        chosen, spec = self.space.settings(settings), self.space.spec
        if before:
            most, least = MOST * before[0].evaluations, float(spec.evaluations(chosen, self.units[0][0].classifier))
            if least > most:
                reason = f"it would take {least:,.0f} evaluations per image, more than {MOST} times the defaults'"
                return Trial(number, self.part, "failed", values, settings, reason=reason)
        scores: list[float] = []
        costs: list[float] = []
        without: list[str] = []
        state: State = "done"
        try:
            for unit in self.units:
                found = [self.score(case, chosen, without) for case in unit]
                scores.append(float(np.mean([score for score, _ in found])))
                costs.append(float(np.mean([cost for _, cost in found])))
                if len(scores) < len(self.units) and _behind(scores, float(np.mean(costs)), before, self.sign):
                    state = "pruned"
                    break
        except _Unfair as error:
            return Trial(number, self.part, "failed", values, settings, reason=str(error))
        if number == 0 and len(without) == len(self.units) * len(self.units[0]):
            return Trial(number, self.part, "failed", values, settings, reason=without[0])
        score, cost = float(np.mean(scores)), float(np.mean(costs))
        reason = f"{len(without)} without a map: {without[0]}" if without else ""
        return Trial(number, self.part, state, values, settings, score, cost, tuple(scores), reason)

    def score(self, case: Case, settings: BaseModel, without: list[str]) -> tuple[float, float]:
        """Score and evaluations of one image; the worst score where settings do not suit it, which is noted."""
        try:
            explained = case.explain(self.space.spec, settings)
        except Exception as error:  # as in a study, an image that a method fails on is no end of the work
            without.append(f"{case.name}: {reason_of(error)}")
            if self.objective.worst is None:
                raise _Unfair(without[0]) from None
            return self.objective.worst, float(self.space.spec.evaluations(settings, case.classifier))
        return scored(self.objective, case, explained), explained.evaluations


class _Unfair(CrosslightError):
    """An image has no score, and none would be fair."""


def scored(objective: Objective, case: Case, explained: Any) -> float:
    """The score of one map; the worst one where it has none."""
    found = objective(case, explained)
    if found == found:
        return found
    if objective.worst is None:
        raise _Unfair(f"{case.name}: {objective.name} has no value")
    return objective.worst


def _behind(scores: Sequence[float], cost: float, before: Sequence[Trial], sign: int) -> bool:
    """Whether a trial that costs no more is clearly ahead on the same images."""
    count = len(scores)
    if count < AFTER:
        return False
    own = np.array(scores)
    for other in before:
        if other.state != "done" or other.evaluations > cost:
            continue
        ahead = sign * (np.array(other.scores[:count]) - own)
        error = float(ahead.std(ddof=1)) / count**0.5
        if ahead.mean() > 0 and ahead.mean() > AHEAD * error:
            return True
    return False


def _suggest(trial: Any, dimension: Dimension) -> Any:
    if dimension.kind == "choice":
        return trial.suggest_categorical(dimension.name, dimension.choices)
    ask = trial.suggest_int if dimension.kind == "whole" else trial.suggest_float
    return ask(dimension.name, dimension.low, dimension.high, log=dimension.log)


def _told(optuna: ModuleType, space: Space, trial: Trial) -> Any:
    """A trial as Optuna keeps it."""
    known = {one.name: one for one in space.dimensions}
    failed = trial.state == "failed"
    return optuna.trial.create_trial(
        state=optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE,
        values=None if failed else [trial.score, trial.evaluations],
        params=dict(trial.values),
        distributions={name: _distribution(optuna, known[name]) for name in trial.values},
    )


def _distribution(optuna: ModuleType, dimension: Dimension) -> Any:
    if dimension.kind == "choice":
        return optuna.distributions.CategoricalDistribution(dimension.choices)
    if dimension.kind == "whole":
        return optuna.distributions.IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return optuna.distributions.FloatDistribution(dimension.low, dimension.high, log=dimension.log)
