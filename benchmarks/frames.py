"""The frame, not the photo, sets the cost: one hole in photos of 1, 12 and 50 megapixels.

`python -m benchmarks.frames [--rounds N] [--json FILE]`: a hole of 256 x 256 pixels in the middle,
repainted by the embedded painter in 20 steps; each photo in a process of its own, one round of
each in turn. The parts are
timed apart: choosing the frame (plan), cutting it out with its prefill (prepare), the small picture
that previews are shown on (small), putting back, the recipe's mask (mask), and after the job the
result's digest and its PNG file. Memory is the most that the process held meanwhile, beyond what it
held with the models warm and no photo open, over the photo's own bytes (three a pixel); Linux alone
tells it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.timing import Row, cannot, keep, markdown, options, say, seconds_of
from inpainting.digests import digest_of
from inpainting.framing import crop
from inpainting.packing import pack_mask
from inpainting.photo import encode_png, encode_result, make_photo, open_photo
from inpainting.preview import small_of
from inpainting.repainting import plan, prepare, put_back
from inpainting.studio import Studio
from inpainting.types import Mask, PaintRequest, PaintResult, Photo, Region, Rgb

SIZES = (1, 12, 50)
HOLE = 256
STEPS = 20
PARTS = ("plan", "prepare", "small", "put back", "mask", "repaint", "worked", "digest", "PNG file")
"""`repaint` is all of a job: what stands before it, and painting; `worked` its processor time. The
digest is made when the page or another job asks for it."""

PAINTING, WRITING = "peak, painting", "peak, writing"
PROMISED_TIME, PROMISED_MEMORY = 1.15, 6.0
STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Measured:
    """One photo: seconds of each part, round by round, and peaks over the photo's bytes."""

    megapixels: int
    seconds: dict[str, list[float]]
    painting_peak: float
    writing_peak: float


def picture(megapixels: int) -> Rgb:
    """Return a 4:3 picture of soft colours with some noise."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    chance = np.random.default_rng(1)
    soft = chance.integers(0, 240, (12, 16, 3), np.uint8)
    large = np.asarray(cv2.resize(soft, (width, width * 3 // 4)), np.uint8)
    return np.asarray(large + chance.integers(0, 12, large.shape, np.uint8), np.uint8)


def hole_in(rgb: Rgb) -> Mask:
    """Return a hole of HOLE x HOLE in the middle."""
    height, width = rgb.shape[:2]
    top, left = (height - HOLE) // 2, (width - HOLE) // 2
    hole = np.zeros((height, width), np.bool_)
    hole[top : top + HOLE, left : left + HOLE] = True
    return hole


def kilobytes(name: str) -> int:
    """Return a line of the process's own table: VmRSS (held now) or VmHWM (most held)."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def forget_peak() -> None:
    """Let the most held begin anew from what is held now."""
    PEAK.write_text("5", encoding="ascii")


def studio() -> Studio:
    """Return a Studio on the embedded models, with all of them loaded."""
    from models.bringup import embedded_models

    made = Studio(*embedded_models())
    small = picture(1)[:512, :512]
    repaint(made, make_photo(small, None, None, "warm"), hole_in(small), 2)
    return made


def repaint(desk: Studio, photo: Photo, hole: Mask, steps: int = STEPS) -> PaintResult:
    """Repaint the hole as the page would have it done."""
    request = PaintRequest(
        photo, hole, Region.SUBJECT, "a beach at sunset", seed=7, steps=steps, strength=1.0
    )
    return next(event for event in desk.paint(request) if isinstance(event, PaintResult))


def parts(desk: Studio, photo: Photo, hole: Mask) -> dict[str, float]:
    """Time each step round the painter once, with the frame itself as what was painted."""
    info = desk.painter.info
    job = plan(hole, info)
    original = crop(photo.rgb, job.frame)
    timed: dict[str, Callable[[], object]] = {
        "plan": lambda: plan(hole, info),
        "prepare": lambda: prepare(photo.rgb, job),
        "small": lambda: small_of(photo.rgb),
        "put back": lambda: put_back(photo.pixels, original, job, original=original),
        "mask": lambda: pack_mask(hole),
        "digest": lambda: digest_of(photo.pixels, photo.alpha, photo.icc_profile),
    }
    return {name: seconds_of(run) for name, run in timed.items()}


def answer_rounds(megapixels: int) -> None:
    """Measure one photo, a round for each line of stdin; write each round as a line of JSON."""
    desk = studio()
    base = kilobytes("VmRSS")
    rgb = picture(megapixels)
    hole, photo = hole_in(rgb), open_photo(encode_png(make_photo(rgb, None, None, "photo")))
    del rgb
    say("ready")
    for _ in sys.stdin:
        say(json.dumps(one_round(desk, photo, hole, base)))


