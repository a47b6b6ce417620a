"""What each feature does to the seam of a repaint, on real photos; tables and pictures.

    python -m benchmarks.seams [folder of photos ...] [--sheets folder]

Two painters: an ideal one with a known fault, whose right result is the photo itself, and the
embedded one, which paints something new.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.faults import IdealPainter
from benchmarks.real_photos import Sample, samples
from benchmarks.seam_metrics import bands, drift, fringe, step, visibility
from inpainting.framing import crop, crop_hole
from inpainting.masks import grow, to_hole
from inpainting.ports import Painter
from inpainting.repainting import Plan, plan, prepare, put_back
from inpainting.types import Mask, PaintDefaults, Painted, PaintSettings, Region, Rgb
from models.bringup import embedded_models
from models.catalog import painter_row, preset

PROMPTS = ("sunset sea", "red brick", "night city", "day snow", "brown wood", "storm forest")
MARGINS = (0, 4, 8)
"""By how many pixels of the frame the hole is grown for the painter alone."""

SOFTNESS = (0, 16)
TOLD = 0.05
"""Smaller differences of drift do not count as better or worse."""

TILE = 200
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feature:
    """How a painted frame is put back."""

    name: str
    feather: bool
    match: bool


FEATURES = (
    Feature("plain cut", feather=False, match=False),
    Feature("feather", feather=True, match=False),
    Feature("colour match", feather=False, match=True),
    Feature("feather, colour match", feather=True, match=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A repaint of a sample that only has to be put back: its plan and the painted frame."""

    sample: Sample
    plan: Plan
    painted: Rgb

    def result(self, feature: Feature) -> Rgb:
        """Return the photo with the painted frame in its hole."""
        job = self.plan if feature.feather else replace(self.plan, feather=0)
        original = crop(self.sample.rgb, job.frame) if feature.match else None
        return put_back(self.sample.rgb, self.painted, job, original=original)


def painted_job(
    painter: Painter,
    sample: Sample,
    region: Region,
    turn: int,
    method: str,
    margin: int = 0,
    softness: int = 0,
) -> Job:
    """Paint a sample as the Studio does; the turn chooses prompt and seed."""
    defaults = painter.info.defaults or PaintDefaults(1, 1, 1, "")
    settings = PaintSettings(
        PROMPTS[turn % len(PROMPTS)],
        "",
        turn,
        defaults.steps,
        defaults.guidance,
        defaults.strength,
        defaults.scheduler,
        softness,
    )
    job = plan(to_hole(sample.subject, region), painter.info)
    wide = replace(job, hole=_grown(job, margin))
    picture, part = prepare(sample.rgb, wide, method, turn)
    *_, last = painter.paint(picture, part, settings)
    assert isinstance(last, Painted)
    return Job(sample, job, last.rgb)


def ideal_table(name: str, jobs: Sequence[Job]) -> list[str]:
    """Return rows on an ideal repaint: every figure is what is left of 0 or 1, the photo's own."""
    plain = [_errors(job, FEATURES[0]) for job in jobs]
    rows = []
    for feature in FEATURES:
        errors = [_errors(job, feature) for job in jobs]
        gains = [other[2] - one[2] for one, other in zip(errors, plain, strict=True)]
        better, worse = sum(gain > TOLD for gain in gains), sum(gain < -TOLD for gain in gains)
        seam, jump, colour = np.mean(errors, axis=0)
        rows.append(f"| {name} | {feature.name} | {seam:.2f} | {jump:.2f} | {colour:.2f} | ")
        rows[-1] += f"{better} / {worse} |"
    return rows


def _errors(job: Job, feature: Feature) -> tuple[float, float, float]:
    """Return seam over the photo's own, step beyond the photo's own, drift in the hole's band."""
    photo, hole, result = job.sample.rgb, job.plan.hole, job.result(feature)
    seam = visibility(result, hole) / visibility(photo, hole)
    jump = step(result, hole) - step(photo, hole)
    return seam, abs(jump), drift(result, photo, bands(hole)[0])


