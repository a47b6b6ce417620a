"""Models that could be used instead of those in use, as the page offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from inpainting.types import ModelInfo

Kind = Literal["segmenter", "painter", "filler"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be loaded; `download` and `memory` in bytes, `here`: its files are on disk.

    `info` tells nothing yet of device and precision.
    """

    kind: Kind
    info: ModelInfo
    download: int = 0
    memory: int = 0
    here: bool = True


class Switch(Protocol):
    """Loads another model in place of the one in use."""

    def offers(self) -> tuple[Offer, ...]:
        """Return all models there are, those in use included."""
        ...

    def loras(self) -> tuple[str, ...]:
        """Return the names of the LoRA files that can be asked for, sorted; empty for none."""
        ...

    def switch(self, kind: Kind, key: str) -> None:
        """Begin to load a model; the Studio's status tells how far it is and how it ended.

        When that fails the model in use stays. Raises BadRequest for a key that is none, and while
        another model is being loaded.
        """
        ...
