"""The tables of a study file, as pydantic checks them. What the tables mean together is checked in `spec`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..models import Precision

PRECISION = "fp32, or bf16: faster where the device has such arithmetic, and approximate"


class Section(BaseModel):
    """A table of the study file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StudySection(Section):
    """``[study]``: what the study is called, and what holds for all of it."""

    name: str = Field("study", min_length=1, description="shown in reports")
    seed: int = Field(0, ge=0, lt=2**63, description="of noise, random weights and subsets")
    target: str = Field("own", description="own, top:K, label, model:NAME, class:NAME-OR-INDEX or contrast:A:B")
    batch_size: int | None = Field(None, ge=1, le=4096, description="images at once; 8 on a CPU, 32 on a GPU")
    block: int | None = Field(None, ge=1, le=65536, description="images per unit of work that a resumed run repeats")
    threads: int | None = Field(None, ge=1, le=1024, description="CPU threads; by default what PyTorch chooses")
    device: str = Field("auto", description="auto, cpu, mps, cuda, cuda:N or several joined by commas")
    precision: Precision = Field("fp32", description=PRECISION)


class ImagesSection(Section):
    """``[images]``: which pictures."""

    source: str = Field(description="folder, list.csv, data.parquet, hf:NAME:SPLIT or scenes:SPLIT")
    limit: int | None = Field(None, ge=1, description="use this many")
    sample: Literal["first", "random", "stratified"] = Field("random", description="how they are chosen")
    profiles: bool = Field(True, description="convert embedded colour profiles to sRGB")


class ModelSection(Section):
    """``[[models]]``: one classifier."""

    name: str = Field(min_length=1, description="timm/..., torchvision/..., scenes/... or python:FILE.py:FUNCTION")
    weights: str = Field("pretrained", description="pretrained, none or a file")
    label: str | None = Field(None, min_length=1, description="unique; as shown in reports")
    options: dict[str, Any] = Field(default_factory=dict, description="the constructor's own")
    preprocess: dict[str, Any] = Field(
        default_factory=dict, description="overrides: size, crop_pct, resize, crop, interpolation, mean, std"
    )
    classes: str | None = Field(None, description="file of class names, one a line, where the source has none")
    precision: Precision | None = Field(None, description="instead of the study's")
    multi_label: bool | None = Field(
        None, description="whether an image may be of several classes, which makes probabilities sigmoids"
    )
    lineage: str | None = Field(
        None, description="kin, such as one construction in several sizes: no independent witnesses of a family"
    )
    replicate: str | None = Field(
        None, description="a name shared by models that differ in the seed of their training alone"
    )


class MethodSection(BaseModel):
    """``[[methods]]``: one set of maps per model. The method's own settings stand beside these keys."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1, description="a registered method, or python:FILE.py:FUNCTION")
    label: str | None = Field(None, min_length=1, description="unique; as shown in reports")
    target: str | None = Field(None, description="instead of the study's")
    limit: int | None = Field(None, ge=1, description="only the first so many of the study's images")
    parameters: str | None = Field(
        None, min_length=1, description="JSON file with settings of single images by their names; lime reads one"
    )
