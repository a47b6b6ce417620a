"""Many users on one Studio: clicks while repaints run, beside one job at a time.

`python -m benchmarks.load [--users N] [--seconds N] [--json FILE]`: N users, each a thread with a
photo of its own, click on the embedded segmenter, with pauses of 0.2-1.8 s, as people do, and two
more repaint on the embedded painter as fast as they are served. What a user waits for is counted
from the click to its three masks packed for the page. The rivals in turn: nobody repaints; two
repaint; the same with one click at a time; and with one lock round all models, as in a page whose
events share one queue. First lines tell what a click and a repaint take alone, the last one whether
the promise holds: clicks under 200 ms at the median while repaints run.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.timing import Row, keep, markdown, options, say, seconds_of, share_of
from inpainting.photo import open_photo, with_pixels
from inpainting.studio import Studio
from inpainting.types import PaintRequest, PaintResult, Photo, Point, Prompts, Region
from inpainting.web.answer import pack
from models.bringup import embedded_models

PHOTOS = Path(__file__).parents[1] / "assets" / "photos"
PAUSE = (0.2, 1.8)
PROMISED = 0.2

Turn = Callable[[], AbstractContextManager[object]]


@dataclass(slots=True)
class Log:
    """What users waited for, in seconds; added to by many threads, which lists bear.

    `painted_for` is the time in which the repaints were painted, from the start to the last's end.
    """

    clicks: list[float] = field(default_factory=list)
    repaints: list[float] = field(default_factory=list)
    painted_for: float = 0.0

    def add(self, other: Log) -> None:
        """Take in what another log holds."""
        self.clicks += other.clicks
        self.repaints += other.repaints
        self.painted_for += other.painted_for


def photos(users: int) -> list[Photo]:
    """Return a photo for each user, no two with the same content."""
    files = sorted(PHOTOS.glob("*.jpg"))
    opened = [open_photo(files[number % len(files)]) for number in range(users)]
    return [_own(photo, number) for number, photo in enumerate(opened)]


def _own(photo: Photo, number: int) -> Photo:
    pixels = photo.pixels.copy()
    pixels[0, 0] = number
    return with_pixels(photo, pixels)


def click_on(studio: Studio, photo: Photo, seed: int, until: float, log: Log, turn: Turn) -> None:
    """Click at places of chance until the time is over: one to three points for each subject."""
    chance, points = random.Random(seed), list[Point]()
    width, height = photo.size
    while (now := time.perf_counter()) < until:
        if len(points) == 3:
            points = []
        place = chance.randint(0, width - 1), chance.randint(0, height - 1)
        points.append(Point(*place))
        with turn():
            pack(studio.select(photo, Prompts(tuple(points))))
        log.clicks.append(time.perf_counter() - now)
        time.sleep(chance.uniform(*PAUSE))


def repaint_on(studio: Studio, photo: Photo, seed: int, until: float, log: Log, turn: Turn) -> None:
    """Repaint the upper half again and again until the time is over; only whole jobs count."""
    hole = np.zeros((photo.size[1], photo.size[0]), np.bool_)
    hole[: photo.size[1] // 2] = True
    request = PaintRequest(photo, hole, Region.SUBJECT, "a beach at sunset", seed=seed, steps=20)
    while (now := time.perf_counter()) < until:
        with turn():
            for event in studio.paint(request):
                if isinstance(event, PaintResult):
                    log.repaints.append(time.perf_counter() - now)


def simulate(
    studio: Studio,
    clicking: list[Photo],
    painting: list[Photo],
    seconds: float,
    click_turn: Turn = nullcontext,
    paint_turn: Turn = nullcontext,
) -> Log:
    """Let a user work on each photo for some seconds; return what they waited for."""
    log, started = Log(), time.perf_counter()
    until = started + seconds
    jobs = [(click_on, photo, n, click_turn) for n, photo in enumerate(clicking)]
    jobs += [(repaint_on, photo, n, paint_turn) for n, photo in enumerate(painting)]
    threads = [
        threading.Thread(target=run, args=(studio, photo, number, until, log, turn))
        for run, photo, number, turn in jobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Repaints that are under way are painted to their end.
    log.painted_for = time.perf_counter() - started
    return log


def main(arguments: list[str]) -> int:
    """Run the cases in turn; write the table."""
    parser = options(__doc__, 2)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args(arguments)
    studio, desks, lock = Studio(*embedded_models()), photos(chosen.users), threading.Lock()
    alone = [
        seconds_of(partial(studio.select, photo, Prompts((Point(*place),))))
        for place in ((10, 10), (100, 100), (200, 150))
        for photo in desks
    ]
    say(f"one click alone: median {1000 * statistics.median(alone):.0f} ms")
    simulate(studio, desks[:1], desks[:1], 0.1)
    single = simulate(studio, [], desks[:1], 0.1).repaints
    say(f"one repaint alone: {statistics.median(single):.2f} s\n")
    cases: dict[str, tuple[int, Turn, Turn]] = {
        "nobody repaints": (0, nullcontext, nullcontext),
        "two repaint": (2, nullcontext, nullcontext),
        "two repaint, one click at a time": (2, lambda: lock, nullcontext),
        "two repaint, one job at a time": (2, lambda: lock, lambda: lock),
    }
    logs = {name: Log() for name in cases}
    for _ in range(chosen.rounds):
        for name, (painters, *turns) in cases.items():
            found = simulate(studio, desks, desks[:painters], chosen.seconds, *turns)
            logs[name].add(found)
    whole = chosen.rounds * chosen.seconds
    titles = (
        f"{chosen.users} users",
        "clicks / s",
        "click, median s",
        "95 %",
        "longest",
        "repaints / min",
        "repaint with waiting, median s",
    )
    say(f"{markdown(titles, [_line(name, log, whole) for name, log in logs.items()])}\n")
    median = statistics.median(logs["two repaint"].clicks)
    verdict = "holds" if median < PROMISED else "does not hold"
    say(
        f"Promise: the median click under {1000 * PROMISED:.0f} ms while repaints run. "
        f"It {verdict}: {1000 * median:.0f} ms."
    )
    rows = [Row(f"click, {name}", tuple(log.clicks)) for name, log in logs.items()]
    rows += [Row(f"repaint, {n}", tuple(log.repaints)) for n, log in logs.items() if log.repaints]
    rows += [Row("one click alone", tuple(alone)), Row("one repaint alone", tuple(single))]
    keep(chosen.json, rows, {"users": chosen.users, "seconds": whole})
    return 0 if median < PROMISED else 1


def _line(name: str, log: Log, seconds: float) -> list[str]:
    clicks = log.clicks
    waited = f"{statistics.median(log.repaints):.2f}" if log.repaints else ""
    return [
        name,
        f"{len(clicks) / seconds:.1f}",
        f"{statistics.median(clicks):.3f}",
        f"{share_of(clicks, 0.95):.3f}",
        f"{max(clicks):.3f}",
        f"{60 * len(log.repaints) / log.painted_for:.1f}",
        waited,
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
