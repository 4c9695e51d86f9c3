"""Pictures with a region edited, made one by one when they are asked for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import ImageError, InputError
from ..core.finding import NAMED
from ..core.seeds import seed_for
from ..store import ImageEntry
from .edits import Edit, apply_edit, checked_edit
from .masks import Given, MaskSource
from .regions import Elsewhere, find_masks

if TYPE_CHECKING:
    from ..images import ImageRecord, ImageSet

#: why an image is not edited
NO_MASK, NO_REGION, TOO_SMALL, TOO_LARGE = "no mask", "the region is not in it", "the region is too small", "no rest"

#: what the region of a control is called
CONTROL = "same shape elsewhere"

#: how a picture was edited where no generator drew it
BY_MASK = "by mask"


@dataclass(frozen=True)
class EditedPicture:
    """One picture before and after.

    Attributes:
        identity: of the image.
        name: as its source calls it.
        label: what its source says it shows, or None.
        before: uint8 ``[h, w, 3]``.
        after: uint8 ``[h, w, 3]``.
        region: bool ``[h, w]``.
        how: ``by mask``, or what a generator of pictures has drawn.
        other: name of the picture that a background was taken from, or nothing.
    """

    identity: str
    name: str
    label: str | None
    before: NDArray[np.uint8] = field(repr=False)
    after: NDArray[np.uint8] = field(repr=False)
    region: NDArray[np.bool_] = field(repr=False)
    how: str = BY_MASK
    other: str = ""

    @property
    def share(self) -> float:
        """Of the picture that the region covers, in (0, 1]."""
        return float(self.region.mean())


@dataclass(frozen=True)
class Edits(Sequence[EditedPicture]):
    """What is edited how. A sequence whose pictures are edited when they are asked for.

    Attributes:
        images: those that have the region.
        source: where the region is.
        region: what it is called, such as ``car``.
        edit: what is done to it.
        settings: of the edit.
        margin: pixels by which the region was grown on all sides.
        exact: whether a generator of pictures draws the edited picture where it can.
        skipped: number of images left out, by reason.
        seed: of the choice of other pictures.
    """

    images: ImageSet
    source: MaskSource
    region: str
    edit: Edit
    settings: Mapping[str, Any]
    margin: int = 0
    exact: bool = True
    skipped: Mapping[str, int] = field(default_factory=dict)
    seed: int = 0

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(len(self)))]
        return self._edited(range(len(self))[row])

    @property
    def does(self) -> str:
        """In words, such as ``the car removed``; the object of pictures of one class is called by its name."""
        labels = {record.label for record in self.images}
        only = labels.pop() if self.region == "object" and len(labels) == 1 else None
        return self.edit.does.format(only or self.region)

    def to_dict(self) -> dict[str, Any]:
        """How pictures are edited, as JSON holds it."""
        return {
            "region": self.region,
            "masks": self.source.name,
            "how": self.edit.name,
            "settings": dict(self.settings),
            "margin": self.margin,
            "exact": self.exact,
            "seed": self.seed,
        }

    def _edited(self, row: int) -> EditedPicture:
        record = self.images.records[row]
        before, region = _picture(record), grown(_region(self.source, record), self.margin)
        label = None if record.label is None else str(record.label)
        make = partial(EditedPicture, record.identity, record.name, label, before, region=region)
        redraw: Callable[..., Any] | None = getattr(self.source, "redraw", None)
        if self.exact and redraw is not None and self.edit.redraw is not None:
            drawn = redraw(_entry(record), self.edit.redraw, self.seed)
            if drawn is not None:
                return make(drawn[0], how=drawn[1])
        other = self._other(row) if self.settings.get("by") == "picture" else None
        after = apply_edit(self.edit, before, region, self.settings, None if other is None else other[0])
        return make(after, other="" if other is None else other[1])

    def _other(self, row: int) -> tuple[NDArray[np.uint8], str] | None:
        """Another picture with its own region filled in, so that it brings no second object; the same every time."""
        if len(self) < 2:
            return None
        step = 1 + seed_for(self.seed, self.images.records[row].identity, "another picture") % (len(self) - 1)
        record = self.images.records[(row + step) % len(self)]
        from .edits import EDITS

        picture, region = _picture(record), grown(_region(self.source, record), max(self.margin, 1))
        return apply_edit(EDITS["harmonic"], picture, region), record.name


def plan_edits(
    images: ImageSet,
    masks: Given = None,
    edit: str = "inpaint",
    *,
    region: str = "object",
    legend: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    margin: int = 0,
    exact: bool = True,
    least: float = 0.0,
    limit: int | None = None,
    control: bool = False,
    seed: int = 0,
) -> Edits:
    """Find the images that have a region, and fix how it is edited.

    Args:
        images: in the order in which they are used.
        masks: see `crosslight.evaluation.regions.find_masks`; by default what scenes come with.
        edit: a name of `crosslight.evaluation.edits.EDITS`.
        region: ``object``, ``evidence``, ``background``, or classes joined by commas.
        legend: of label maps.
        settings: of the edit.
        margin: pixels by which the region is grown on all sides: outlines and shadows tell what was there.
        exact: let a generator draw the edited picture where it can, as scenes do.
        least: images whose region covers a smaller share of the picture are left out, in [0, 1).
        limit: at most so many images that have the region.
        control: edit the same shape elsewhere in the same pictures instead, see `regions.Elsewhere`; always by mask.
        seed: of the choice of other pictures.

    Raises:
        UnknownNameError: there is no such edit, setting or class.
        InputError: no image has the region, or a mask does not fit its picture.
    """
    found, complete = checked_edit(edit, settings)
    if not 0 <= least < 1:
        raise InputError(f"least is a share of the picture, at least 0 and below 1, not {least}")
    if margin < 0:
        raise InputError(f"margin is 0 or more pixels, not {margin}")
    entries = [_entry(record) for record in images]
    source = find_masks(masks, entries, images.source.split(" (")[0], region=region, legend=legend)
    chosen: list[ImageRecord] = []
    skipped: Counter[str] = Counter()
    problems: list[str] = []
    for record, entry in zip(images, entries, strict=True):
        if limit is not None and len(chosen) == limit:
            break
        if not source.has(entry):
            skipped[NO_MASK] += 1
            continue
        try:
            size = _size(record)
        except ImageError as error:
            skipped[str(error)] += 1
            continue
        if problem := source.problem(entry, size):
            problems.append(f"{record.name}: {problem}")
            continue
        inside = grown(source.read(entry, size), margin)
        share = float(inside.mean())
        if reason := _unfit(share, least):
            skipped[reason] += 1
            continue
        chosen.append(record)
    if problems:
        listed = [f"  - {problem}" for problem in problems[:NAMED]]
        more = [f"  - and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
        raise InputError("\n".join([f"masks that do not fit ({source.name})", *listed, *more]))
    if not chosen:
        why = "; ".join(f"{count}: {reason}" for reason, count in skipped.items()) or "there are no images"
        raise InputError(f"no image has the region {region!r} ({source.name}); {why}")
    kept = type(images)(tuple(chosen), images.source)
    if control:
        source, region, exact = Elsewhere(source), CONTROL, False
    return Edits(kept, source, region, found, complete, margin, exact, dict(skipped), seed)


def edit_images(images: ImageSet, masks: Given = None, edit: str = "inpaint", **options: Any) -> list[EditedPicture]:
    """Edit a region of pictures, in memory.

    Args:
        images: those without the region are left out.
        masks: see `plan_edits`.
        edit: a name of `crosslight.evaluation.edits.EDITS`.
        **options: further arguments of `plan_edits`.

    Raises:
        InputError: see `plan_edits`.
    """
    return list(_all(plan_edits(images, masks, edit, **options)))


def _all(edits: Edits) -> Iterator[EditedPicture]:
    return (edits[row] for row in range(len(edits)))


def grown(inside: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """A region with everything that is at most `margin` pixels away from it.

    Args:
        inside: bool ``[h, w]``.
        margin: 0 or more.
    """
    if margin == 0 or not inside.any():
        return inside
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(~inside) <= margin)


def _unfit(share: float, least: float) -> str:
    """Why a region of this size is not edited, or nothing."""
    if share == 0:
        return NO_REGION
    if share < least:
        return TOO_SMALL
    # Where all is removed there is nothing left to see, and where nothing is removed nothing changes.
    return TOO_LARGE if share == 1 else ""


def _entry(record: ImageRecord) -> ImageEntry:
    return ImageEntry(record.identity, record.name, record.label)


def _picture(record: ImageRecord) -> NDArray[np.uint8]:
    return np.asarray(record.load())


def _size(record: ImageRecord) -> tuple[int, int]:
    picture = record.load()
    return picture.height, picture.width


def _region(source: MaskSource, record: ImageRecord) -> NDArray[np.bool_]:
    return source.read(_entry(record), _size(record))
