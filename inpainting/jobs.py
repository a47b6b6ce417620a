"""One request on one painter: every frame of every hole, put back and noted in a recipe."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from inpainting.errors import BadOutput
from inpainting.framing import CONTEXT, crop
from inpainting.photo import is_trained, to_profile, with_pixels
from inpainting.ports import Painter
from inpainting.preview import preview_of, show
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
)

REMOVE_CONTEXT = 0.8
"""Fillers copy from what they see: more of it gave visibly better fills than `CONTEXT`."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A request with all that was decided about it: `plans` are painted one after the other."""

    request: PaintRequest
    task: Task
    plans: tuple[Plan, ...]
    match_colour: bool


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
    return Job(request, task, found, matches_colour(request.match_colour, request.tool, painter))


def _not_enlarged(plan: Plan) -> Plan:
    """Fillers have no native size: an enlarged window costs time and blurs what they copy."""
    sides = zip(plan.frame.size, plan.frame.window_size, strict=True)
    width, height = (min(size, window) for size, window in sides)
    return replace(plan, frame=replace(plan.frame, size=(width, height)))


def paint_one(
    painter: Painter, segmenter: ModelInfo, job: Job, settings: PaintSettings
) -> Generator[Progress | PaintResult, None, None]:
    """Paint one variation of a job; each preview is shown on the whole picture.

    Frames that come later see what was painted in those before.
    """
    started, request, film = time.perf_counter(), job.request, list[Rgb]()
    photo, notes, files = job.task.photo, list[str](), dict[str, str]()
    done, shown = 0, Progress(0, 0)
    for number, plan in enumerate(job.plans):
        painted = None
        with closing(_paint_frame(painter, photo, job, plan, settings)) as events:
            for event in events:
                if isinstance(event, Painted):
                    painted = event
                    continue
                shown = _of_all(event, done, len(job.plans) - number)
                yield shown
                if request.film and event.preview is not None:
                    film.append(event.preview)
        if painted is None:
            raise BadOutput("The painter stopped without a picture. Please repaint.")
        photo = _with_painted(photo, painted.rgb, job, plan)
        files.update(painted.lora_digests)
        done = shown.step
        notes.extend(note for note in painted.notes if note not in notes)
    used = prefill_for(request.prefill, request.tool, request.region, settings.strength)
    recipe = recipe_of(
        request, settings, segmenter, painter.info, job.plans, used, job.match_colour
    )
    recipe = replace(recipe, lora_digests=files)
    yield PaintResult(
        photo=replace(photo, ai=photo.ai or is_trained(recipe)),
        seed=settings.seed,
        seconds=time.perf_counter() - started,
        recipe=recipe,
        notes=(*notes, *_notes(job)),
        before=_before(job),
        film=tuple(film),
    )


def _paint_frame(
    painter: Painter, photo: Photo, job: Job, plan: Plan, settings: PaintSettings
) -> Generator[Progress | Painted, None, None]:
    request = job.request
    method = prefill_for(request.prefill, request.tool, request.region, settings.strength)
    picture, part = prepare(photo.rgb, plan, method, settings.seed)
    preview = preview_of(photo, plan.frame, plan.hole)
    soft = replace(settings, softness=frame_pixels(plan, settings.softness))
    with closing(painter.paint(picture, part, soft)) as events:
        for event in events:
            if isinstance(event, Painted) or event.preview is None:
                yield event
            else:
                yield replace(event, preview=show(preview, event.preview))


def _of_all(event: Progress, done: int, left: int) -> Progress:
    """Count the steps of all frames as one run: `done` so far, with `left` frames to come.

    Frames of other sizes may take more steps or fewer, so the total is a guess; it never falls
    below the steps that were made.
    """
    return replace(event, step=done + event.step, total=done + event.total * left)


def _with_painted(photo: Photo, painted: Rgb, job: Job, plan: Plan) -> Photo:
    """Return the picture with a frame painted; before the last one its digest is not its own.

    To hash and convert the whole photo for each frame would cost more than many a frame.
    """
    original = crop(photo.rgb, plan.frame) if job.match_colour else None
    pixels = put_back(photo.pixels, painted, plan, partial(to_profile, photo), original)
    if plan is job.plans[-1]:
        return with_pixels(photo, pixels)
    if photo.rgb is photo.pixels:
        return replace(photo, pixels=pixels, rgb=pixels)
    return replace(photo, pixels=pixels, rgb=put_back(photo.rgb, painted, plan, original=original))


def _before(job: Job) -> Photo:
    """Return what was painted on, with new ground that looks empty."""
    photo, hole = job.task.photo, job.task.hole
    if job.request.tool is not Tool.EXTEND:
        return photo
    return with_pixels(photo, np.where(hole[..., None], np.uint8(EMPTY), photo.pixels))


def _notes(job: Job) -> tuple[str, ...]:
    photo, hole = job.task.photo, job.task.hole
    if photo.alpha is None or not (photo.alpha[hole] == 0).any():
        return ()
    return (f"Part of the {_painted_side(job.request)} is transparent in the photo and stays so.",)


def _painted_side(request: PaintRequest) -> str:
    """Return what the hole lies in, whatever the region says where a tool does not look at it."""
    if request.tool is Tool.REMOVE:
        return Region.SUBJECT.value
    return "photo" if is_whole(request.tool, request.mask) else request.region.value
