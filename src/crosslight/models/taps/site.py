"""Places in a network where features can be read and replaced, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...core.errors import InputError
from .functions import Step
from .layout import Layout

SiteKind = Literal["cut", "token", "partial"]
#: what a depth is a share of
DepthUnit = Literal["flops", "blocks"]

NEAR = 0.1  # a cut this near to the wanted depth is taken before a nearer tensor that is no cut


@dataclass(frozen=True)
class Site:
    """One tensor of a network that has spatial features.

    Attributes:
        module: dotted name of the module that returns the tensor first, or whose code computes it.
        call: which call of that module in one forward pass, from 0.
        path: where the tensor stands in what the module returns; empty if it is all of it.
        layout: how it holds its spatial cells.
        channels: its channels.
        depth: share of the network's counted FLOPs done when it is ready, in (0, 1].
        order: position among all tensors that modules return, from 0.
        cut: whether every path from the image to the logits runs through it.
        coverage: share of its cells that the gradient of the logits reaches.
        kind: ``cut``; ``token``, through which every path of the patches runs but not that of the class token;
            or ``partial``, where other paths pass by.
        block: whether it is what a block returns: a module among others of its class in one container, that has no
            smaller such modules inside.
        step: the call of a function that computes it, where no module returns it and all paths run through it.
    """

    module: str
    call: int
    path: tuple[int | str, ...]
    layout: Layout
    channels: int
    depth: float
    order: int
    cut: bool
    coverage: float
    kind: SiteKind
    block: bool = False
    step: Step | None = None

    @property
    def name(self) -> str:
        """A short stable name.

        Such as ``blocks.4``; ``blocks.11.norm1#1[0]`` for the second call and its first output; ``layer4:add#2`` for
        the third sum in the code of ``layer4``, ``forward:add#2`` in that of the network.
        """
        call = f"#{self.call}" if self.call else ""
        if self.step is None:
            return self.module + call + "".join(f"[{key}]" for key in self.path)
        index = f"#{self.step.index}" if self.step.index else ""
        return f"{self.module or 'forward'}{call}:{self.step.function}{index}"

    @property
    def resolution(self) -> tuple[int, int]:
        """Rows and columns of the features."""
        return self.layout.grid


@dataclass(frozen=True)
class Sites:
    """The spatial sites of a network.

    Attributes:
        sites: every usable one in execution order, up to and including `last`.
        last: the last spatial features: where class activation maps are usually read.
        image: height and width of the input they were found for.
        classes: number of logits.
        flops: FLOPs of one forward pass of one image (two for each multiplication and addition); 0 where
            none could be counted, and depth then counts modules.
    """

    sites: tuple[Site, ...]
    last: Site
    image: tuple[int, int]
    classes: int
    flops: int

    def at(self, depth: float, unit: DepthUnit = "flops") -> Site:
        """The site whose share of the FLOPs, or of the blocks, is nearest to `depth`, never beyond `last`.

        Cuts come first; where none is within a tenth of the network, any site counts. Of sites at one depth
        the latest is taken, such as a block's end rather than the convolution in it. A greater depth never gives
        an earlier site.

        Args:
            depth: in (0, 1]; 1 is `last`.
            unit: ``flops``; or ``blocks``: of 12 blocks that can be read, .25 is the third.

        Raises:
            InputError: the depth is out of range, or the network has no blocks.
        """
        if not 0 < depth <= 1:
            raise InputError(f"depth must be above 0 and at most 1, it is {depth}")
        if depth == 1:
            return self.last
        if unit == "blocks":
            blocks = [site for site in self.sites if site.block]
            if not blocks:
                raise InputError("this network has no blocks to count; give the depth as a share of the FLOPs")
            return min(enumerate(blocks, 1), key=lambda item: (abs(item[0] / len(blocks) - depth), -item[0]))[1]
        near = [site for site in self.sites if site.cut and abs(site.depth - depth) <= NEAR]
        return min(near or self.sites, key=lambda site: (abs(site.depth - depth), not site.cut, -site.order))
