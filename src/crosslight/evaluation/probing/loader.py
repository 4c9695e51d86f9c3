"""The classifier of a store's maps, loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import InputError, ModelError
from ...store import Store
from ...study.again import check_same, load_again, stored_attributes

if TYPE_CHECKING:
    import torch

    from ...models import Classifier


@dataclass
class Loader:
    """Loads a classifier when it is first needed, and puts it back where it was."""

    store: Store
    label: str
    device: torch.device
    given: Mapping[str, Classifier]
    base: Path | None
    loaded: Classifier | None = None
    home: torch.device | None = None

    def load(self) -> Classifier:
        """The classifier, on its device.

        Raises:
            ModelError: it cannot be loaded, or it is not what it was.
        """
        if self.loaded is None:
            if self.label in self.given:
                self.loaded = self.given[self.label]
                check_same(self.loaded, stored_attributes(self.store, self.label), self.label)
            else:
                try:
                    self.loaded = load_again(self.store, self.label, self.base)
                except InputError as error:
                    raise ModelError(str(error)) from error
            self.home = self.loaded.device
            self.loaded.to(self.device)
        return self.loaded

    def give_back(self) -> None:
        """What was handed over goes back to its device; what was loaded is let go."""
        if self.loaded is not None and self.home is not None:
            self.loaded.to(self.home)
        self.loaded = None
