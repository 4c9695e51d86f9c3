"""The groups of a store: which folder belongs to which model or set of maps, and creating them whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import StoreError
from .codec import describe_group
from .durable import make_folder, place_folder
from .layout import ARRAYS, PARTIAL, ArraySpec, read_json, slug, unique_slug


class Groups:
    """Looks up and creates the groups of one store; remembers the attributes it has read.

    Args:
        path: the store's folder.
    """

    def __init__(self, path: Path):
        self.path = path
        self._attributes: dict[str, dict[str, Any]] = {}
        self._slugs: dict[str, str] = {}

    def folder(self, name: str) -> Path:
        """The folder of a group."""
        return self.path / ARRAYS / name

    def create_root(self) -> None:
        """Create the group that holds all others, unless it is there."""
        make_folder(self.path / PARTIAL)
        if not (self.path / ARRAYS / "zarr.json").is_file():
            place_folder(describe_group((), {}), self.path / ARRAYS, self.path / PARTIAL)

    def attributes(self, name: str) -> dict[str, Any] | None:
        """The attributes of a group, or None where there is no such group.

        Raises:
            StoreError: its metadata is damaged.
        """
        if name not in self._attributes:
            folder = self.folder(name)
            if not folder.is_dir():
                return None
            content = read_json(folder / "zarr.json")
            if not isinstance(content, dict) or "digest" not in content.get("attributes", {}):
                raise StoreError(
                    f"{folder / 'zarr.json'} is missing or damaged: "
                    "delete that folder, and the next run computes it again"
                )
            self._attributes[name] = content["attributes"]
        return self._attributes[name]

    def find(self, model: str) -> str | None:
        """The group of a model, or None."""
        if model not in self._slugs:
            for name in (slug(model), unique_slug(model)):
                found = self.attributes(name)
                if found is not None and found.get("model") == model:
                    self._slugs[model] = name
                    break
        return self._slugs.get(model)

    def need(self, model: str) -> str:
        """The group of a model.

        Raises:
            StoreError: the store has none.
        """
        name = self.find(model)
        if name is None:
            known = ", ".join(sorted(self.models())) or "none yet"
            raise StoreError(f"{self.path} holds nothing of the model {model!r}; its models are: {known}")
        return name

    def models(self) -> dict[str, str]:
        """Group by model label, for all models."""
        return {self.attributes(name)["model"]: name for name in self.inside("")}  # type: ignore[index]

    def inside(self, name: str) -> list[str]:
        """The groups directly within a group, sorted."""
        folder = self.folder(name)
        found = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            hidden = path.name.startswith(".") or not path.is_dir()
            content = {"node_type": "none"} if hidden else read_json(path / "zarr.json")
            if not isinstance(content, dict) or content.get("node_type") == "group":
                inner = f"{name}/{path.name}" if name else path.name
                self.attributes(inner)  # raises where it is damaged, rather than passing it over
                found.append(inner)
        return found

    def add_model(self, model: str, arrays: Sequence[ArraySpec], attributes: Mapping[str, Any]) -> str:
        """Create the group of a model, or find it.

        Returns:
            The group.
        """
        for name in (slug(model), unique_slug(model)):
            owner = self.attributes(name)
            if owner is None:
                self._place(name, arrays, attributes)
                owner = self.attributes(name)
            if owner is not None and owner.get("model") == model:
                self._slugs[model] = name
                return name
        raise StoreError(f"no folder name is left for the model {model!r}: give it another label")

    def add_maps(self, name: str, arrays: Sequence[ArraySpec], attributes: Mapping[str, Any]) -> None:
        """Create the group of a set of maps, unless it is there."""
        if self.attributes(name) is None:
            self._place(name, arrays, attributes)

    def _place(self, name: str, arrays: Sequence[ArraySpec], attributes: Mapping[str, Any]) -> None:
        make_folder(self.path / PARTIAL)
        # Where another process was faster, its group stands there and is the one to use.
        place_folder(describe_group(arrays, attributes), self.folder(name), self.path / PARTIAL)
