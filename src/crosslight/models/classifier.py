"""A network with what is needed to use it: preprocessing, class names and facts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..core.errors import ModelError
from ..core.geometry import Preprocess
from .arithmetic import Arithmetic, check_precision
from .taps import AttentionPath, DepthUnit, Site, Sites, Tail, find_attention, find_sites, logits_of
from .wrappers import floating_type, unwrapped, without_recomputing

if TYPE_CHECKING:
    from ..core.classes import Classes
    from .facts import Facts


@dataclass(frozen=True)
class Features:
    """A layer's spatial activations for a batch, and the way on from there.

    Attributes:
        activations: float ``[b, c, h, w]``, whatever the network's own layout.
        tail: features ``[n * b, c, h, w]`` to logits ``[n * b, k]``; runs nothing before the site that
            depends on the image.
        logits: ``[b, k]``, of the whole network.
        site: where in the network this is.
    """

    activations: Tensor
    tail: Tail
    logits: Tensor
    site: Site


class Classifier:
    """A network with its preprocessing, class names and facts.

    A network with a single logit z has two classes, with the logits -z/2 and z/2: their softmax is the sigmoid of z.
    Whatever is asked of it runs in evaluation mode with frozen parameters, and leaves the network as it was
    found: the same mode in every module, the same ``requires_grad``, no hook, no ``.grad``, also after an
    exception.

    Args:
        network: maps ``[b, c, h, w]`` to logits ``[b, k]``, or to an output that holds them. Of a compiled one, and of
            one wrapped for several devices, the network inside is taken. Inputs are cast to its own type.
        preprocess: how the network wants its input.
        classes: names of the outputs, if known.
        label: how reports call it.
        facts: what is known of it; needed by studies, not by this class.
        prefix_tokens: number of tokens before the patches, where the network says so.
        device: where to run; by default where the network's parameters are.
        multi_label: whether an image may be of several classes: probabilities are then sigmoids of the logits, not
            their softmax.
        precision: ``fp32``, or ``bf16``, which is faster where the device has such arithmetic, and approximate: see
            `models.arithmetic.Arithmetic`. Sites and attention are found in fp32 all the same.

    Raises:
        InputError: there is no such precision.
    """

    def __init__(
        self,
        network: nn.Module,
        preprocess: Preprocess | None = None,
        classes: Classes | None = None,
        *,
        label: str = "",
        facts: Facts | None = None,
        prefix_tokens: int | None = None,
        device: torch.device | str | None = None,
        multi_label: bool = False,
        precision: str = "fp32",
    ):
        self.network = network = unwrapped(network)
        self.precision = check_precision(precision)
        self.multi_label = multi_label
        self.preprocess = preprocess or Preprocess()
        self.classes = classes
        self.label = label or type(network).__name__
        self.facts = facts
        self.prefix_tokens = prefix_tokens
        parameter = next(iter(network.parameters()), None)
        self.device = torch.device(device or (parameter.device if parameter is not None else "cpu"))
        network.to(self.device)
        self._nested = 0
        self._arithmetic = Arithmetic(network, self.precision, self._example)

    def __repr__(self) -> str:
        h, w = self.preprocess.size
        return f"<Classifier {self.label}: {type(self.network).__name__}, input {h} x {w}, on {self.device}>"

    def to(self, device: torch.device | str) -> Classifier:
        """Move the network to a device, and return this classifier."""
        self.device = torch.device(device)
        self.network.to(self.device)
        self._arithmetic = Arithmetic(self.network, self.precision, self._example)
        return self

    @contextmanager
    def evaluating(self, *, plain: bool = False) -> Iterator[nn.Module]:
        """Evaluation mode and frozen parameters for a while, and the arithmetic that is fastest; then all is restored.

        It can be nested; all but the arithmetic is up to the outermost one.

        Args:
            plain: the network's own arithmetic: its layout, and its precision whatever was asked for.
        """
        self._nested += 1
        try:
            if self._nested > 1:
                with self._arithmetic.suspended() if plain else nullcontext():
                    yield self.network
                return
            modes = [(module, module.training) for module in self.network.modules()]
            flags = [(parameter, parameter.requires_grad) for parameter in self.network.parameters()]
            try:
                self.network.eval()
                for parameter, _ in flags:
                    parameter.requires_grad_(False)
                with without_recomputing(self.network), nullcontext() if plain else self._arithmetic():
                    yield self.network
            finally:
                # Module.train() would descend into children and overwrite modules that were set apart.
                for module, mode in modes:
                    module.training = mode
                for parameter, flag in flags:
                    parameter.requires_grad_(flag)
        finally:
            self._nested -= 1

    def logits(self, inputs: Tensor) -> Tensor:
        """Logits ``[b, k]`` of normalised inputs ``[b, c, h, w]``, differentiable where gradients are enabled.

        Raises:
            ModelError: the network's output holds no ``[b, k]`` tensor.
        """
        with self.evaluating():
            logits = logits_of(self.network(inputs.to(floating_type(self.network))))
        if logits.dim() != 2 or len(logits) != len(inputs):
            raise ModelError(
                f"{self.label}: a classifier gives logits [b, k]; for {len(inputs)} images "
                f"this network gave {list(logits.shape)}"
            )
        return logits

    @cached_property
    def sites(self) -> Sites:
        """The places in the network with spatial features; found once, in at most four passes."""
        if isinstance(self.network, torch.jit.ScriptModule):
            raise ModelError(
                f"{self.label} is a TorchScript program, whose layers cannot be read; hand over the nn.Module that it "
                "was made from"
            )
        with self.evaluating(plain=True):
            try:
                return find_sites(self.network, self._example(), self.prefix_tokens)
            except ModelError as error:
                raise ModelError(f"{self.label}: {error}") from error

    @cached_property
    def differentiable(self) -> bool:
        """Whether operations with a gradient lead from the image to the logits; found once, in one forward pass."""
        with self.evaluating(plain=True) as network, torch.enable_grad():
            return logits_of(network(self._example().requires_grad_(True).clone())).requires_grad

    @cached_property
    def attention(self) -> AttentionPath:
        """The chain of attention from the patches to the logits; found once, in two or three passes.

        Raises:
            ModelError: there is none, with the reason.
        """
        sites = self.sites
        with self.evaluating(plain=True):
            try:
                return find_attention(self.network, self._example(), sites)
            except ModelError as error:
                raise ModelError(f"{self.label}: {error}") from error

    def _example(self) -> Tensor:
        """Noise ``[1, c, h, w]``, the same every time."""
        generator = torch.Generator().manual_seed(0)
        size = (1, self.preprocess.channels, *self.preprocess.size)
        return torch.randn(size, generator=generator).to(self.device, floating_type(self.network))

    @cached_property
    def outputs(self) -> int:
        """Number of logits.

        Raises:
            ModelError: there are more or fewer class names than logits.
        """
        with torch.no_grad():
            size = (1, self.preprocess.channels, *self.preprocess.size)
            count = self.logits(torch.zeros(size, device=self.device)).shape[1]
        if self.classes is not None and len(self.classes) != count:
            raise ModelError(f"{self.label}: {len(self.classes)} class names for {count} outputs")
        return count

    def site(self, depth: float = 1.0, unit: DepthUnit = "flops") -> Site:
        """The site at a depth in (0, 1], a share of the FLOPs or blocks; 1 is the last one with spatial features."""
        return self.sites.at(depth, unit)

    def features(self, inputs: Tensor, depth: float = 1.0, unit: DepthUnit = "flops") -> Features:
        """Activations at a depth, with the tail that leads from them to the logits; see `site`."""
        return self.features_at(inputs, self.site(depth, unit))

    def features_at(self, inputs: Tensor, site: Site) -> Features:
        """Activations at a site, with the tail that leads from them to the logits."""
        with self.evaluating():
            tail = Tail.build(self.network, site, inputs.to(floating_type(self.network)))
            return Features(tail.features, tail, tail.logits, site)

    def probabilities(self, logits: Tensor) -> Tensor:
        """What logits ``[b, k]`` come to: their softmax, or sigmoids where an image may be of several classes."""
        return logits.sigmoid() if self.multi_label else logits.softmax(dim=1)

    def class_name(self, index: int) -> str:
        """What to call an output: its name, or its number where names are not known."""
        if self.classes is None or not 0 <= index < len(self.classes):
            return f"class {index}"
        return self.classes.short(index)
