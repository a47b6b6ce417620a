"""What a click costs: the decoder alone, beside the notebook's way, the whole model each time.

`python -m benchmarks.click_work [--rounds N] [--megapixels N] [--model NAME] [--variants]
[--compile] [--json FILE]`: the models of Segment Anything at full size with random weights on the
CPU. Work is counted by torch's FlopCounterMode (matrix products, convolutions, attention), two to a
multiply-add; time is that of the encoder as the app runs it, which is in bfloat16 where the
processor is made for that, of the encoder in float32, of the decoder alone, of a click (decoder,
and three masks at the photo's size), and of its overlay (three thumbs, and the best mask packed).
How like the features and masks are to those in float32 stands beside: PSNR over the features'
range, and the least intersection over union of nine clicks' masks; masks of untrained weights
depend little on the photo, so the features say more. `--variants` measures the encoders in other
orders and precisions, `--compile` compiled ones too, which takes minutes.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.full_size import edgetam, sam2_tiny, sam_hq_vit_base, sam_vit_base, slimsam_77
from benchmarks.timing import Row, keep, markdown, measure, options, say, table
from inpainting.types import Embedding, Mask, ModelInfo, Point, Prompts, Rgb
from inpainting.web.answer import pack
from inpainting.web.views import mask_view
from models.promptable import PromptableSegmenter
from models.sam import SamSegmenter, run_segmentation
from models.sam2 import Sam2Segmenter
from models.sam_hq import SamHqSegmenter

PROMISED = 100
"""How many times the work of a click the notebook's way is to be at least, with SAM ViT-B."""

SAM = "SAM ViT-B"
SMALL = (256, 192)
"""A photo so small that its masks cost nothing beside the decoder."""

SHIPPED = "encoder, as the app runs it"

