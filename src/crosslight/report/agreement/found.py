"""What a study found about agreement, in a few sentences for the first screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...agreement import Agreement
from ...agreement.analysis import MethodAnalysis
from ..contents import Contents
from ..finding import Finding
from ..summary import Pair, contrast_of
from ..words import printed, two_decimals
from .panel import DOUBTFUL


def places(label: str, known: Sequence[Pair], measure: str) -> Finding:
    """Which models look at the most similar places, which at the least similar, and how many pairs are above chance.

    Args:
        label: of the method.
        known: one pair or more.
        measure: what the similarity is called.
    """
    ranked = sorted(known, key=lambda pair: -pair.above)  # two constant maps are alike, but do not look anywhere
    most, least = ranked[0], ranked[-1]
    if least is most:
        text = f"Under {label}, the maps of {most.first} and {most.second} are alike by {_value(most, measure)}"
    else:
        text = f"Under {label}, {most.first} and {most.second} look at the most similar places "
        text += f"({_value(most, measure)})"
        text += f", {least.first} and {least.second} at the least similar ({_value(least, measure)})"
    chance = sum(pair.by_chance for pair in known)
    if len(known) == 1:
        text += ". That is no more than chance gives." if chance else ". That is above chance."
    elif chance == len(known):
        text += ". No pair is above chance."
    elif chance:
        text += f". {chance} of {len(known)} pairs {'is' if chance == 1 else 'are'} not above chance."
    else:
        text += f". All {len(known)} pairs are above chance."
    return Finding("Where they look", text, warns=chance == len(known))


def _value(pair: Pair, measure: str) -> str:
    return f"{measure} {two_decimals(pair.mean)}" + _by_chance(pair.floor)


def _by_chance(floor: float) -> str:
    return f", chance {two_decimals(floor)}" if np.isfinite(floor) else ""


def families(
    label: str, contents: Contents, agreement: Agreement, method: MethodAnalysis | None = None
) -> Finding | None:
    """The family question as it was answered; the plain contrast of families where nothing else was said of them.

    Args:
        label: of the method.
        contents: knows the models' families.
        agreement: of the method.
        method: what else is known of it.
    """
    if method is not None and method.answer is not None:
        return Finding("Families", _under(label, method.answer.sentence), warns=method.answer.verdict in DOUBTFUL)
    if method is not None and method.ladder.sentence:
        return None
    found = contrast_of(agreement, contents.families)
    if found is None:
        return None
    if found.low > 0:
        text = "Classifiers of one family look at more similar places than those of different families"
    elif found.high < 0:
        text = "Classifiers of one family look at less similar places than those of different families"
    else:
        text = "Classifiers of one family look at places no more similar than those of different families"
    interval = f", 95 % interval {found.low:.3f} to {found.high:.3f}"
    return Finding(
        "Families",
        f"{text}: {two_decimals(found.within)} against {two_decimals(found.between)} above chance under {label} "
        f"(difference {found.difference:.3f}{interval if np.isfinite(found.low) else ''}).",
    )


def relatives(label: str, method: MethodAnalysis | None) -> Finding | None:
    """Whether nearer relatives look at more similar places."""
    if method is None or not method.ladder.sentence:
        return None
    return Finding("Relatives", _under(label, method.ladder.sentence))


def _under(label: str, sentence: str) -> str:
    text = printed(sentence)
    word = sentence.split(maxsplit=1)[0]
    first = text[0].lower() if word in ("Of", "Whether") else sentence[0]  # which may begin a name
    return f"Under {label}, {first}{text[1:]}"


def methods_matter(pairs: Mapping[str, Sequence[Pair]], measure: str) -> Finding | None:
    """Under which method models agree most and least above chance; None where there is one method only.

    Args:
        pairs: by method label.
        measure: what the similarity is called.
    """
    most_pairs = max(map(len, pairs.values()))  # methods that some models have no maps of are not compared with others
    pairs = {label: known for label, known in pairs.items() if len(known) == most_pairs}
    means = {label: float(np.mean([p.mean for p in known])) for label, known in pairs.items()}
    floors = {label: float(np.mean([p.floor for p in known])) for label, known in pairs.items()}
    above = {label: means[label] - floors[label] for label in pairs if np.isfinite(floors[label])}
    if len(above) < 2:
        return None
    ranked = sorted(above, key=lambda label: -above[label])
    most, least = ranked[0], ranked[-1]
    return Finding(
        "The method matters",
        f"Measured above chance, classifiers agree most under {most} ({measure} {two_decimals(means[most])}, chance "
        f"{two_decimals(floors[most])}) and least under {least} ({two_decimals(means[least])}, chance "
        f"{two_decimals(floors[least])}).",
    )
