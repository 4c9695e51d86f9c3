"""Which family of architectures a network belongs to, told from the modules that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from torch import nn

Family = Literal["convolutional", "transformer", "hybrid", "mlp", "state-space", "unknown"]

#: Names under which implementations keep the projections of an attention that mixes tokens.
_FUSED = {"qkv", "qkvs", "to_qkv", "qkv_proj", "query_key_value", "c_attn"}
_QUERY = {"q", "query", "q_proj", "query_proj", "to_q", "to_query", "wq", "q_lin"}
_KEY = {"k", "key", "k_proj", "key_proj", "to_k", "to_key", "wk", "k_lin", "kv", "to_kv", "kv_proj"}
_HEADS = {"num_heads", "n_heads", "n_head", "heads", "nhead", "num_attention_heads"}

#: Names under which they keep the state matrix of a selective state space, and what stands beside it: the skip
#: connection and the step sizes.
_STATE = {"A", "A_log", "A_logs", "A_real", "A_imag", "A_log_real", "log_A_real", "log_A_imag"}
_BESIDE_STATE = {"D", "Ds", "dt_bias", "log_dt", "inv_dt", "log_step", "dt_proj", "dt_projs_weight"}

#: Attention counts where at least this share of all mixing modules (attentions and convolution blocks), or of
#: their parameters, is attention: the one attention pool at the end of a ResNet does not make a hybrid of it.
ATTENTION_SHARE = 0.1
#: Convolutions count where at least this share of the parameters of both is theirs: positional convolutions
#: in a transformer do not make a hybrid of it.
CONVOLUTION_SHARE = 0.04
#: Strided convolutions in a row, as a stem is made of, count from this share on: small ones cut the picture into
#: patches (at most a tenth in published transformers), large ones are a convolutional network of their own.
STEM_SHARE = 0.2


def family(network: nn.Module) -> Family:
    """The family of a network: what mixes its positions, attention, state spaces or spatial convolutions.

    Convolutions that cut the picture into patches, reduce keys and values, or stand inside the MLP of a
    transformer block do not count beside attention, unless a row of strided ones holds much of the network;
    channel attention (squeeze-and-excitation and its relatives) mixes no positions and does not count at all.

    Args:
        network: any network; it is not run, and may be on the meta device.

    Returns:
        ``transformer`` or ``convolutional`` where one of them mixes the positions, ``hybrid`` where both do
        substantially, ``mlp`` where neither does but there are linear layers, else ``unknown``. State spaces, which
        bring convolutions of their own with them, make it ``state-space``, or ``hybrid`` beside attention.
    """
    parents = {child: parent for parent in network.modules() for child in parent.children()}
    attentions = list(_outermost_attentions(network))
    states = sum(map(_is_state_space, network.modules()))
    if states:
        return "hybrid" if len(attentions) >= ATTENTION_SHARE * (len(attentions) + states) else "state-space"
    inside = {module for attention in attentions for module in attention.modules()}
    around = set(attentions) | {a for attention in attentions for a in _ancestors(attention, parents)}
    convolutions = [m for m in network.modules() if _is_spatial(m) and m not in inside]
    if not attentions:
        if any(_overlaps(module) for module in convolutions):
            return "convolutional"
        weighted = any(_is_weighted(module) for module in network.modules())
        return "mlp" if weighted else "unknown"

    blocks: set[nn.Module] = set()
    strided: Counter[nn.Module] = Counter()
    patched = False
    for module in convolutions:
        block = _block_of(module, parents, around)
        if not _overlaps(module):  # a patch embedding: does it read convolutional features of its own?
            patched = patched or any(_is_spatial(m) and _overlaps(m) for m in block.modules())
        elif not _mixes(module, block):
            strided[block] += 1
        elif not _is_token_mlp(module, block, parents, around):
            blocks.add(block)
    attended = _parameters(attentions)
    rows = {block for block, count in strided.items() if count > 1}
    if _parameters(rows) >= STEM_SHARE * (_parameters(rows) + attended):
        blocks |= rows
    convolved = _parameters(blocks)
    total = max(convolved + attended, 1)
    has_convolution = patched or convolved >= CONVOLUTION_SHARE * total
    has_attention = len(attentions) >= ATTENTION_SHARE * (len(attentions) + len(blocks)) or (
        len(attentions) > 1 and attended >= ATTENTION_SHARE * total
    )
    if has_convolution and has_attention:
        return "hybrid"
    return "transformer" if has_attention else "convolutional"


def _outermost_attentions(network: nn.Module) -> Iterator[nn.Module]:
    """Modules that mix tokens by attention, without those inside another one."""
    if _is_attention(network):
        yield network
        return
    for child in network.children():
        yield from _outermost_attentions(child)


def _is_attention(module: nn.Module) -> bool:
    if isinstance(module, nn.MultiheadAttention):
        return True
    names = {name for name, child in module.named_children() if child is not None}
    names |= {name.removesuffix("_weight") for name, _ in module.named_parameters(recurse=False)}
    if names & _FUSED:
        return True
    if names & _QUERY and names & _KEY:
        return True
    # Under other names: heads are needed, and something that only the attention itself keeps, so that an
    # encoder that remembers its number of heads is none.
    heads = any(hasattr(module, name) for name in _HEADS)
    own = "attention" in type(module).__name__.lower() or hasattr(module, "scale") or hasattr(module, "head_dim")
    return heads and own and any(map(_is_weighted, module.modules()))


def _is_state_space(module: nn.Module) -> bool:
    own = {name for name, _ in module.named_parameters(recurse=False)}
    return bool(own & _STATE) and bool((own | {name for name, _ in module.named_children()}) & _BESIDE_STATE)


def _is_weighted(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or (hasattr(module, "kernel_size") and hasattr(module, "weight"))


def _is_spatial(module: nn.Module) -> bool:
    """A convolution with a kernel larger than one pixel, an own class of convolution included."""
    if not (hasattr(module, "kernel_size") and hasattr(module, "in_channels") and hasattr(module, "weight")):
        return False
    kernel = module.kernel_size
    return isinstance(kernel, tuple) and isinstance(getattr(module, "stride", None), tuple) and max(kernel) > 1


def _overlaps(module: nn.Module) -> bool:
    return any(k > s for k, s in zip(module.kernel_size, module.stride, strict=True))  # type: ignore[arg-type]


def _mixes(module: nn.Module, block: nn.Module) -> bool:
    """Whether a convolution does more than reduce the resolution, as strided ones alone or in a row do."""
    pointwise = any(_is_weighted(m) and not _is_spatial(m) for m in block.modules())
    return pointwise or max(module.stride) == 1  # type: ignore[arg-type]


def _ancestors(module: nn.Module, parents: dict[nn.Module, nn.Module]) -> Iterator[nn.Module]:
    while module in parents:
        module = parents[module]
        yield module


def _block_of(module: nn.Module, parents: dict[nn.Module, nn.Module], around: set[nn.Module]) -> nn.Module:
    """The smallest ancestor with another weighted layer; the convolution itself where attention is in there."""
    for ancestor in _ancestors(module, parents):
        if ancestor in around:
            return module
        if sum(map(_is_weighted, ancestor.modules())) > 1:
            return ancestor
    return module


def _is_token_mlp(
    module: nn.Module, block: nn.Module, parents: dict[nn.Module, nn.Module], around: set[nn.Module]
) -> bool:
    """A depth-wise convolution between linear layers, in a block that mixes its tokens by attention."""
    depthwise = getattr(module, "groups", 1) == module.in_channels
    linear = any(isinstance(child, nn.Linear) for child in block.children())
    return depthwise and linear and parents.get(block) in around


def _parameters(modules: Iterable[nn.Module]) -> int:
    """Number of parameters in the modules, each once."""
    return sum({p: p.numel() for module in modules for p in module.parameters()}.values())
