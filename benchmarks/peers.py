"""The same methods by captum, grad-cam and lime, each as its documentation has it used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from io import StringIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crosslight.images import segments_of
from crosslight.images.batch import Batch
from crosslight.images.segmenters import SegmentSettings, segment
from crosslight.images.transforms import to_picture
from crosslight.models import Classifier

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What a peer found.

    Attributes:
        maps: ``[b, h, w]``, raw; None where a random choice of its own makes them another's.
        weights: ``[b, c]`` of a CAM's channels.
        channels: how many of them it ran.
    """

    maps: Tensor | None = None
    weights: Tensor | None = None
    channels: int | None = None


#: ``peer(classifier, batch, size, settings)``; the settings are ours
Peer = Callable[[Classifier, Batch, int, Settings], Said]


def load_peers() -> None:
    """Import the packages, which takes seconds that no row should pay.

    Raises:
        SystemExit: one is missing, with what to do.
    """
    for name in ("captum.attr", "pytorch_grad_cam", "lime.lime_image"):
        try:
            import_module(name)
        except ImportError as error:
            raise SystemExit(
                f"{error}: install the extra `bench` (pip install -e '.[bench]'), or add --no-peers"
            ) from None


def top(classifier: Classifier, batch: Batch) -> Tensor:
    with torch.no_grad():
        return classifier.logits(batch.inputs).argmax(1)


def occlusion(classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    from captum.attr import Occlusion

    side = classifier.preprocess.size[0]
    window = round(side * settings["window"])
    step = round(window * settings["stride"])
    with torch.no_grad(), classifier.evaluating(plain=True) as network:
        found = Occlusion(network).attribute(
            batch.inputs,
            (3, window, window),
            (3, step, step),
            0,
            top(classifier, batch),
            perturbations_per_eval=size,
        )
    return Said(found[:, 0])


def integrated_gradients(classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    from captum.attr import IntegratedGradients

    with classifier.evaluating(plain=True) as network:
        found = IntegratedGradients(network).attribute(
            batch.inputs, 0, top(classifier, batch), n_steps=settings["steps"], internal_batch_size=size
        )
    return Said(found.detach().sum(1))


def smoothgrad(classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    from captum.attr import NoiseTunnel, Saliency

    sigma = 0.15 * float(batch.inputs.max() - batch.inputs.min())
    with classifier.evaluating(plain=True) as network:
        NoiseTunnel(Saliency(network)).attribute(
            batch.inputs,
            "smoothgrad",
            nt_samples=settings["samples"],
            nt_samples_batch_size=size,
            stdevs=sigma,
            target=top(classifier, batch),
            abs=False,
        )
    return Said()


def kernel_shap(classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    """With the superpixels that ours has, made before."""
    from captum.attr import KernelShap

    read = {name: settings[name] for name in SegmentSettings.model_fields if name in settings}
    labels = np.unique(segments_of(batch, 0, SegmentSettings(**read)), return_inverse=True)[1]
    mask = torch.from_numpy(labels.reshape(1, 1, *batch.inputs.shape[2:])).to(classifier.device)
    with torch.no_grad(), classifier.evaluating(plain=True) as network:
        KernelShap(network).attribute(
            batch.inputs,
            0,
            top(classifier, batch),
            feature_mask=mask,
            n_samples=settings["samples"],
            perturbations_per_eval=size,
        )
    return Said()


def lime(classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    """From 8-bit pictures to the explanation, superpixels included: ours, of what the classifier sees."""
    from lime.lime_image import LimeImageExplainer
    from torchvision import transforms

    preprocess = classifier.preprocess
    prepare = transforms.Compose([transforms.ToTensor(), transforms.Normalize(preprocess.mean, preprocess.std)])
    read = SegmentSettings(**{name: settings[name] for name in SegmentSettings.model_fields if name in settings})

    def predict(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        inputs = torch.stack([prepare(picture) for picture in pictures]).to(classifier.device)
        return network(inputs).softmax(dim=1).cpu().numpy()

    picture = np.asarray(to_picture(batch.inputs[0], preprocess).convert("RGB"))
    with torch.no_grad(), classifier.evaluating(plain=True) as network, redirect_stderr(StringIO()):
        LimeImageExplainer(random_state=0).explain_instance(
            picture,
            predict,
            top_labels=1,
            num_samples=settings["num_samples"],
            batch_size=size,
            segmentation_fn=lambda pixels: segment(pixels, read),
        )
    return Said()


def cam_options(classifier: Classifier) -> dict[str, Any]:
    """What grad-cam has to be told of a network."""
    site = classifier.site()
    layer = classifier.network.get_submodule(site.module)
    tokens = {"reshape_transform": site.layout.to_features} if site.layout.kind != "NCHW" else {}
    return {"model": classifier.network, "target_layers": [layer], **tokens}


def weighted_cam(kind: str, classifier: Classifier, batch: Batch, size: int, settings: Settings) -> Said:
    """ScoreCAM or AblationCAM up to the weighted sum; of the first ``channels`` alone where the settings say so."""
    import pytorch_grad_cam as package
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    options = cam_options(classifier)
    channels = min(settings.get("channels") or classifier.site().channels, classifier.site().channels)
    if kind == "AblationCAM":
        options |= {"batch_size": size, "ablation_layer": _ablation_layer(classifier, channels)}
    targets = [ClassifierOutputTarget(int(label)) for label in top(classifier, batch)]
    quiet = redirect_stderr(StringIO())  # progress bars
    with torch.no_grad(), classifier.evaluating(plain=True), quiet, getattr(package, kind)(**options) as method:
        method.batch_size = size
        method.activations_and_grads(batch.inputs)
        activations = method.activations_and_grads.activations[0].detach().cpu().numpy()
        shown = activations[:, :channels] if kind == "ScoreCAM" else activations
        weights = method.get_cam_weights(batch.inputs, options["target_layers"][0], targets, shown, None)
    if channels < activations.shape[1]:
        return Said(weights=torch.from_numpy(weights[:, :channels]), channels=channels)
    maps = (weights[:, :, None, None] * activations).sum(axis=1)
    return Said(torch.from_numpy(maps), torch.from_numpy(weights), channels)


def _ablation_layer(classifier: Classifier, channels: int) -> Any:
    from pytorch_grad_cam.ablation_layer import AblationLayer, AblationLayerVit

    layout = classifier.site().layout
    tokens = layout.kind != "NCHW"

    class First(AblationLayerVit if tokens else AblationLayer):  # type: ignore[misc]
        """Runs the first channels; of tokens, sets those of the patches to 0, as published and as ours.

        grad-cam's own layer sets a channel of all tokens, the class token's too, 1e7 below its minimum.
        """

        def activations_to_be_ablated(self, activations: Any, ratio_channels_to_ablate: float = 1.0) -> Any:
            self.indices = np.arange(channels, dtype=np.int32)
            return self.indices

        def __call__(self, x: Tensor) -> Tensor:
            if not tokens:
                return super().__call__(x)
            for row in range(len(self.activations)):
                self.activations[row, layout.prefix :, self.indices[row]] = 0
            return self.activations

    return First()


#: by the name of our method
PEERS: dict[str, Peer] = {
    "occlusion": occlusion,
    "score-cam": partial(weighted_cam, "ScoreCAM"),
    "ablation-cam": partial(weighted_cam, "AblationCAM"),
    "kernel-shap": kernel_shap,
    "lime": lime,
    "integrated-gradients": integrated_gradients,
    "smoothgrad": smoothgrad,
}
