"""Studio: open, select, paint. The only place that knows the order of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inpainting.embeddings import EmbeddingCache
from inpainting.errors import BadRequest, NothingSelected
from inpainting.jobs import Job, Outcome, job_for, paint_together
from inpainting.pace import Pace
from inpainting.photo import PhotoLimits, open_photo
from inpainting.ports import Everything, Finder, Painter, Proposer, Segmenter, Tokens
from inpainting.ranges import shown
from inpainting.requests import check_prompts, check_words, resolve
from inpainting.sets import variant
from inpainting.settings import Settings
from inpainting.status import Status
from inpainting.tools import task_for
from inpainting.turns import Place, Turns
from inpainting.types import (
    Candidates,
    Embedding,
    ModelInfo,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Progress,
    Prompts,
    Tool,
)

NO_FILLERS: Mapping[str, Painter] = MappingProxyType({})

POLL_SECONDS = 0.2
"""How often a job that waits for the painter looks whether it was stopped."""


def photo_limits(settings: Settings) -> PhotoLimits:
    """Return the limits that the settings set to a photo."""
    return PhotoLimits(
        max_pixels=settings.max_megapixels * 1_000_000,
        max_bytes=settings.max_file_mb * 1_000_000,
    )


class Studio:
    """The whole job on one segmenter and one painter, shared by all users and their threads.

    `fillers` by their keys are the painters of Remove; the first is its default.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        painter: Painter,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.perf_counter,
        fillers: Mapping[str, Painter] = NO_FILLERS,
    ) -> None:
        self.settings = settings or Settings()
        self._clock = clock
        # One value, so that a thread never sees the pace of another segmenter.
        self._selecting = segmenter, Pace()
        self._painter = painter
        self._fillers = dict(fillers)
        self._status = Status(segmenter.info, painter.info)
        self._embeddings = EmbeddingCache(self.settings.embedding_cache_mb * 1_000_000)
        self._turns = Turns()

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
    def can_find(self) -> bool:
        """Whether the segmenter in use finds what a text names."""
        return isinstance(self.segmenter, Finder)

    @property
    def fillers(self) -> Mapping[str, ModelInfo]:
        """What Remove can be done with, by key; the first is its default."""
        return {key: filler.info for key, filler in self._fillers.items()}

    @property
    def quick(self) -> bool:
        """Whether the segmenter in use answers in under 50 ms: the median of its last five clicks.

        False before the first. What a click waits for, as the embedding or a repaint on the same
        device, does not count.
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
        self,
        segmenter: Segmenter | None = None,
        painter: Painter | None = None,
        reason: str = "",
        fillers: Mapping[str, Painter] = NO_FILLERS,
    ) -> None:
        """Take other models from the next call on; jobs that paint end on those they began with.

        Those that wait for their turn take the new ones. `fillers` join those there are.
        """
        if segmenter is not None:
            self._selecting = segmenter, Pace()
        self._painter = painter or self._painter
        self._fillers = {**self._fillers, **fillers}
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
        alone, started = not self._turns.busy, self._clock()
        found = segmenter.candidates(embedding, prompts, hint)
        if alone:
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

    def find(self, photo: Photo, text: str) -> Candidates:
        """Return what a text of 1-200 characters names ("the dog"), best first.

        Waits for the photo's embedding. Raises NothingSelected where nothing is found, BadRequest
        for a text that is none and where the segmenter cannot; see `can_find`.
        """
        segmenter = self.segmenter
        if not isinstance(segmenter, Finder):
            raise BadRequest("This segmenter does not read: click the subject instead.")
        words = check_words(text)
        return segmenter.find(self._embedding(segmenter, photo), words)

    def tokens(self, prompt: str) -> tuple[int, int] | None:
        """Return the tokens of a prompt for the painter in use, and how many it reads at a time.

        None where it cannot tell, or not yet.
        """
        painter = self._painter
        with suppress(BadRequest):  # braces that do not match are told when it is painted
            prompt = variant(prompt, 0)
        counted = painter.tokens(prompt) if isinstance(painter, Tokens) else (0, 0)
        return counted if counted[1] else None

    def _embedding(self, segmenter: Segmenter, photo: Photo) -> Embedding:
        return self._embeddings.request(*_embedding_job(segmenter, photo)).result()

    def paint(self, request: PaintRequest) -> Generator[Progress | PaintResult, None, None]:
        """Do what the request asks; yield `Progress`, and a `PaintResult` for each variation.

        `Progress.preview` is the whole picture, small, as it would look now. Closing the generator
        stops within one step and leaves the models ready. Raises BadRequest and NothingSelected
        before any model runs, OutOfMemory and BadOutput from the painter.
        """
        segmenter, info = self.segmenter.info, self._painter_for(request).info
        variations, job = self._planned(request, info)
        place = self._turns.join(info.batch)
        try:
            yield from self._wait_for_turn(place)
            # Who waits holds no painter: one that is to go meanwhile must free its memory.
            painter = self._painter_for(request)
            if painter.info != info:
                info = painter.info
                variations, job = self._planned(request, info)
            *others, last = _groups(variations, info.batch)
            for together in others:
                # None of these pictures is held here while the next ones are painted.
                yield from _told((yield from paint_together(painter, segmenter, job, together)))
            outcome = yield from paint_together(painter, segmenter, job, last)
            del painter  # the next may paint, or another painter come, while pictures are filed
            self._turns.leave(place)
            yield from _told(outcome)
        finally:
            self._turns.leave(place)

    def _planned(
        self, request: PaintRequest, info: ModelInfo
    ) -> tuple[tuple[PaintSettings, ...], Job]:
        """Return the variations of a request on a painter, and what they have in common."""
        most_pixels = self.settings.max_megapixels * 1_000_000
        return resolve(request, info), job_for(request, info, most_pixels)

    def check(self, request: PaintRequest) -> None:
        """Raise what `paint` would, as far as it can be told without the selection."""
        resolve(request, self._painter_for(request).info)
        if request.tool in (Tool.CREATE, Tool.EXTEND):
            task_for(request, self.settings.max_megapixels * 1_000_000)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Wait for the job that paints to end, and let none begin inside."""
        with self._turns.alone():
            yield

    def _painter_for(self, request: PaintRequest) -> Painter:
        """Return the painter of a tool: for Remove the filler that was asked for."""
        if request.tool is not Tool.REMOVE:
            return self._painter
        fillers = self._fillers
        if not fillers:
            raise BadRequest("There is nothing here to remove with; repaint the subject instead.")
        method = request.method or next(iter(fillers))
        if method not in fillers:
            raise BadRequest(f"The method is {shown(method)}; choose {', '.join(fillers)}.")
        return fillers[method]

    def _wait_for_turn(self, place: Place) -> Generator[Progress, None, None]:
        """Return once a job may paint; until then tell that it waits."""
        while not self._turns.enter(place, POLL_SECONDS):
            yield Progress(0, 0, note="Waiting for another repaint to finish.")


def _groups(variations: tuple[PaintSettings, ...], size: int) -> list[tuple[PaintSettings, ...]]:
    return [variations[first : first + size] for first in range(0, len(variations), size)]


def _told(outcome: Outcome) -> Iterator[PaintResult]:
    """Yield the results of those that were painted; raises what went wrong with the others."""
    yield from outcome.results
    if outcome.failure is not None:
        raise outcome.failure


def _embedding_job(
    segmenter: Segmenter, photo: Photo
) -> tuple[tuple[str, ...], partial[Embedding]]:
    info = segmenter.info
    return (info.key, info.revision, info.dtype, photo.digest), partial(segmenter.embed, photo.rgb)