TITLES = (
    "model",
    "encoder, GMAC",
    "click, GMAC",
    "whole model over click",
    "encoder, float32, s",
    "encoder, as the app runs it, s",
    "decoder, s",
    "times as fast as ViT-B",
    "features, dB",
    "masks, least IoU",
)

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
    "SlimSAM-77": (slimsam_77, SamSegmenter),
    "SAM-HQ ViT-B": (sam_hq_vit_base, SamHqSegmenter),
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
    """Return the time of the encoder in float32, decoder, click and overlay; they are warm."""
    prompts = Prompts((_middle(rgb),))
    found = segmenter.candidates(embedding, prompts)
    small, middle = replace(embedding, size=SMALL), Prompts((Point(SMALL[0] // 2, SMALL[1] // 2),))
    plain = {f"{name}: encoder, float32": lambda: segmenter.embed(rgb)}
    rest: Mapping[str, Callable[[], object]] = {
        f"{name}: decoder alone": lambda: segmenter.candidates(small, middle),
        f"{name}: click, encoder done": lambda: segmenter.candidates(embedding, prompts),
        f"{name}: its overlay": lambda: mask_view(pack(found, name).masks[0]),
    }
    return [*measure(plain, rounds, warm_up=False), *measure(rest, 5 * rounds)]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like an encoder's answers are to those in float32: PSNR in dB, and the least IoU."""

    features: float
    masks: float


def likeness(
    segmenter: PromptableSegmenter, exact: Embedding, near: Embedding, clicks: Sequence[Point]
) -> Likeness:
    """Compare two embeddings of one photo, and the masks that the same clicks make of them."""
    return Likeness(
        min(map(_psnr, _features(exact), _features(near))),
        min(
            intersection_over_union(one, other)
            for click in clicks
            for one, other in zip(
                segmenter.candidates(exact, Prompts((click,))).masks,
                segmenter.candidates(near, Prompts((click,))).masks,
                strict=True,
            )
        ),
    )


def intersection_over_union(one: Mask, other: Mask) -> float:
    """Return the shared part of two masks, 1 for two empty ones."""
    either = int(np.count_nonzero(one | other))
    return np.count_nonzero(one & other) / either if either else 1.0


def _features(embedding: Embedding) -> tuple[torch.Tensor, ...]:
    found: Any = embedding.data
    return tuple(one.float() for one in found)


def _psnr(exact: torch.Tensor, near: torch.Tensor) -> float:
    error = float((exact - near).square().mean())
    span = float(exact.max() - exact.min())
    return 10 * math.log10(span * span / error) if error else math.inf


def as_shipped(
    name: str, segmenter: PromptableSegmenter, rgb: Rgb, exact: Embedding, rounds: int
) -> tuple[list[Row], Likeness]:
    """Return the time of the encoder as the app runs it here, and how like its answers are."""
    way = "bfloat16" if segmenter.hasten() else "float32"
    near = segmenter.embed(rgb)
    rows = measure(
        {f"{name}: {SHIPPED} ({way})": lambda: segmenter.embed(rgb)},
        rounds,
        warm_up=False,
    )
    clicks = [Point(x, y) for x in _thirds(SMALL[0]) for y in _thirds(SMALL[1])]
    return rows, likeness(segmenter, replace(exact, size=SMALL), replace(near, size=SMALL), clicks)


def _thirds(side: int) -> tuple[int, ...]:
    return side // 6, side // 2, 5 * side // 6


def notebook(model: Any, rgb: Rgb, rounds: int) -> list[Row]:
    """Return the time of a click as the notebook has it: all of SAM, from the picture on."""
    picture, middle = Image.fromarray(rgb), _middle(rgb)
    points = [[[middle.x, middle.y]]]

    def click() -> object:
        return run_segmentation(picture, points, None, model)

    return measure({f"{SAM}: click, the notebook's way": click}, rounds, warm_up=False)


def variants(name: str, rgb: Rgb, exact: Embedding, rounds: int, compiled: bool) -> list[Row]:
    """Measure an encoder in other orders and precisions of numbers; say how like each is."""
    ways: Mapping[str, Callable[[Any], object]] = {
        "float32, channels last": lambda model: model.to(memory_format=torch.channels_last),
        "whole model in bfloat16": lambda model: model.to(torch.bfloat16),
        "int8, dynamic": _eight_bits,
    }
    if compiled:
        ways = {**ways, "float32, compiled": lambda model: model.vision_encoder.compile()}
    build, kind = MODELS[name]
    rows: list[Row] = []
    for way, change in ways.items():
        model = _same_weights(build)
        change(model)
        segmenter = kind(model, INFO)
        near = segmenter.embed(rgb)

        def encode(segmenter: PromptableSegmenter = segmenter) -> object:
            return segmenter.embed(rgb)

        rows += measure({f"{name}: encoder, {way}": encode}, rounds, warm_up=False)
        worst = min(map(_psnr, _features(exact), _features(near)))
        say(f"{name}, {way}: features {worst:.1f} dB from float32")
    return rows


def _eight_bits(model: Any) -> None:
    """Turn an encoder's matrix products into those of 8-bit numbers, scaled as they come."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        quantization: Any = torch.ao.quantization
        model.vision_encoder = quantization.quantize_dynamic(
            model.vision_encoder, {torch.nn.Linear}
        )


def _same_weights(build: Callable[[torch.device, torch.dtype], Any]) -> Any:
    """Build a model whose weights of chance are always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return build(CPU, torch.float32)


def _middle(rgb: Rgb) -> Point:
    return Point(rgb.shape[1] // 2, rgb.shape[0] // 2)


def main(arguments: list[str]) -> int:
    """Count and measure one model after the other; write the tables."""
    parser = options(__doc__, 2)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--model", choices=list(MODELS), help="this one alone")
    parser.add_argument("--compile", action="store_true", help="with --variants")
    chosen = parser.parse_args(arguments)
    rgb, all_rows, works = photo(chosen.megapixels), list[Row](), list[Work]()
    likes: dict[str, Likeness] = {}
    for name in [chosen.model] if chosen.model else MODELS:
        build, kind = MODELS[name]
        model = _same_weights(build)
        segmenter = kind(model, INFO)
        work, exact = counted(name, segmenter, rgb)
        rows = timed(name, segmenter, rgb, exact, chosen.rounds)
        if name == SAM:
            rows += notebook(model, rgb, chosen.rounds)
        shipped, likes[name] = as_shipped(name, segmenter, rgb, exact, chosen.rounds)
        rows += shipped
        if chosen.variants:
            rows += variants(name, rgb, exact, chosen.rounds, chosen.compile)
        say(f"{table(rows)}\n")
        works.append(work)
        all_rows += rows
    say(f"{summary(works, likes, all_rows)}\n")
    say(f"{works[-1].ratio:.0f} times the work a click (promised with {SAM}: {PROMISED})")
    figures = {
        work.name: [work.encoder, work.decoder, *astuple(likes[work.name])] for work in works
    }
    keep(chosen.json, all_rows, figures)
    return 0 if chosen.model or works[-1].ratio >= PROMISED else 1


def summary(works: Sequence[Work], likes: Mapping[str, Likeness], rows: Sequence[Row]) -> str:
    """Return one line a model: work, time beside ViT-B's where that was measured, likeness."""
    medians = {row.name.partition(" (")[0]: row.median for row in rows}
    encoders = {work.name: medians[f"{work.name}: {SHIPPED}"] for work in works}
    lines = []
    for work in works:
        like, seconds = likes[work.name], encoders[work.name]
        times = f"{encoders[SAM] / seconds:.1f}" if SAM in encoders else ""
        lines.append(
            (
                work.name,
                f"{work.encoder:.1f}",
                f"{work.decoder:.2f}",
                f"{work.ratio:.0f}",
                f"{medians[f'{work.name}: encoder, float32']:.2f}",
                f"{seconds:.2f}",
                f"{medians[f'{work.name}: decoder alone']:.3f}",
                times,
                f"{like.features:.0f}",
                f"{like.masks:.4f}",
            )
        )
    return markdown(TITLES, lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
