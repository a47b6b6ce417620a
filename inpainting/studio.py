"""Studio: open, select, paint. The only place that knows the order of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from inpainting.embeddings import EmbeddingCache
from inpainting.errors import BadOutput, BadRequest, NothingSelected
from inpainting.masks import as_mask, to_hole
from inpainting.pace import Pace
from inpainting.photo import PhotoLimits, open_photo, to_profile, with_pixels
from inpainting.ports import Everything, Painter, Proposer, Segmenter
from inpainting.preview import preview_of, show
from inpainting.recipe import recipe_of
from inpainting.repainting import Plan, plan, prepare, put_back
from inpainting.requests import check_prompts, resolve
from inpainting.settings import Settings
from inpainting.status import Status
from inpainting.types import (
    Candidates,
    Embedding,
    ModelInfo,
    Painted,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Progress,
    Prompts,
    Region,
)

POLL_SECONDS = 0.2
"""How often a job that waits for the painter looks whether it was stopped."""


def photo_limits(settings: Settings) -> PhotoLimits:
    """Return the limits that the settings set to a photo."""
    return PhotoLimits(
        max_pixels=settings.max_megapixels * 1_000_000,
        max_bytes=settings.max_file_mb * 1_000_000,
    )


def plan_for(request: PaintRequest, painter: ModelInfo) -> Plan:
    """Turn the mask into a hole and choose the frame for a painter.

    Raises BadRequest for a mask of another size or dtype, and NothingSelected where the hole or
    the kept part would be empty.
    """
    mask = as_mask(request.mask, request.photo.size)
    if not mask.any():
        raise NothingSelected("Nothing is selected yet: click the subject of the photo first.")
    if mask.all():
        raise NothingSelected("The whole photo is selected: exclude what is not the subject.")
    return plan(to_hole(mask, request.region), painter, request.feather)


class Studio:
    """The whole job on one segmenter and one painter, shared by all users and their threads."""

    def __init__(
        self,
        segmenter: Segmenter,
        painter: Painter,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.settings = settings or Settings()
        self._clock = clock
        # One value, so that a thread never sees the pace of another segmenter.
        self._selecting = segmenter, Pace()
        self._painter = painter
        self._status = Status(segmenter.info, painter.info)
        self._embeddings = EmbeddingCache(self.settings.embedding_cache_mb * 1_000_000)
        self._painting = Lock()

    @property
    def segmenter(self) -> Segmenter:
        """The segmenter in use."""
        return self._selecting[0]

    @property
    def can_propose(self) -> bool:
        """Whether the segmenter in use proposes a subject by itself."""
        return isinstance(self.segmenter, Proposer)

    @property
    def can_segment(self) -> bool:
        """Whether the segmenter in use cuts a whole photo into segments."""
        return isinstance(self.segmenter, Everything)

    @property
    def quick(self) -> bool:
        """Whether the segmenter in use answers in under 50 ms: the median of its last five clicks.

        False before the first. What a click waits for, as the embedding, does not count.
        """
        return self._selecting[1].quick

    @property
    def painter(self) -> Painter:
        """The painter in use."""
        return self._painter

    def status(self) -> Status:
        """What is loaded now, and what is on its way."""
        return replace(self._status, segmenter=self.segmenter.info, painter=self._painter.info)

    def report(self, status: Status) -> None:
        """Take over what a loader has to tell; the models named in it are not changed."""
        self._status = status

    def use(
        self, segmenter: Segmenter | None = None, painter: Painter | None = None, reason: str = ""
    ) -> None:
        """Take other models from the next call on; jobs under way end on those they began with."""
        if segmenter is not None:
            self._selecting = segmenter, Pace()
        self._painter = painter or self._painter
        self._status = Status(self.segmenter.info, self._painter.info, reason)

    def open(self, source: bytes | Path, name: str = "photo") -> Photo:
        """Decode a photo and start its embedding in the background; raises BadPhoto."""
        photo = open_photo(source, name, photo_limits(self.settings))
        self.embed(photo)
        return photo

    def embed(self, photo: Photo) -> None:
        """Start the embedding of a photo in the background, unless it is known already."""
        self._embeddings.request(*_embedding_job(self.segmenter, photo))

    def is_embedded(self, photo: Photo) -> bool:
        """Whether a click on a photo would not have to wait for its embedding, which is begun."""
        return self._embeddings.request(*_embedding_job(self.segmenter, photo)).done()

    def select(
        self, photo: Photo, prompts: Prompts, hint: NDArray[np.float32] | None = None
    ) -> Candidates:
        """Return masks for the clicks, best first; waits for the photo's embedding.

        `hint` is an entry of `Candidates.hints` from the last call for this photo. Raises
        NothingSelected when there is neither an include point nor a box, and BadRequest for points
        off the photo.
        """
        check_prompts(prompts, photo.size)
        if prompts.box is None and not any(point.include for point in prompts.points):
            raise NothingSelected("Click the subject first, then exclude what does not belong.")
        segmenter, pace = self._selecting
        embedding = self._embedding(segmenter, photo)
        started = self._clock()
        found = segmenter.candidates(embedding, prompts, hint)
        pace.note(self._clock() - started)
        return found

    def propose(self, photo: Photo) -> Candidates:
        """Return what is likely the subject, best first; waits for the photo's embedding.

        Raises BadRequest where the segmenter cannot; see `can_propose`.
        """
        segmenter = self.segmenter
        if not isinstance(segmenter, Proposer):
            raise BadRequest("This segmenter proposes no subject: click the subject instead.")
        return segmenter.propose(self._embedding(segmenter, photo))

    def segments(self, photo: Photo) -> Candidates:
        """Return the segments of a photo, largest first; waits for the photo's embedding.

        Masks may be smaller than the photo: see `Everything`, and `enlarge` for one of them.
        Raises BadRequest where the segmenter cannot; see `can_segment`.
        """
        segmenter = self.segmenter
        if not isinstance(segmenter, Everything):
            raise BadRequest("This segmenter finds no segments: click the subject instead.")
        return segmenter.segments(self._embedding(segmenter, photo))

    def _embedding(self, segmenter: Segmenter, photo: Photo) -> Embedding:
        return self._embeddings.request(*_embedding_job(segmenter, photo)).result()

    def paint(self, request: PaintRequest) -> Generator[Progress | PaintResult, None, None]:
        """Repaint; yield `Progress`, and a `PaintResult` for each variation once it is finished.

        `Progress.preview` is the whole photo, small, as it would look now. Closing the generator
        stops within one step and leaves the models ready. Raises BadRequest and NothingSelected
        before any model runs, OutOfMemory and BadOutput from the painter.
        """
        painter, segmenter = self._painter, self.segmenter
        variations = resolve(request, painter.info)
        job = plan_for(request, painter.info)
        yield from self._wait_for_turn()
        try:
            for settings in variations:
                yield from _paint_one(painter, segmenter.info, request, job, settings)
        finally:
            self._painting.release()

    def _wait_for_turn(self) -> Generator[Progress, None, None]:
        """Hold the painter when this returns; until then tell that another job has it."""
        while not self._painting.acquire(timeout=POLL_SECONDS):
            yield Progress(0, 0, note="Waiting for another repaint to finish.")


def _embedding_job(
    segmenter: Segmenter, photo: Photo
) -> tuple[tuple[str, ...], partial[Embedding]]:
    info = segmenter.info
    return (info.key, info.revision, info.dtype, photo.digest), partial(segmenter.embed, photo.rgb)


def _paint_one(
    painter: Painter,
    segmenter: ModelInfo,
    request: PaintRequest,
    job: Plan,
    settings: PaintSettings,
) -> Generator[Progress | PaintResult, None, None]:
    """Run the painter once; each of its previews is shown on the whole photo."""
    started = time.perf_counter()
    photo = request.photo
    picture, part = prepare(photo.rgb, job, settings.strength)
    preview = preview_of(photo, job.frame, job.hole)
    painted: Painted | None = None
    with closing(painter.paint(picture, part, settings)) as events:
        for event in events:
            if isinstance(event, Painted):
                painted = event
            elif event.preview is None:
                yield event
            else:
                yield replace(event, preview=show(preview, event.preview))
    if painted is None:
        raise BadOutput("The painter stopped without a picture. Please repaint.")
    seconds = time.perf_counter() - started
    pixels = put_back(photo.pixels, painted.rgb, job, partial(to_profile, photo))
    recipe = recipe_of(request, settings, segmenter, painter.info, job.frame, job.feather)
    notes = (*painted.notes, *_notes(photo, job, request.region))
    yield PaintResult(with_pixels(photo, pixels), settings.seed, seconds, recipe, notes)


def _notes(photo: Photo, job: Plan, region: Region) -> tuple[str, ...]:
    if photo.alpha is None or not (photo.alpha[job.hole] == 0).any():
        return ()
    return (f"Part of the {region.value} is transparent in the photo and stays so.",)
