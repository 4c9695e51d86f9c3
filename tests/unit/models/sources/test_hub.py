from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision.models import SqueezeNet1_1_Weights, get_model

from crosslight.core.errors import ModelError
from crosslight.models.facts import weights_digest
from crosslight.models.sources import hub, load_model


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every request goes to a proxy that is not there, and every cache is empty."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "hugging_face_cached", lambda repository, file: False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize(
    ("name", "host"),
    [("timm/test_resnet", "huggingface.co"), ("torchvision/squeezenet1_1", "download.pytorch.org")],
)
def test_no_network_is_a_quick_error_with_the_way_out(name: str, host: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ModelError) as caught:
        load_model(name)
    assert time.monotonic() - started < 15
    message = str(caught.value)
    assert len(message.splitlines()) <= 2
    for part in (name, host, str(tmp_path), 'weights = "FILE.safetensors"', 'weights = "none"'):
        assert part in message


@pytest.mark.usefixtures("no_network")
def test_offline_mode_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        load_model("timm/test_resnet")


@pytest.mark.usefixtures("no_network")
def test_an_unreachable_server_says_why() -> None:
    assert "refused" in hub.unreachable("https://example.org/")


def test_a_silent_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert "no answer" in hub.unreachable(f"http://127.0.0.1:{server.getsockname()[1]}/", patience=0.3)
        assert time.monotonic() - started < 3


def test_a_cached_file_asks_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "unreachable", lambda url: pytest.fail("the hub was asked"))
    with hub.fetching("timm/x", "https://example.org/x", tmp_path, cached=True):
        pass


def test_a_broken_connection_is_named(tmp_path: Path) -> None:
    def fetch() -> None:
        with hub.fetching("timm/x", "https://example.org/x", tmp_path, cached=True):
            try:
                raise ConnectionResetError("reset by peer")
            except ConnectionResetError as error:
                raise ModelError("timm/x cannot be built") from error

    with pytest.raises(ModelError, match=r"example.org cannot be reached \(the connection broke\)"):
        fetch()


@pytest.mark.usefixtures("no_network")
def test_cached_weights_of_torchvision_need_no_network(tmp_path: Path) -> None:
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    network = get_model("squeezenet1_1", weights=None)
    data = folder / "written.pth"
    torch.save(network.state_dict(), data)
    # torch compares the beginning of the digest with the file's name when it fetches, not when it is cached
    data.rename(folder / Path(SqueezeNet1_1_Weights.DEFAULT.url).name)
    facts = load_model("torchvision/squeezenet1_1").facts
    assert facts is not None
    assert facts.weights == "pretrained"
    assert facts.weights_digest == weights_digest(network)


def test_cached_weights_of_timm_need_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "models--timm--test_resnet.r160_in1k"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    network = timm.create_model("test_resnet")
    save_file(network.state_dict(), snapshot / "model.safetensors")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    classifier = load_model("timm/test_resnet")
    assert classifier.facts is not None
    assert classifier.facts.weights == "pretrained"
    assert classifier.facts.weights_digest == weights_digest(network)
