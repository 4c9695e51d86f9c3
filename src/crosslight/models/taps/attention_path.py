"""How a network's attention leads from its patches to its logits, found by running it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import ModelError
from .attention import recorded_attention
from .layout import Layout
from .site import Sites
from .state import awake, evaluating, frozen
from .tail import relative_error, tolerance_for
from .tree import logits_of

NO_PATH = "so there is no path between all patches to multiply"


@dataclass(frozen=True)
class AttentionPath:
    """The chain of attention matrices that leads from the patches to what the head reads, as plain data.

    First come self-attentions between all tokens, ``[n, n]``. Class-attentions may follow, ``[m, m + n]``: m class
    tokens look at themselves and at the others, which stay as they are. Attention pooling is ``[m, n]``.

    Attributes:
        grid: rows and columns of the patches.
        prefix: tokens before the patches in the self-attentions, such as a class token and registers.
        layers: number of self-attentions.
        class_layers: number of class-attentions or poolings after them.
        class_tokens: how many tokens m those compute; 0 where there are none.
        tokens_read: prefix tokens that the head reads after the last self-attention.
        patches_read: whether it reads the patches, as average pooling does.
    """

    grid: tuple[int, int]
    prefix: int
    layers: int
    class_layers: int
    class_tokens: int
    tokens_read: tuple[int, ...]
    patches_read: bool

    @property
    def tokens(self) -> int:
        """Tokens n of the self-attentions."""
        return self.prefix + math.prod(self.grid)

    def read(self, like: Tensor) -> Tensor:
        """How much of every token the head reads: ``[b, m + n]``, the m class tokens first; each row sums to 1.

        Tokens of one kind count the same. Where the head reads prefix tokens and patches, as DINOv2's does,
        either kind counts one half.

        Args:
            like: gives the batch b, the type and the device.
        """
        read = like.new_zeros(len(like), self.class_tokens + self.tokens)
        if self.class_tokens:
            read[:, : self.class_tokens] = 1 / self.class_tokens
            return read
        kinds = bool(self.tokens_read) + self.patches_read
        if self.tokens_read:
            read[:, list(self.tokens_read)] = 1 / (kinds * len(self.tokens_read))
        if self.patches_read:
            read[:, self.prefix :] = 1 / (kinds * math.prod(self.grid))
        return read

    def residual(self, matrix: Tensor) -> Tensor:
        """What the residual connection of a layer adds to its attention ``[b, q, k]``: the identity, ``[q, k]``.

        The tokens that a layer computes are the first of those that it looks at. Attention pooling does not look at
        the token that it computes, and has no such connection: zeros.
        """
        queries, keys = matrix.shape[-2:]
        if keys in (queries, queries + self.tokens):
            return torch.eye(queries, keys, dtype=matrix.dtype, device=matrix.device)
        return matrix.new_zeros(queries, keys)

    def back(self, relevance: Tensor, step: Tensor) -> Tensor:
        """The relevance of the tokens after a layer, shared out among those before it.

        Args:
            relevance: ``[b, t]``: the tokens that the layer computes, then those that it leaves as they are.
            step: ``[b, q, k]``: for each token that it computes, what it owes to each that it looks at.

        Returns:
            ``[b, k]``.
        """
        queries, keys = step.shape[-2:]
        if queries == self.tokens:  # below the class-attentions: what class tokens began with is not of the image
            relevance = relevance[:, -queries:]
        shared = (relevance[:, None, :queries] @ step)[:, 0]
        return shared + functional.pad(relevance[:, queries:], (keys - relevance.shape[1] + queries, 0))

    def to_map(self, relevance: Tensor) -> Tensor:
        """The patches' part of a relevance of n tokens: ``[b, n]`` to ``[b, h, w]``."""
        return relevance[:, self.prefix :].unflatten(1, self.grid)

    def arranged(self, matrices: Sequence[Tensor], batch: int) -> tuple[Tensor, ...]:
        """Recorded matrices, or their gradients, as ``[b, heads, q, k]``; a pooling of patches alone gets its prefix.

        Raises:
            ModelError: they are not what this path consists of.
        """
        shaped = [matrix.reshape(batch, -1, *matrix.shape[-2:]) for matrix in matrices]
        shaped = [functional.pad(matrix, (max(0, self.tokens - matrix.shape[-1]), 0)) for matrix in shaped]
        keys = [self.tokens] * self.layers + [matrix.shape[-1] for matrix in shaped[self.layers :]]
        if len(shaped) != self.layers + self.class_layers or [matrix.shape[-1] for matrix in shaped] != keys:
            raise ModelError("its attention is another one for this input than for the one it was examined with")
        return tuple(shaped)


