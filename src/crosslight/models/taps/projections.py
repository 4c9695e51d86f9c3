"""Tensors that are keys and values side by side: wide projections inside an attention, not features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from torch.autograd.graph import Node

Edge = tuple[Node, int]

#: autograd's names of products that attention is made of
_PRODUCTS = ("Bmm", "ScaledDotProduct")
#: and of what takes a tensor apart
_SPLITS = ("Unbind", "Split", "Select", "Slice", "Chunk")
#: and of what moves, scales or normalises its values
_KEEPING = (
    *_SPLITS, "View", "UnsafeView", "ReshapeAlias", "Permute", "Transpose", "Squeeze", "Unsqueeze", "Expand",
    "Clone", "ToCopy", "Alias", "Mul", "Div", "NativeLayerNorm",
)  # fmt: skip


def projections(graph: Mapping[Node, Iterable[Edge]], edges: Set[Edge]) -> set[Edge]:
    """Those of some tensors whose parts are several operands of attention.

    What such a tensor has for channels are keys and values (and queries) side by side. The features are what they
    were made of.

    Args:
        graph: what every node used.
        edges: the tensors in question.
    """
    operands: dict[Edge, set[Edge]] = {}
    for node in graph:
        if not node.name().startswith(_PRODUCTS):
            continue
        for slot, edge in enumerate(node.next_functions):
            source = _split_from(edge, edges)
            if source is not None:
                operands.setdefault(source, set()).add((node, slot))
    return {edge for edge, uses in operands.items() if len(uses) > 1}


def _split_from(edge: tuple[Node | None, int], edges: Set[Edge]) -> Edge | None:
    """The tensor that an operand is a part of; None where it is a whole one, or computed from one."""
    split = False
    while edge[0] is not None:
        found = (edge[0], edge[1])
        if found in edges and split:
            return found
        name = edge[0].name()
        if not name.startswith(_KEEPING):
            return None
        split |= name.startswith(_SPLITS)
        used = [other for other in edge[0].next_functions if other[0] is not None]
        if len(used) != 1:
            return None
        edge = used[0]
    return None
