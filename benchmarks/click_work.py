"""What a click costs: the decoder alone, beside the notebook's way, the whole model each time.

`python -m benchmarks.click_work [--rounds N] [--megapixels N] [--variants] [--json FILE]`: SAM
ViT-B, SAM 2.1 tiny and EdgeTAM at full size with random weights on the CPU. Work is counted by
torch's FlopCounterMode (matrix products, convolutions, attention), two to a multiply-add; time is
that of the encoder, of the decoder alone, of a click (decoder, and three masks at the photo's
size), and of its overlay (three masks packed, with their thumbs). `--variants` measures the
encoders in bfloat16 and in channels-last order too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.full_size import edgetam, sam2_tiny, sam_vit_base
from benchmarks.timing import Row, keep, markdown, measure, options, say, table
from inpainting.types import Embedding, ModelInfo, Point, Prompts, Rgb
from inpainting.web.answer import pack
from models.promptable import PromptableSegmenter
from models.sam import SamSegmenter, run_segmentation
from models.sam2 import Sam2Segmenter

PROMISED = 100
"""How many times the work of a click the notebook's way is to be at least, with SAM ViT-B."""

SAM = "SAM ViT-B"
SMALL = (256, 192)
"""A photo so small that its masks cost nothing beside the decoder."""

CPU = torch.device("cpu")
INFO = ModelInfo("random", "Random weights", "benchmarks", "1", "Apache-2.0")


@dataclass(frozen=True, slots=True)
class Work:
    """Multiply-adds of a model, in billions."""

    name: str
    encoder: float
    decoder: float

    @property
    def ratio(self) -> float:
        """The whole model over the decoder alone."""
        return (self.encoder + self.decoder) / self.decoder


Kind = Callable[[Any, ModelInfo], PromptableSegmenter]

MODELS: Mapping[str, tuple[Callable[[torch.device, torch.dtype], Any], Kind]] = {
    "EdgeTAM": (edgetam, Sam2Segmenter),
    "SAM 2.1 tiny": (sam2_tiny, Sam2Segmenter),
    SAM: (sam_vit_base, SamSegmenter),
}
"""How each is built, and its segmenter; the slowest comes last."""


def billions(run: Callable[[], object]) -> float:
    """Return the multiply-adds of a call, in billions."""
    # The counter does not know the CPU's own attention, but the products it is made of.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops() / 2e9)


def photo(megapixels: int) -> Rgb:
    """Return a 4:3 picture of chance."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    return np.random.default_rng(1).integers(0, 256, (width * 3 // 4, width, 3), np.uint8)


def counted(name: str, segmenter: PromptableSegmenter, rgb: Rgb) -> tuple[Work, Embedding]:
    """Count the work of a photo, and of a click on it; return its embedding too."""
    made: list[Embedding] = []
    encoder = billions(lambda: made.append(segmenter.embed(rgb)))
    prompts, embedding = Prompts((_middle(rgb),)), made[0]
    decoder = billions(lambda: segmenter.candidates(embedding, prompts))
    return Work(name, encoder, decoder), embedding


def timed(
    name: str, segmenter: PromptableSegmenter, rgb: Rgb, embedding: Embedding, rounds: int
) -> list[Row]:
    """Return the time of encoder, click and overlay; counting has warmed them up."""
    prompts = Prompts((_middle(rgb),))
    found = segmenter.candidates(embedding, prompts)
    small, middle = replace(embedding, size=SMALL), Prompts((Point(SMALL[0] // 2, SMALL[1] // 2),))
    encoder = measure({f"{name}: encoder": lambda: segmenter.embed(rgb)}, rounds, warm_up=False)
    rest: Mapping[str, Callable[[], object]] = {
        f"{name}: decoder alone": lambda: segmenter.candidates(small, middle),
        f"{name}: click, encoder done": lambda: segmenter.candidates(embedding, prompts),
        f"{name}: its overlay": lambda: pack(found, name),
    }
    return [*encoder, *measure(rest, 5 * rounds)]


def notebook(model: Any, rgb: Rgb, rounds: int) -> list[Row]:
    """Return the time of a click as the notebook has it: all of SAM, from the picture on."""
    picture, middle = Image.fromarray(rgb), _middle(rgb)
    points = [[[middle.x, middle.y]]]

    def click() -> object:
        return run_segmentation(picture, points, None, model)

    return measure({f"{SAM}: click, the notebook's way": click}, rounds, warm_up=False)


def variants(name: str, model: Any, rgb: Rgb, rounds: int) -> list[Row]:
    """Return the time of an encoder as it is, and in other orders and precisions of numbers."""
    kind = MODELS[name][1]
    ways: Mapping[str, Callable[[], Any]] = {
        "float32": lambda: model,
        "float32, channels last": lambda: model.to(memory_format=torch.channels_last),
        "bfloat16": lambda: model.to(torch.bfloat16, memory_format=torch.contiguous_format),
        "bfloat16, channels last": lambda: model.to(
            torch.bfloat16, memory_format=torch.channels_last
        ),
    }
    rows: list[Row] = []
    for way, change in ways.items():
        segmenter = kind(change(), INFO)

        def encode(segmenter: PromptableSegmenter = segmenter) -> object:
            return segmenter.embed(rgb)

        encode()
        rows += measure({f"{name}: encoder, {way}": encode}, rounds, warm_up=False)
    return rows


def _middle(rgb: Rgb) -> Point:
    return Point(rgb.shape[1] // 2, rgb.shape[0] // 2)


def main(arguments: list[str]) -> int:
    """Count and measure one model after the other; write the tables."""
    parser = options(__doc__, 2)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--model", choices=list(MODELS), help="this one alone")
    chosen = parser.parse_args(arguments)
    rgb, all_rows, works = photo(chosen.megapixels), list[Row](), list[Work]()
    for name in [chosen.model] if chosen.model else MODELS:
        build, kind = MODELS[name]
        model = build(CPU, torch.float32)
        segmenter = kind(model, INFO)
        work, embedding = counted(name, segmenter, rgb)
        rows = timed(name, segmenter, rgb, embedding, chosen.rounds)
        if name == SAM:
            rows += notebook(model, rgb, chosen.rounds)
        if chosen.variants:
            rows += variants(name, model, rgb, chosen.rounds)
        say(f"{table(rows)}\n")
        works.append(work)
        all_rows += rows
    titles = ("model", "encoder, GMAC", "click, GMAC", "whole model over click")
    lines = [(w.name, f"{w.encoder:.1f}", f"{w.decoder:.2f}", f"{w.ratio:.0f}") for w in works]
    say(f"{markdown(titles, lines)}\n")
    say(f"{works[-1].ratio:.0f} times the work a click (promised with {SAM}: {PROMISED})")
    keep(chosen.json, all_rows, {work.name: [work.encoder, work.decoder] for work in works})
    return 0 if chosen.model or works[-1].ratio >= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
