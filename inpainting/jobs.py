"""One request on one painter: every frame of every hole, put back and noted in a recipe."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadOutput, PointPaintError
from inpainting.framing import CONTEXT, crop
from inpainting.photo import is_trained, to_profile, with_pixels, with_window
from inpainting.ports import Batcher, Painter
from inpainting.preview import Preview, preview_of, show, small_of
from inpainting.recipe import recipe_of
from inpainting.records import is_whole
from inpainting.repainting import (
    Plan,
    frame_pixels,
    matches_colour,
    plans,
    prefill_for,
    prepare,
    put_back,
)
from inpainting.tools import EMPTY, Task, task_for
from inpainting.types import (
    ModelInfo,
    Painted,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Progress,
    Region,
    Rgb,
    Tool,
    Work,
)

REMOVE_CONTEXT = 0.8
"""Fillers copy from what they see: more of it gave visibly better fills than `CONTEXT`."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A request with all that was decided about it: `plans` are painted one after the other.

    `small` is the task's photo at the size of previews.
    """

    request: PaintRequest
    task: Task
    plans: tuple[Plan, ...]
    match_colour: bool
    small: Rgb


def job_for(request: PaintRequest, painter: ModelInfo, max_pixels: int) -> Job:
    """Decide what is painted where; raises as `task_for` does."""
    task = task_for(request, max_pixels)
    if request.tool is Tool.CREATE:  # whatever else lies on the desk has no part in it
        request = replace(request, photo=task.photo, mask=None)
    if request.context is None:  # noted in the recipe, lest another default change the picture
        default = REMOVE_CONTEXT if request.tool is Tool.REMOVE else CONTEXT
        request = replace(request, context=default)
    separate = request.separate and request.tool in (Tool.REPAINT, Tool.REMOVE, Tool.RESTYLE)
    found = plans(task.hole, painter, request.feather, request.context, separate)
    if request.tool is Tool.REMOVE and painter.multiple == 1:
        found = tuple(map(_not_enlarged, found))
    match_colour = matches_colour(request.match_colour, request.tool, painter)
    return Job(request, task, found, match_colour, small_of(task.photo.rgb))


def _not_enlarged(plan: Plan) -> Plan:
    """Fillers have no native size: an enlarged window costs time and blurs what they copy."""
    sides = zip(plan.frame.size, plan.frame.window_size, strict=True)
    width, height = (min(size, window) for size, window in sides)
    return replace(plan, frame=replace(plan.frame, size=(width, height)))


@dataclass(slots=True, eq=False)
class _Making:
    """A variation on its way: what it looks like so far, also small, and what was noted of it.

    `steps` are those of the frames that are done, `shown` what was told last, `film` the previews
    by their steps: a painter that has to start again, as where memory ends, shows some twice.
    """

    settings: PaintSettings
    photo: Photo
    small: Rgb
    steps: int = 0
    shown: Progress = field(default_factory=lambda: Progress(0, 0))
    notes: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    film: dict[int, Rgb] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of variations: the results of those that were painted, and the first error."""

    results: tuple[PaintResult, ...]
    failure: PointPaintError | None


def paint_together(
    painter: Painter, segmenter: ModelInfo, job: Job, variations: Sequence[PaintSettings]
) -> Generator[Progress, None, Outcome]:
    """Paint variations of a job, together where the painter can; previews show the whole picture.

    `Progress` tells of the first that is not painted yet. Frames that come later see what was
    painted in those before. Each result's seconds are its share of the time. An error is raised
    where nothing was painted, else it is part of what is returned.
    """
    started = time.perf_counter()
    makings = [_Making(settings, job.task.photo, job.small) for settings in variations]
    failure: PointPaintError | None = None
    for number, plan in enumerate(job.plans):
        failed = yield from _frame(painter, job, plan, makings, len(job.plans) - number)
        failure = failure or failed
    seconds = (time.perf_counter() - started) / len(makings)
    before, info = _before(job), painter.info
    results = (_result(making, info, segmenter, job, before, seconds) for making in makings)
    return Outcome(tuple(results), failure)


def _frame(
    painter: Painter, job: Job, plan: Plan, makings: list[_Making], left: int
) -> Generator[Progress, None, PointPaintError | None]:
    """Paint one frame of all variations, with `left` frames to come, this one among them.

    Those that were not painted leave `makings`, and the error is returned; raised where none was.
    """
    previews = [preview_of(making.small, plan.frame, plan.hole) for making in makings]
    works = [_work(making.photo, job, plan, making.settings) for making in makings]
    painted: dict[int, Painted] = {}
    failure: PointPaintError | None = None
    try:
        with closing(_events(painter, works)) as events:
            for number, event in events:
                if isinstance(event, Painted):
                    painted[number] = event
                    continue
                making, first = makings[number], number == _first_without(painted)
                seen = event if first or job.request.film else replace(event, preview=None)
                _keep(making, seen, previews[number], job, left)
                if first:
                    yield making.shown
    except PointPaintError as error:
        failure = error
    if len(painted) < len(makings):
        failure = failure or BadOutput("The painter stopped without a picture. Please repaint.")
    if failure is not None and not painted:
        raise failure
    for number in painted:
        _take(makings[number], painted[number], previews[number], job, plan)
    makings[:] = [makings[number] for number in sorted(painted)]
    return failure


