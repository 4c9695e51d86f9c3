"""Rules for what may be said about the family question, one by one, and the sentence they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .leave_one_out import significant

Verdict = Literal["differ", "one test", "none", "underpowered", "undecidable"]

#: a variance inflation above this leaves two explanations hard to tell apart
INFLATED = 5.0
#: where more images would remove less than this share of the scatter, only more models help
IMAGES_HELP = 0.2


@dataclass(frozen=True)
class Findings:
    """The numbers that decide on the words.

    Attributes:
        groups: names, in the order in which they are to be named.
        r: ANOSIM's R.
        anosim: its p-value.
        permanova: PERMANOVA's p-value.
        permdisp: PERMDISP's p-value; NaN where groups are too small for it.
        count: labelings compared.
        exact: whether these are all.
        resolution: the smallest p-value possible.
        alpha: the level of all decisions.
        wanted: the power that `smallest` is about.
        smallest: the smallest shift found with that power, in SD; None where none is.
        relevant: a shift that should not be missed, in SD.
        wider: the group that spreads most widely.
        liberal: whether that is also the smallest group, which makes ANOSIM and PERMANOVA reject too often.
        changing: names and ANOSIM p-values of what changes the conclusion when left out, the most telling first.
        worst: name and p-value of what leaves the largest p-value when left out; None where nothing could be.
        confounders: names of what was held fixed in the regression.
        adjusted: the groups' p-value in the regression; None where there was none.
        inflation: the groups' variance inflation in it; infinite where they follow from the confounders.
        image_share: share of the scatter inside groups that more images would remove; None where not known.
        subject: in what the groups may differ.
        noun: what one item is.
    """

    groups: tuple[str, ...]
    r: float
    anosim: float
    permanova: float
    permdisp: float
    count: int
    exact: bool
    resolution: float
    alpha: float = 0.05
    wanted: float = 0.8
    smallest: float | None = None
    relevant: float = 1.0
    wider: str = ""
    liberal: bool = False
    changing: tuple[tuple[str, float], ...] = ()
    worst: tuple[str, float] | None = None
    confounders: tuple[str, ...] = ()
    adjusted: float | None = None
    inflation: float = 1.0
    image_share: float | None = None
    subject: str = "where they look"
    noun: str = "model"


def verdict(found: Findings) -> Verdict:
    """What the tests allow to be said.

    The rules, the first that applies:

    1. ``undecidable``: not even the smallest possible p-value would be significant, for there are too few labelings.
    2. ``differ``: both ANOSIM and PERMANOVA are significant after Holm's correction for the two.
    3. ``one test``: one of them is.
    4. ``underpowered``: neither is, and a shift of `relevant` SD would be found less often than wanted.
    5. ``none``: neither is, and such a shift would have been found.

    PERMDISP and the regression take part in no correction: they can only weaken what is said, and a correction
    would hide warnings.
    """
    bar = found.alpha * (1 + 1e-9)
    if 2 * found.resolution > bar:
        return "undecidable"
    if significant(found.anosim, found.permanova, found.alpha):
        both = max(found.anosim, found.permanova) <= bar  # the larger is multiplied by 1 in Holm's correction
        return "differ" if both else "one test"
    if found.smallest is None or found.smallest > found.relevant:
        return "underpowered"
    return "none"


def sentence(found: Findings) -> str:
    """A sentence about the family question that can be quoted.

    After the clause of the verdict follow, where they apply:

    * spread: where PERMDISP is significant, that the spread differs, and whether that makes the tests too lenient;
    * inverted: where R is negative and ANOSIM's p-value at least 1 - alpha, that groups are less alike inside;
    * left out: what changes the conclusion when left out, or that nothing does;
    * images: where power is too low and the images' share of the scatter is known, whether more of them would help;
    * confounders: whether a difference stays when they are held fixed, and where groups cannot be told from them.
    """
    said = verdict(found)
    text = _main(found, said)
    if said in ("differ", "one test"):
        doubts = [clause for clause in (_spread(found), _lost(found)) if clause]
        if doubts:
            text += ", but " + ", and ".join(doubts)
        elif found.worst:
            name, p = found.worst
            which = "this" if p <= found.alpha * (1 + 1e-9) else "by one test at least, this"
            text += f"; {which} holds whichever {found.noun} is left out (largest ANOSIM {p_text(p)}, without {name})"
        text += _confounded(found)
    elif said != "undecidable":
        text += _images(found, said) + _inverted(found)
        if spread := _spread(found, too=False):
            text += f"; {spread}"
        if found.changing:
            name, p = found.changing[0]
            text += f"; without {name} a difference would have been found ({p_text(p)})"
    return text + "."


def _main(found: Findings, said: Verdict) -> str:
    groups, subject = listed(found.groups), found.subject
    numbers = (
        f"(ANOSIM R = {short(found.r)}, {'exact ' if found.exact else ''}{p_text(found.anosim)} over "
        f"{found.count:,} labelings; PERMANOVA {p_text(found.permanova)})"
    )
    power = f"(power {short(found.wanted, 1)})"
    if said == "undecidable":
        many = f"{found.count:,} labeling{'s' if found.count > 1 else ''}"
        return (
            f"Whether {groups} differ in {subject} cannot be decided: with {many} no p-value can be below "
            f"{short(found.resolution)}"
        )
    if said == "differ":
        return f"{capital(groups)} differ in {subject} {numbers}"
    if said == "one test":
        which = "ANOSIM" if found.anosim < found.permanova else "PERMANOVA"
        return f"{capital(groups)} may differ in {subject}: only one of two tests, {which}, finds it {numbers}"
    none = f"No difference between {groups} in {subject} was found {numbers}"
    if said == "none":
        return f"{none}, though one of {found.smallest:.1f} SD or more would have been {power}"
    if found.smallest is None:
        return f"{none}, and none could have been, however large {power}: underpowered"
    return f"{none}, and none smaller than {found.smallest:.1f} SD could have been {power}: underpowered"


def _spread(found: Findings, too: bool = True) -> str:
    if np.isnan(found.permdisp) or found.permdisp > found.alpha * (1 + 1e-9):
        return ""
    text = f"their spread differs{' too' if too else ''} (PERMDISP {p_text(found.permdisp)}"
    if found.liberal and too:
        return text + f"; {found.wider}, the smaller group, is the wider one, which makes both tests reject too easily)"
    return text + (f"; {found.wider} spread most)" if found.wider else ")")


def _lost(found: Findings) -> str:
    if not found.changing:
        return ""
    name, p = found.changing[0]
    more = len(found.changing) - 1
    return f"without {name} {p_text(p)}" + (f" (and {more} more would change the conclusion)" if more else "")


def _inverted(found: Findings) -> str:
    if found.r >= 0 or found.anosim < 1 - found.alpha:
        return ""
    return f"; {found.noun}s of one group are even less alike than {found.noun}s of different groups"


def _images(found: Findings, said: Verdict) -> str:
    if said != "underpowered" or found.image_share is None:
        return ""
    if found.image_share < IMAGES_HELP:
        return f"; more {found.noun}s would help, more images hardly"
    return f"; more images would help, for they make {round(100 * found.image_share)} % of the scatter inside groups"


def _confounded(found: Findings) -> str:
    if not found.confounders:
        return ""
    fixed = listed(found.confounders)
    if np.isinf(found.inflation):
        return f"; the groups cannot be told apart from {fixed}"
    if found.adjusted is None:
        return ""
    if found.adjusted <= found.alpha * (1 + 1e-9):
        text = f"; the difference stays with {fixed} held fixed (MRM {p_text(found.adjusted)})"
    else:
        text = f"; with {fixed} held fixed none is left (MRM {p_text(found.adjusted)})"
    return text + (", though the groups can hardly be told apart from them" if found.inflation > INFLATED else "")


def p_text(p: float) -> str:
    """A p-value with two digits that count, as in ``p = .0065``."""
    if p < 1e-4:
        return "p < .0001"
    if p >= 0.995:
        return "p = 1" if p == 1 else "p > .99"
    return f"p = {_bare(f'{p:.2g}')}"


def short(value: float, digits: int = 2) -> str:
    """A number without the zero before the point, as in ``.42``."""
    return _bare(f"{value:.{digits}f}")


def _bare(text: str) -> str:
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def listed(names: tuple[str, ...]) -> str:
    """Names as in ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def capital(text: str) -> str:
    """The same text with a capital first letter."""
    return text[:1].upper() + text[1:]