def find_attention(network: nn.Module, example: Tensor, sites: Sites) -> AttentionPath:
    """Find the chain of attention matrices of a network, or say why there is none.

    One pass records them (`recorded_attention`). They must all be matrices between the tokens of one sequence whose
    grid is known from the network's features, each must depend on the one before it, and the logits on the last.
    What the head reads is told by the rows of the last self-attention that the gradient of the logits reaches.

    Args:
        network: any; it is left as it was found.
        example: ``[1, c, h, w]`` on the network's device.
        sites: its spatial features.

    Raises:
        ModelError: the network has no such chain, with the reason; or recording changes its logits by more
            than 1e-5 of the greatest.
    """
    with evaluating(network), frozen(network):
        with torch.no_grad():
            untouched = logits_of(network(example.clone()))
        matrices, logits = _recorded(network, example)
        error = relative_error(logits, untouched)
        if not error <= tolerance_for(untouched):
            raise ModelError(f"its logits change by {error:.1e} of the greatest where its attention is recorded")
        path = _path([tuple(matrix.shape) for matrix in matrices], _layouts(sites))
        _check_chain(matrices, logits)
        if path.class_layers:
            return path
        rows = _rows_read(matrices[-1], logits)
        if not rows.any():  # untrained networks often have gains of zero behind their attention
            with awake(network):
                matrices, logits = _recorded(network, example)
                rows = _rows_read(matrices[-1], logits)
    tokens_read = tuple(rows[: path.prefix].nonzero().flatten().tolist())
    patches_read = bool(rows[path.prefix :].any())
    if not tokens_read and not patches_read:
        raise ModelError("the gradient of its logits reaches no row of its last attention")
    return AttentionPath(path.grid, path.prefix, path.layers, 0, 0, tokens_read, patches_read)


def _recorded(network: nn.Module, example: Tensor) -> tuple[list[Tensor], Tensor]:
    with torch.enable_grad(), recorded_attention() as matrices:
        logits = logits_of(network(example.clone()))
    return matrices, logits


def _layouts(sites: Sites) -> dict[int, Layout]:
    """By number of cells or tokens, how the network's features hold them; late features come before early ones.

    A network whose blocks are no modules may return its sequence nowhere: one or two prefix tokens are allowed for.
    """
    known = {site.layout.prefix + math.prod(site.layout.grid): site.layout for site in sites.sites}
    cells = math.prod(sites.last.layout.grid)
    return {cells + n: Layout("NLC", *sites.last.layout.grid, n) for n in (1, 2)} | known


def _path(shapes: Sequence[tuple[int, ...]], layouts: Mapping[int, Layout]) -> AttentionPath:
    """The path that matrices of these shapes make for a batch of one image, without what the head reads."""
    if not shapes:
        raise ModelError("it computes no attention matrices")
    squares: list[int] = []
    rows: list[tuple[int, int]] = []
    for shape in shapes:
        queries, keys = shape[-2:]
        if math.prod(shape[:-3]) > 1:
            raise ModelError(f"its attention looks at windows of {keys} tokens, {NO_PATH}")
        if queries == keys and keys in layouts and not rows:
            squares.append(keys)
        elif squares and queries < keys and keys - squares[-1] in (queries, 0, -layouts[squares[-1]].prefix):
            rows.append((queries, keys))
        else:
            raise ModelError(_why_not(*(rows[-1] if rows else (queries, keys))))
    counts = list(dict.fromkeys(squares))
    if len(counts) > 1:
        raise ModelError(f"its number of tokens changes on the way ({', '.join(map(str, counts))}), {NO_PATH}")
    if len(set(rows)) > 1:
        raise ModelError(f"its last attentions have different shapes ({', '.join(map(str, rows))}), {NO_PATH}")
    layout = layouts[squares[0]]
    class_tokens = rows[0][0] if rows else 0
    return AttentionPath(layout.grid, layout.prefix, len(squares), len(rows), class_tokens, (), False)


def _why_not(queries: int, keys: int) -> str:
    """Why a matrix of this size belongs to no path."""
    if queries == 1:
        return f"it has an attention of one token to {keys} others that follows no attention between all tokens"
    if queries > keys:
        return f"its attention looks at {keys} reduced tokens from {queries}, {NO_PATH}"
    if queries < keys:
        return f"its attention reduces {keys} tokens to {queries}, {NO_PATH}"
    return (
        f"its attention matrices are {queries} x {keys}, and none of its features has {keys} cells or tokens: "
        f"they weigh something else, such as channels or windows, {NO_PATH}"
    )


def _check_chain(matrices: Sequence[Tensor], logits: Tensor) -> None:
    """Each matrix must depend on the one before it, and the logits on the last."""
    for before, after in zip(matrices, [*matrices[1:], logits], strict=True):
        (reached,) = torch.autograd.grad(after.sum(), before, retain_graph=True, allow_unused=True)
        if reached is None:
            what = "its logits do not depend" if after is logits else "one of its attentions does not depend"
            raise ModelError(f"{what} on the attention before: they stand side by side, {NO_PATH}")


def _rows_read(matrix: Tensor, logits: Tensor) -> Tensor:
    """Which rows of the last self-attention the gradient of the logits reaches, bool ``[n]``."""
    weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)).to(logits)
    (gradient,) = torch.autograd.grad((logits * weights).sum(), matrix)
    return gradient.flatten(0, -3).ne(0).any(dim=0).any(dim=1).cpu()