def one_round(desk: Studio, photo: Photo, hole: Mask, base: int) -> dict[str, float]:
    """Return the seconds of each part, and both peaks over the photo's own bytes.

    A repaint of two steps comes first: some kernels take memory away that lies idle while the
    other photos have their turn, and to get it back can take longer than all the rest.
    """
    repaint(desk, photo, hole, 2)
    seconds = parts(desk, photo, hole)
    forget_peak()
    started, worked = time.perf_counter(), time.process_time()
    result = repaint(desk, photo, hole)
    seconds["repaint"] = time.perf_counter() - started
    seconds["worked"] = time.process_time() - worked
    painting = kilobytes("VmHWM") - base
    forget_peak()
    seconds["PNG file"] = seconds_of(partial(encode_result, result))
    writing = kilobytes("VmHWM") - base
    own = photo.pixels.nbytes / 1024
    return {**seconds, PAINTING: painting / own, WRITING: writing / own}


class Child:
    """A process that measures one photo."""

    def __init__(self, megapixels: int) -> None:
        command = [sys.executable, "-m", "benchmarks.frames", "--one", str(megapixels)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._read()

    def _read(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("a process that measures has ended")
        return line

    def round(self) -> dict[str, float]:
        """Measure one round."""
        if self._process.stdin:
            self._process.stdin.write("go\n")
            self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._read())
        return found

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def in_turn(rounds: int) -> list[Measured]:
    """Measure all photos, a round of each in turn."""
    with ExitStack() as stack:
        children = {size: Child(size) for size in SIZES}
        for child in children.values():
            stack.callback(child.close)
        found = [{size: child.round() for size, child in children.items()} for _ in range(rounds)]
    return [gathered(size, [one[size] for one in found]) for size in SIZES]


def gathered(megapixels: int, rounds: list[dict[str, float]]) -> Measured:
    """Put the rounds of one photo together."""
    seconds = {name: [one[name] for one in rounds] for name in PARTS}
    peaks = (max(one[name] for one in rounds) for name in (PAINTING, WRITING))
    return Measured(megapixels, seconds, *peaks)


def line(one: Measured, first: Measured) -> list[str]:
    """Return the row of a photo; the ratios are of its repaint to that in the first."""
    medians = (statistics.median(one.seconds[name]) for name in PARTS)
    middle, least = ratios(one, first)
    peaks = f"{one.painting_peak:.1f}", f"{one.writing_peak:.1f}"
    times = (f"{median:.3f}" for median in medians)
    return [str(one.megapixels), *times, f"{middle:.2f}", f"{least:.2f}", *peaks]


def ratios(one: Measured, first: Measured) -> tuple[float, float]:
    """Return how much longer a repaint takes than in the first: round by round, the median of
    those, for a machine that slows down meanwhile does so for both; and the quickest rounds.
    """
    own, other = one.seconds["repaint"], first.seconds["repaint"]
    paired = [mine / its for mine, its in zip(own, other, strict=True)]
    return statistics.median(paired), min(own) / min(other)


def rows_of(one: Measured) -> list[Row]:
    """Return the parts of one photo as rows."""
    prefix = f"{one.megapixels} MP"
    return [Row(f"{prefix}: {name}", tuple(values)) for name, values in one.seconds.items()]


def main(arguments: list[str]) -> int:
    """Measure all photos in turn; write the table."""
    parser = options(__doc__, 5)
    parser.add_argument("--one", type=int, help="megapixels of one photo, for a process of its own")
    chosen = parser.parse_args(arguments)
    if not PEAK.exists():
        return cannot("the peak of memory is read from Linux's /proc/self.")
    if chosen.one:
        answer_rounds(chosen.one)
        return 0
    found = in_turn(chosen.rounds)
    last = ("repaint / 1 MP", "quickest / 1 MP", "peak, painting", "peak, PNG file")
    say(markdown(("MP", *PARTS, *last), [line(one, found[0]) for one in found]))
    worst = max(ratios(one, found[0])[0] for one in found)
    # A photo of one megapixel is less than what any job holds: the promise is for a camera's.
    most = max(max(one.painting_peak, one.writing_peak) for one in found[1:])
    say(f"\nrepaint {worst:.2f} times that at 1 MP (promised: at most {PROMISED_TIME})")
    say(f"peak memory {most:.1f} times the photo at 12 and 50 MP (promised: {PROMISED_MEMORY})")
    peaks = {str(one.megapixels): [one.painting_peak, one.writing_peak] for one in found}
    keep(chosen.json, [row for one in found for row in rows_of(one)], {"peaks": peaks})
    return 0 if worst <= PROMISED_TIME and most <= PROMISED_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
