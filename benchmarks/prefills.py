"""What of the old content shines through a repaint, by prefill, strength and region.

    python -m benchmarks.prefills [folder of photos ...] --judge judge.safetensors

Paints real photos with the embedded painter as the Studio does. A small judge, trained on drawings
of the same world and kept in the given file, reads in each hole what the prompt asked for.
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from benchmarks.real_photos import Sample, samples
from benchmarks.seam_metrics import ghost, step, visibility
from inpainting.colour_match import match_colour
from inpainting.framing import crop
from inpainting.masks import to_hole
from inpainting.ports import Painter
from inpainting.prefilling import METHODS
from inpainting.repainting import plan, prepare, put_back
from inpainting.types import Mask, Painted, PaintSettings, Region, Rgb
from models.bringup import embedded_models
from models.training.classifier import Judge, draw_pool, name_scenes, train_judge
from models.training.latents import to_unit

PROMPTS = ("sunset sea", "red brick", "night city", "day snow", "blue dots", "storm forest")
STRENGTHS = (0.4, 0.6, 0.75, 0.9, 0.99)
DRAWINGS, JUDGE_STEPS, JUDGE_SEED = 960, 500, 101
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one painting: old shapes left, prompt followed (0 or 1), seam, and step in colour.

    `matched`: the prompt is still followed once colours were matched to the photo's.
    """

    ghost: float
    right: float
    matched: float
    seam: float
    step: float


def measure(
    painter: Painter,
    judge: Judge,
    found: list[Sample],
    region: Region,
    strengths: Sequence[float],
    methods: Sequence[str],
) -> list[str]:
    """Return a Markdown table of a region: a row for each strength and prefill."""
    figures: dict[tuple[float, str], list[Figures]] = defaultdict(list)
    for number, sample in enumerate(found):
        for strength in strengths:
            for method in methods:
                one = _figures(painter, judge, sample, region, (number, strength, method))
                figures[strength, method].append(one)
        logger.info("%s done", sample.name)
    return [*_heading(region), *(_row(*key, values) for key, values in figures.items())]


def _figures(
    painter: Painter,
    judge: Judge,
    sample: Sample,
    region: Region,
    turn: tuple[int, float, str],
) -> Figures:
    number, strength, method = turn
    hole, prompt = to_hole(sample.subject, region), PROMPTS[number % len(PROMPTS)]
    job = plan(hole, painter.info)
    picture, part = prepare(sample.rgb, job, method, number)
    painted = paint(painter, picture, part, prompt, strength, number)
    result = put_back(sample.rgb, painted, job)
    inside = cv2.erode(part.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    original = crop(sample.rgb, job.frame)
    right, matched = (
        float(_words(judge, rgb, part) == tuple(prompt.split()))
        for rgb in (painted, match_colour(painted, original, part))
    )
    left = ghost(painted, original, inside)
    return Figures(left, right, matched, visibility(result, hole), step(result, hole))


def _words(judge: Judge, rgb: Rgb, hole: Mask) -> tuple[str, str]:
    """Return the two words that the judge reads in a hole."""
    seen = to_unit([rgb], torch.device("cpu")), torch.from_numpy(hole)[None, None].float()
    return name_scenes(judge, *seen)[0]


def paint(
    painter: Painter, picture: Rgb, part: Mask, prompt: str, strength: float, seed: int
) -> Rgb:
    """Return the painter's picture of a frame, at its default settings but for the strength."""
    defaults = painter.info.defaults
    assert defaults is not None
    settings = PaintSettings(
        prompt, "", seed, defaults.steps, defaults.guidance, strength, defaults.scheduler
    )
    *_, last = painter.paint(picture, part, settings)
    assert isinstance(last, Painted)
    return last.rgb


def _heading(region: Region) -> Iterator[str]:
    yield (
        f"| {region.value}: strength | prefill | old shapes | prompt followed "
        "| also once colours are matched | seam | step |"
    )
    yield "|---|---|---|---|---|---|---|"


def _row(strength: float, method: str, values: list[Figures]) -> str:
    left, right, matched, seam, jump = (
        np.mean([getattr(value, field.name) for value in values]) for field in fields(Figures)
    )
    prompt = f"{100 * right:.0f} % | {100 * matched:.0f} %"
    return f"| {strength} | {method} | {left:.2f} | {prompt} | {seam:.2f} | {jump:.1f} |"


def _judge(path: Path, painter: Painter) -> Judge:
    judge = Judge()
    if path.exists():
        judge.load_state_dict(load_file(path))
        return judge.eval()
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(painter.info.source, subfolder="vae", use_safetensors=True)
    judge = train_judge(draw_pool(vae, DRAWINGS, JUDGE_SEED), JUDGE_STEPS, JUDGE_SEED)
    save_file(judge.state_dict(), path)
    return judge


def main() -> None:
    """Read the command line, paint, and log the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--strengths", nargs="+", type=float, default=STRENGTHS)
    parser.add_argument("--prefills", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--regions", nargs="+", type=Region, default=list(Region))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    painter = embedded_models()[1]
    judge = _judge(options.judge, painter)
    found = samples(options.folders)
    logger.info("%d photos", len(found))
    for region in options.regions:
        rows = measure(painter, judge, found, region, options.strengths, options.prefills)
        for line in rows:
            logger.info("%s", line)


if __name__ == "__main__":
    main()