def _keep(making: _Making, event: Progress, preview: Preview, job: Job, left: int) -> None:
    """Keep what is to be told of a step of a variation."""
    making.shown = _of_all(event, preview, making.steps, left)
    if job.request.film and making.shown.preview is not None:
        making.film[making.shown.step] = making.shown.preview


def _events(
    painter: Painter, works: Sequence[Work]
) -> Generator[tuple[int, Progress | Painted], None, None]:
    """Paint all together, or one after the other where there is one or the painter cannot."""
    if len(works) > 1 and isinstance(painter, Batcher):
        yield from painter.paint_together(works)
        return
    for number, work in enumerate(works):
        with closing(painter.paint(work.rgb, work.hole, work.settings)) as events:
            for event in events:
                yield number, event


def _first_without(painted: Mapping[int, Painted]) -> int:
    return next(number for number in count() if number not in painted)


def _take(making: _Making, painted: Painted, preview: Preview, job: Job, plan: Plan) -> None:
    """Put a painted frame into a variation."""
    making.photo = _with_painted(making.photo, painted.rgb, job, plan)
    making.small = show(preview, painted.rgb)
    making.files.update(painted.lora_digests)
    making.steps = making.shown.step
    making.notes.extend(note for note in painted.notes if note not in making.notes)


def _result(
    making: _Making,
    painter: ModelInfo,
    segmenter: ModelInfo,
    job: Job,
    before: Photo,
    seconds: float,
) -> PaintResult:
    request, settings = job.request, making.settings
    used = prefill_for(request.prefill, request.tool, request.region, settings.strength)
    recipe = recipe_of(request, settings, segmenter, painter, job.plans, used, job.match_colour)
    recipe = replace(recipe, lora_digests=making.files)
    return PaintResult(
        photo=replace(making.photo, ai=making.photo.ai or is_trained(recipe)),
        seed=settings.seed,
        seconds=seconds,
        recipe=recipe,
        notes=(*making.notes, *_notes(job)),
        before=before,
        film=tuple(making.film.values()),
    )


def _work(photo: Photo, job: Job, plan: Plan, settings: PaintSettings) -> Work:
    """Return what the painter is given of a photo for one frame."""
    request = job.request
    method = prefill_for(request.prefill, request.tool, request.region, settings.strength)
    picture, part = prepare(photo.rgb, plan, method, settings.seed)
    return Work(picture, part, replace(settings, softness=frame_pixels(plan, settings.softness)))


def _of_all(event: Progress, preview: Preview, done: int, left: int) -> Progress:
    """Show a frame on the whole, and count the steps of all frames as one run.

    `done` so far, with `left` frames to come. Frames of other sizes may take more steps or fewer,
    so the total is a guess; it never falls below the steps that were made.
    """
    seen = None if event.preview is None else show(preview, event.preview)
    total = done + event.total * left
    return replace(event, step=done + event.step, total=total, preview=seen)


def _with_painted(photo: Photo, painted: Rgb, job: Job, plan: Plan) -> Photo:
    """Return the picture with a frame painted: beyond the copy, work follows the frame."""
    original = crop(photo.rgb, plan.frame) if job.match_colour else None
    pixels = put_back(photo.pixels, painted, plan, partial(to_profile, photo), original)
    return with_window(photo, pixels, plan.frame.window)


def _before(job: Job) -> Photo:
    """Return what was painted on, with new ground that looks empty."""
    photo, hole = job.task.photo, job.task.hole
    if job.request.tool is not Tool.EXTEND:
        return photo
    return with_pixels(photo, np.where(hole[..., None], np.uint8(EMPTY), photo.pixels))


def _notes(job: Job) -> tuple[str, ...]:
    alpha = job.task.photo.alpha
    if alpha is None or not any(_hides(alpha, plan) for plan in job.plans):
        return ()
    return (f"Part of the {_painted_side(job.request)} is transparent in the photo and stays so.",)


def _hides(alpha: NDArray[np.uint8], plan: Plan) -> bool:
    """Tell whether any of a plan's hole is transparent."""
    window = plan.frame.window
    part = slice(window.y0, window.y1), slice(window.x0, window.x1)
    return bool((plan.hole[part] & (alpha[part] == 0)).any())


def _painted_side(request: PaintRequest) -> str:
    """Return what the hole lies in, whatever the region says where a tool does not look at it."""
    if request.tool is Tool.REMOVE:
        return Region.SUBJECT.value
    return "photo" if is_whole(request.tool, request.mask) else request.region.value