def painted_table(name: str, jobs: Sequence[Job]) -> list[str]:
    """Return rows on a repaint whose right result nobody knows."""
    rows = []
    for feature in FEATURES:
        results = [(job.result(feature), job.plan.hole) for job in jobs]
        figures = [(visibility(*one), step(*one), fringe(*one)) for one in results]
        seam, jump, rim = np.nanmean(figures, axis=0)
        rows.append(f"| {name} | {feature.name} | {seam:.2f} | {jump:.2f} | {rim:.2f} |")
    return rows


def kept_drift(jobs: Sequence[Job]) -> float:
    """Return how far the painter's own picture of the kept part lies from the photo, near it."""
    return float(np.mean([_kept_drift(job) for job in jobs]))


def _kept_drift(job: Job) -> float:
    near = bands(crop_hole(job.plan.hole, job.plan.frame))[1]
    return drift(job.painted, crop(job.sample.rgb, job.plan.frame), near)


def sheet(jobs: Sequence[Job], features: Sequence[Feature]) -> Image.Image:
    """Return a row a photo: the photo, then its result by each feature."""
    rows = [
        np.hstack([_tile(rgb) for rgb in (job.sample.rgb, *map(job.result, features))])
        for job in jobs
    ]
    return Image.fromarray(np.vstack(rows))


def _tile(rgb: Rgb) -> Rgb:
    return np.asarray(cv2.resize(rgb, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


def _grown(job: Plan, margin: int) -> Mask:
    return grow(job.hole, margin / min(job.frame.scale)) if margin else job.hole


def _ideal(found: Sequence[Sample], save: Callable[[str, Image.Image], None]) -> Iterator[str]:
    from diffusers import AutoencoderKL

    folder = painter_row(preset("embedded").painter).source
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", use_safetensors=True).float()
    painters = {
        "VAE": IdealPainter(vae),
        "cast": IdealPainter(cast=True),
        "VAE and cast": IdealPainter(vae, cast=True),
    }
    yield "| fault | put back with | seam / photo's | step beyond | drift | better / worse |"
    yield "|---|---|---|---|---|---|"
    for name, painter in painters.items():
        jobs = [
            painted_job(painter, sample, Region.SUBJECT, turn, "original")
            for turn, sample in enumerate(found)
        ]
        yield from ideal_table(name, jobs)
        save(f"ideal-{name.replace(' ', '-')}", sheet(jobs, (FEATURES[0], FEATURES[3])))


def _embedded(found: Sequence[Sample], save: Callable[[str, Image.Image], None]) -> Iterator[str]:
    painter = embedded_models()[1]
    yield "| repaint | put back with | seam | step | fringe |"
    yield "|---|---|---|---|---|"
    for region in Region:
        for margin in MARGINS:
            jobs = [
                painted_job(painter, sample, region, turn, "blur", margin)
                for turn, sample in enumerate(found)
            ]
            name = f"{region.value}, margin {margin}"
            yield from painted_table(name, jobs)
            yield f"| {name} | kept part, as painted, is off by | | {kept_drift(jobs):.2f} | |"
            save(f"embedded-{region.value}-{margin}", sheet(jobs, FEATURES))
    if painter.info.soft:
        yield from _soft(painter, found)


def _soft(painter: Painter, found: Sequence[Sample]) -> Iterator[str]:
    for softness in SOFTNESS:
        jobs = [
            painted_job(painter, sample, Region.SUBJECT, turn, "original", 0, softness)
            for turn, sample in enumerate(found)
        ]
        yield from painted_table(f"subject, softness {softness}", jobs)[:2]


def main() -> None:
    """Read the command line, measure, log the tables, save the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sheets", type=Path, help="a folder for pictures")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found = samples(options.folders)

    def save(name: str, picture: Image.Image) -> None:
        if options.sheets is not None:
            options.sheets.mkdir(parents=True, exist_ok=True)
            picture.save(options.sheets / f"{name}.jpg", quality=88)

    logger.info("%d photos: %s", len(found), ", ".join(sample.name for sample in found))
    for line in chain(_ideal(found, save), _embedded(found, save)):
        logger.info("%s", line)


if __name__ == "__main__":
    main()
