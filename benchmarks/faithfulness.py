"""Removing pixels in the order of a map: what it costs beside the passes, and against Quantus' pixel flipping."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evidence import Gathering
from crosslight.images.batch import Batch
from crosslight.models import Classifier

from .networks import classifier, photographs
from .passes import SLOW_MS
from .rows import Row, attempted
from .timing import interleaved, ratio

COLUMNS = ("evaluations", "pass ms", "ours s", "peer s", "faster", "limit", "difference")
LIMIT = "<= 1.15"


class LeNet(nn.Module):
    """LeNet-5 for colour inputs of 32 x 32, as examples of pixel flipping have it."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2)), *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
        )
        self.head = nn.Sequential(
            *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU()), *(nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


@dataclass(frozen=True)
class Case:
    """A network with maps to be tried out.

    Attributes:
        classifier: the network.
        batch: its images.
        maps: float64 ``[b, h, w]``, noise, which orders pixels like any map and has no ties.
        steps: into how many steps the pixels are divided.
        size: of our batches; Quantus takes one step of all images at a time.
        faster: the target against Quantus.
    """

    classifier: Classifier
    batch: Batch
    maps: Tensor
    steps: int
    size: int
    faster: str

    def subject(self, kind: Callable[..., Gathering] = Gathering) -> Subject:
        """With nothing measured yet."""
        gathering = kind(self.classifier, self.batch, batch_size=self.size)
        return Subject(gathering, self.maps, self.maps, gathering.targets(TargetPolicy()))


class Recorded(Gathering):
    """A gathering that keeps what goes through the network."""

    def forward(self, inputs: Tensor) -> Tensor:
        vars(self).setdefault("kept", []).append(inputs.detach().clone())
        return super().forward(inputs)


def faithfulness_rows(rounds: int, quick: bool, device: str, peers: bool) -> Iterator[Row]:
    """Deletion and insertion against their passes, and pixel flipping against Quantus."""
    for case in (_small(quick, device), _large(quick, device)):
        for name in ("deletion", "insertion"):
            yield from attempted(case.classifier.label, name, _overhead(case, name, rounds))
        yield from attempted(case.classifier.label, "pixel-flipping", _flipping(case, rounds, peers))
    if not quick:  # Quantus' batch is the number of images, and on small networks larger batches are faster
        case = _small(quick, device, images=8)
        yield from attempted(case.classifier.label, "pixel-flipping", _flipping(case, rounds, peers))


def _small(quick: bool, device: str, images: int = 4) -> Case:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Classifier(LeNet(), Preprocess(size=(32, 32), resize=None), label="LeNet, 32 x 32", device=device)
    return _case(network, images, 8 if quick else 64, 64, ">= 2.5")


def _large(quick: bool, device: str) -> Case:
    network = classifier("tiny" if quick else "squeezenet", device)
    return _case(network, 4, 4 if quick else 28, 4, ">= 1.25")


def _case(network: Classifier, images: int, steps: int, size: int, faster: str) -> Case:
    batch = photographs(network, images)
    chance = torch.Generator().manual_seed(0)
    maps = torch.rand(len(batch), *batch.inputs.shape[2:], generator=chance, dtype=torch.float64)
    return Case(network, batch, maps, steps, size, faster)


def _overhead(case: Case, name: str, rounds: int) -> Iterator[Row]:
    metric = PROBES[name].function
    recorded = case.subject(Recorded)
    metric(recorded, steps=case.steps)
    kept: list[Tensor] = recorded.gathering.kept  # type: ignore[attr-defined]

    def passes() -> None:
        with torch.no_grad(), case.classifier.evaluating():
            for inputs in kept:
                case.classifier.logits(inputs)

    seconds = interleaved(
        {"passes": passes, "ours": lambda: metric(case.subject(), steps=case.steps)}, rounds, device=_device(case)
    )
    count = recorded.gathering.evaluations
    values = {
        "evaluations": count,
        "pass ms": statistics.median(seconds["passes"]) / count * 1e3,
        "ours s": statistics.median(seconds["ours"]),
        "limit": ratio(seconds["ours"], seconds["passes"]),
    }
    targets = {"limit": LIMIT} if values["pass ms"] >= SLOW_MS else {}
    yield Row(case.classifier.label, name, values, targets, f"batch {case.size}")


def _flipping(case: Case, rounds: int, peers: bool) -> Iterator[Row]:
    metric = PROBES["pixel-flipping"].function
    pixels = case.maps[0].numel()
    size = pixels // case.steps

    def ours() -> Tensor:
        found = metric(case.subject(), features_in_step=size, fill="zero")
        assert isinstance(found, Tensor)
        return found

    candidates: dict[str, Callable[[], object]] = {"ours": ours}
    if peers:
        peer = _quantus(case, size)
        candidates["peer"] = peer
    seconds = interleaved(candidates, rounds, device=_device(case))
    values = {"evaluations": len(case.batch) * -(-pixels // size), "ours s": statistics.median(seconds["ours"])}
    if not peers:
        yield Row(case.classifier.label, "pixel-flipping", values)
        return
    steps = -(-pixels // size)
    area = torch.trapezoid(torch.tensor(peer(), dtype=torch.float64), dim=1) / (steps - 1)
    difference = (area - ours()).abs().max()
    values |= {
        "peer s": statistics.median(seconds["peer"]),
        "faster": ratio(seconds["peer"], seconds["ours"]),
        "difference": float(difference),
    }
    note = f"{steps} steps, batch {case.size}, Quantus' {len(case.batch)}; difference of the areas"
    yield Row(case.classifier.label, "pixel-flipping", values, {"faster": case.faster}, note)


def _quantus(case: Case, size: int) -> Callable[[], list[list[float]]]:
    """Quantus' pixel flipping of the same pixels: a step of it is counted in values, three to a pixel.

    Quantus insists on steps that divide the number of pixels; its code does not need that, so it is not asked.
    """
    import quantus

    metric = quantus.PixelFlipping(
        features_in_step=size * case.batch.inputs.shape[1],
        perturb_baseline=0.0,
        normalise=False,
        disable_warnings=True,
        display_progressbar=False,
    )
    metric.custom_preprocess = lambda **ignored: None
    given = {
        "x_batch": case.batch.inputs.cpu().numpy(),
        "y_batch": case.subject().targets.classes.cpu().numpy(),
        "a_batch": case.maps[:, None].numpy(),
    }

    def run() -> list[list[float]]:
        with case.classifier.evaluating() as network:
            found: list[list[float]] = metric(
                model=network, **given, softmax=True, device=str(_device(case)), batch_size=len(case.batch)
            )
        return found

    return run


def _device(case: Case) -> torch.device:
    return case.classifier.device
