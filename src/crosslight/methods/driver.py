"""Applying a method: gather the evidence it reads, run it, and look closer where a tolerance asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.errors import MethodError
from ..evidence import Gathering
from .base import Attribution, MethodSpec

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..core.targets import TargetPolicy


def attribute(gathering: Gathering, spec: MethodSpec, settings: BaseModel, policy: TargetPolicy) -> Attribution:
    """Maps of one method for one batch.

    Where the method has a tolerance and it is set, images whose diagnostic is above it are measured again with
    closer evidence until it is not, or the evidence cannot be made closer; the diagnostic tells which.

    Args:
        gathering: classifier and batch, with what was measured before.
        spec: the method.
        settings: an instance of ``spec.settings``.
        policy: which class is explained.

    Raises:
        MethodError: the method returned something that is not one map per image.
    """
    evidence_settings = spec.evidence_settings(settings)
    result = _apply(spec, gathering, settings, evidence_settings, policy)
    tolerance = getattr(settings, "tolerance", None)
    if tolerance is None or spec.tolerance is None:
        return result
    maps = result.maps.clone()
    diagnostics = {name: values.clone() for name, values in result.diagnostics.items()}
    part, kept = gathering, list(range(len(maps)))
    while True:
        # NaN (nothing to converge to) is not asked again
        rows = (diagnostics[spec.tolerance] > tolerance).nonzero().flatten().tolist()
        closer = spec.reads.extend(evidence_settings)
        if not rows or closer is None:
            return Attribution(maps, diagnostics)
        evidence_settings = closer
        part, kept = part.rows([kept.index(row) for row in rows]), rows  # it knows the outcomes measured so far
        again = _apply(spec, part, settings, evidence_settings, policy)
        gathering.evaluations += part.evaluations
        maps[rows] = again.maps
        for name, values in again.diagnostics.items():
            diagnostics[name][rows] = values


def _apply(
    spec: MethodSpec,
    gathering: Gathering,
    settings: BaseModel,
    evidence_settings: BaseModel,
    policy: TargetPolicy,
) -> Attribution:
    evidence = gathering.get(spec.reads, evidence_settings, policy)  # type: ignore[arg-type]
    with torch.no_grad():
        returned = spec.function(evidence, **spec.own_settings(settings))
    maps, diagnostics = returned if isinstance(returned, tuple) else (returned, {})
    count = len(gathering.batch)
    if not isinstance(maps, Tensor) or maps.dim() != 3 or len(maps) != count:
        shape = list(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
        raise MethodError(f"method {spec.name!r} must return maps [{count}, h, w]; it returned {shape}")
    if set(diagnostics) != set(spec.diagnostics):
        raise MethodError(
            f"method {spec.name!r} must return the diagnostics {sorted(spec.diagnostics)}, not {sorted(diagnostics)}"
        )
    for name, values in diagnostics.items():
        if values.shape != (count,):
            raise MethodError(f"method {spec.name!r}: diagnostic {name!r} must be [{count}], is {list(values.shape)}")
    return Attribution(maps, diagnostics)
