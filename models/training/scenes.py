"""Pictures of the small world with their captions, drawn from a seeded generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.training.captions import (
    COLOURS,
    GROUNDS,
    SKIES,
    TEXTURES,
    Label,
    write_caption,
)
from models.training.landscapes import draw_landscape
from models.training.textures import draw_texture

LANDSCAPE_SHARE = 0.55


@dataclass(frozen=True)
class Scene:
    """A drawing: pixels HxWx3 uint8 RGB, its caption, and its label."""

    pixels: npt.NDArray[np.uint8]
    caption: str
    label: Label


def draw_scene(
    rng: np.random.Generator, size: tuple[int, int] = (256, 256), label: Label | None = None
) -> Scene:
    """Draw a scene of `size` (width, height) pixels; a random label where none is given.

    The same generator state gives the same pixels and caption.
    """
    chosen = label if label is not None else random_label(rng)
    width, height = size
    draw = draw_landscape if chosen.kind == "landscape" else draw_texture
    picture = draw(chosen.head, chosen.tail, height, width, rng)
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return Scene(pixels, write_caption(chosen, rng), chosen)


def random_label(rng: np.random.Generator) -> Label:
    """A label at random: a landscape in 55 % of the cases, else a texture."""
    if rng.random() < LANDSCAPE_SHARE:
        return Label("landscape", _pick(SKIES, rng), _pick(GROUNDS, rng))
    return Label("texture", _pick(COLOURS, rng), _pick(TEXTURES, rng))


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
