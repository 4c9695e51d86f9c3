"""Which class is explained: the policy a study names, and the classes it comes to for a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import InputError, suggestion

Kind = Literal["own", "label", "model", "class", "contrast"]
KINDS = ("own", "top:K", "label", "model:NAME", "class:NAME-OR-INDEX", "contrast:A:B")


@dataclass(frozen=True)
class TargetPolicy:
    """What is explained for every image.

    Attributes:
        kind: ``own`` (the classifier's own class at `rank`), ``label`` (the image's), ``model`` (the top-1
            of the model called `name`), ``class`` (always `name`) or ``contrast`` (`name` against `other`).
        rank: for ``own``: 1 is the top class, 2 the second, and so on.
        name: model label, class name or class index, by kind.
        other: for ``contrast``: the class whose logit is subtracted.
    """

    kind: Kind = "own"
    rank: int = 1
    name: str = ""
    other: str = ""

    def __str__(self) -> str:
        """The form used in study files; ``rank:2`` stands for the second map of ``top:K``."""
        match self.kind:
            case "own":
                return "own" if self.rank == 1 else f"rank:{self.rank}"
            case "label":
                return "label"
            case "contrast":
                return f"contrast:{self.name}:{self.other}"
            case _:
                return f"{self.kind}:{self.name}"


def parse_target(text: str) -> tuple[TargetPolicy, ...]:
    """Read a policy as it is written in a study file.

    Args:
        text: ``own``, ``top:K``, ``label``, ``model:NAME``, ``class:NAME-OR-INDEX`` or ``contrast:A:B``.

    Returns:
        One policy, or K of them for ``top:K`` (one map each).

    Raises:
        InputError: the text is none of these.
    """
    head, _, rest = text.strip().partition(":")
    rest = rest.strip()
    if head == "own" and not rest:
        return (TargetPolicy(),)
    if head in ("top", "rank") and rest.isdecimal() and int(rest) >= 1:
        ranks = range(1, int(rest) + 1) if head == "top" else [int(rest)]
        return tuple(TargetPolicy(rank=rank) for rank in ranks)
    if head == "label" and not rest:
        return (TargetPolicy("label"),)
    if head in ("model", "class") and rest:
        return (TargetPolicy(head, name=rest),)  # type: ignore[arg-type]
    if head == "contrast":
        first, _, second = rest.partition(":")
        if first.strip() and second.strip():
            return (TargetPolicy("contrast", name=first.strip(), other=second.strip()),)
    near = suggestion(head, [kind.partition(":")[0] for kind in KINDS])
    raise InputError(f"no such target {text!r}{near if near.startswith('; did') else ''} (targets: {', '.join(KINDS)})")
