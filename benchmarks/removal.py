"""What the fillers of Remove make of holes in textures whose truth is known.

`python -m benchmarks.removal [--pictures FOLDER]`: a square hole is cut where a photo, or a made
pattern, shows one texture; what comes back is compared with what was there. A method that copies a
texture rightly, but another part of it, has a poor PSNR and a busyness near 1; a blur has a good
PSNR and a busyness near 0.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from inpainting.ports import Painter
from inpainting.types import Mask, Painted, PaintSettings, Rgb
from models.filling import embedded_fillers

PHOTOS = Path(__file__).parents[1] / "assets" / "photos"
SETTINGS = PaintSettings("", "", 0, 1, 0.0, 1.0, "as it is")

PLACES = (
    ("wood", "coffee", (490, 110), 70),
    ("saucer", "coffee", (175, 290), 40),
    ("fur", "chelsea", (150, 175), 60),
    ("blur behind the cat", "chelsea", (385, 150), 60),
    ("evening sky", "rocket", (400, 40), 100),
    ("studio wall", "astronaut", (310, 20), 70),
    ("suit", "astronaut", (75, 400), 40),
)
"""Name, photo, left top corner (x, y) and side of a hole within one texture."""


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, HxWx3, with a hole, HxW, whose truth it shows."""

    name: str
    rgb: Rgb
    hole: Mask


@dataclass(frozen=True, slots=True)
class Score:
    """`psnr` in dB; `busyness` and `seam` are gradients in the hole and across its border, as
    shares of what they are in truth; `seconds` a picture."""

    psnr: float
    busyness: float
    seam: float
    seconds: float


def cases() -> Iterator[Case]:
    """Yield the places in photos, and two made patterns."""
    for name, photo, (left, top), side in PLACES:
        rgb = np.asarray(Image.open(PHOTOS / f"{photo}.jpg").convert("RGB"))
        yield Case(name, rgb, square(rgb, left, top, side))
    for name, rgb in (("bricks", bricks()), ("grass", grass())):
        yield Case(name, rgb, square(rgb, 180, 180, 150))


def square(rgb: Rgb, left: int, top: int, side: int) -> Mask:
    """Return a square hole, HxW of the picture."""
    hole = np.zeros(rgb.shape[:2], np.bool_)
    hole[top : top + side, left : left + side] = True
    return hole


def bricks() -> Rgb:
    """Return a wall of running bond, 512 x 512, each brick of its own red."""
    rows, columns = np.mgrid[:512, :512]
    course = rows // 24
    along = columns + course % 2 * 32
    shade = np.random.default_rng(0).integers(-25, 26, (22, 10))[course, along // 64]
    mortar = (rows % 24 < 3) | (along % 64 < 3)
    brick = np.stack([160 + shade, 80 + shade // 2, 60 + shade // 2], axis=2)
    return _grainy(np.where(mortar[..., None], (190, 185, 175), brick), 6)


def grass() -> Rgb:
    """Return blades of grass that lie about, 512 x 512."""
    rng = np.random.default_rng(1)
    picture = np.full((512, 512, 3), (40, 70, 20), np.uint8)
    for _ in range(9000):
        x, y = rng.integers(0, 512, 2)
        across, up = rng.normal(0, 6), rng.uniform(8, 22)
        green = int(rng.integers(70, 190))
        end = int(x + across), int(y - up)
        cv2.line(picture, (int(x), int(y)), end, (green // 2, green, green // 4), 1, cv2.LINE_AA)
    return _grainy(picture, 3)


def score(painter: Painter, case: Case) -> tuple[Score, Rgb]:
    """Return how a painter does on a case, and its picture."""
    started = time.perf_counter()
    *_, last = painter.paint(case.rgb, case.hole, SETTINGS)
    seconds = time.perf_counter() - started
    if not isinstance(last, Painted):
        raise TypeError("a painter ends with its picture")
    away = (last.rgb.astype(np.float64) - case.rgb)[case.hole]
    psnr = 10 * np.log10(255**2 / max(float((away**2).mean()), 1e-9))
    inner = cv2.erode(case.hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    wide = cv2.dilate(case.hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    thin = cv2.erode(case.hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    shares = [change(last.rgb, part) / change(case.rgb, part) for part in (inner, wide & ~thin)]
    return Score(float(psnr), shares[0], shares[1], seconds), last.rgb


def change(rgb: Rgb, part: Mask) -> float:
    """Return the mean gradient of grey in a part, HxW, of a picture, in levels a pixel."""
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float64)
    down, across = np.gradient(grey)
    return float(np.hypot(down, across)[part].mean())


def table(scores: Mapping[str, Mapping[str, Score]]) -> str:
    """Return a Markdown table of scores by case and method, and the medians."""
    lines = ["| texture | method | PSNR dB | busyness | seam | s |", "|---|---|---|---|---|---|"]
    for case, by_method in scores.items():
        lines += [_line(case, method, found) for method, found in by_method.items()]
    for method in next(iter(scores.values())):
        lines.append(_line("**median**", method, _median([s[method] for s in scores.values()])))
    return "\n".join(lines)


def main() -> None:
    """Measure all fillers on all cases, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder for the pictures, side by side")
    folder: Path | None = parser.parse_args().pictures
    cv2.setNumThreads(1)
    scores: dict[str, dict[str, Score]] = {}
    for case in cases():
        found = {key: score(painter, case) for key, painter in embedded_fillers().items()}
        scores[case.name] = {key: pair[0] for key, pair in found.items()}
        if folder is not None:
            row = np.hstack([case.rgb, *(pair[1] for pair in found.values())])
            Image.fromarray(row).save(folder / f"{case.name}.png")
    sys.stdout.write(table(scores) + "\n")


def _line(case: str, method: str, found: Score) -> str:
    return (
        f"| {case} | {method} | {found.psnr:.1f} | {found.busyness:.2f} | {found.seam:.2f} "
        f"| {found.seconds:.2f} |"
    )


def _median(scores: list[Score]) -> Score:
    return Score(
        statistics.median(s.psnr for s in scores),
        statistics.median(s.busyness for s in scores),
        statistics.median(s.seam for s in scores),
        statistics.median(s.seconds for s in scores),
    )


def _grainy(picture: np.typing.ArrayLike, spread: float) -> Rgb:
    values = np.asarray(picture, np.float64)
    grain = np.random.default_rng(2).normal(0, spread, (*values.shape[:2], 1))
    return np.clip(values + grain, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
