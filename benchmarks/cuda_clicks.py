"""Clicks on a CUDA GPU, in half precision: `python -m benchmarks.cuda_clicks [--rounds N]`.

A photo of 12 megapixels, random weights at full size: the encoder, which runs once a photo, a click
(decoder and three masks of the photo's size), and its overlay as the browser gets it, for EdgeTAM,
SAM ViT-B and SAM-HQ ViT-B; beside them the notebook's way, all of SAM ViT-B in 32 bits at each
click. Published: SAM ViT-B's encoder with decoder 27 ms in bfloat16, 90 ms in 32 bits (A100,
segment-anything-fast); SAM 2.1 tiny 70 ms (RTX 3060). Promised: the notebook's way takes longer
than a click of SAM ViT-B.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from PIL import Image

from benchmarks.click_work import INFO, photo
from benchmarks.cuda import sam_in_32_bits
from benchmarks.cuda_setup import NO_CUDA, Place, parser, place
from benchmarks.full_size import edgetam, sam_hq_vit_base, sam_vit_base
from benchmarks.in_turn import TITLES as ALL_TITLES
from benchmarks.in_turn import Found, Rival, figures_of, in_turn, lines_of, rows_of
from benchmarks.timing import cannot, keep, markdown, say
from inpainting.types import Embedding, Point, Prompts, Rgb
from inpainting.web.answer import pack
from inpainting.web.views import mask_view
from models.promptable import PromptableSegmenter
from models.sam import SamSegmenter, run_segmentation
from models.sam2 import Sam2Segmenter
from models.sam_hq import SamHqSegmenter

NOTEBOOK = "SAM ViT-B: click, the notebook's way"
CLICK = "SAM ViT-B: click"
MEGAPIXELS, TINY_MEGAPIXELS = 12, 1


def tiny_sam(_device: torch.device, _dtype: torch.dtype) -> Any:
    """Return a SAM whose numbers mean nothing."""
    from tests.support.tiny import tiny_sam as made

    return made()


Build = Callable[[torch.device, torch.dtype], Any]
Kind = Callable[[Any, Any], PromptableSegmenter]

FULL: Mapping[str, tuple[Build, Kind]] = {
    "EdgeTAM": (edgetam, Sam2Segmenter),
    "SAM-HQ ViT-B": (sam_hq_vit_base, SamHqSegmenter),
    "SAM ViT-B": (sam_vit_base, SamSegmenter),
}
TINY: Mapping[str, tuple[Build, Kind]] = {"SAM ViT-B": (tiny_sam, SamSegmenter)}


def rivals(name: str, segmenter: PromptableSegmenter, rgb: Rgb) -> list[Rival]:
    """Return encoder, click and overlay of one segmenter."""
    prompts = Prompts((Point(rgb.shape[1] // 2, rgb.shape[0] // 2),))
    kept: list[Embedding] = []

    def encode(_number: int) -> None:
        kept[:] = [segmenter.embed(rgb)]

    def click(_number: int) -> None:
        segmenter.candidates(kept[0], prompts)

    def overlay(_number: int) -> None:
        mask_view(pack(segmenter.candidates(kept[0], prompts), name).masks[0])

    return [
        Rival(f"{name}: encoder", encode),
        Rival(f"{name}: click", click),
        Rival(f"{name}: click and its overlay", overlay),
    ]


def notebook(at: Place, rgb: Rgb) -> Rival:
    """Return a click as the notebook has it."""
    sam, picture = sam_in_32_bits(at), Image.fromarray(rgb)
    points = [[[rgb.shape[1] // 2, rgb.shape[0] // 2]]]

    def click(_number: int) -> None:
        run_segmentation(picture, points, None, sam)

    return Rival(NOTEBOOK, click)


def measure(chosen: argparse.Namespace, at: Place) -> int:
    """Measure all in turn; write the file after each round."""
    rgb = photo(MEGAPIXELS if at.on_cuda else TINY_MEGAPIXELS)
    field = [notebook(at, rgb)]
    for name, (build, kind) in (FULL if at.on_cuda else TINY).items():
        field += rivals(name, kind(build(at.device, at.dtype), INFO), rgb)

    def save(found: Any) -> None:
        keep(chosen.json, rows_of(found), {"on": at.name, **figures_of(found)})

    found: list[Found] = in_turn(field, chosen.rounds, at, chosen.seconds, save)
    # Nothing was expected of a row, and none gives a picture.
    lines = [(what, *rest[1:4], rest[5]) for what, *rest in lines_of(found, NOTEBOOK)]
    say(f"{at.name}\n\n{markdown([*ALL_TITLES[:1], *ALL_TITLES[2:5], ALL_TITLES[6]], lines)}\n")
    rows = {row.name: row for row in rows_of(found)}
    if CLICK not in rows or NOTEBOOK not in rows:
        return 1
    ratio = rows[NOTEBOOK].median / rows[CLICK].median
    say(f"the notebook's way over a click with SAM ViT-B: {ratio:.1f} (promised: at least 1)")
    return int(at.on_cuda and ratio < 1)


def main(arguments: list[str]) -> int:
    """Measure where there is a GPU; 1 where a promise does not hold."""
    chosen = parser(__doc__, 10, 30).parse_args(arguments)
    at = place(chosen.tiny)
    return cannot(NO_CUDA) if at is None else measure(chosen, at)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
