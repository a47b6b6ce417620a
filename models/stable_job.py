"""A batch of pictures by Stable Diffusion, made on one worker's thread; most are of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from inpainting.errors import BadOutput, BadRequest, OutOfMemory
from inpainting.types import ModelInfo, Painted, PaintSettings, Progress, Rgb, Work
from models.compiling import no_compiling, uncompiled
from models.decoding import decode_somehow, encode, is_picture, restored, to_rgb
from models.device import unless_out_of_memory
from models.encodings import Encodings
from models.guiding import guided_steps, needed, unguided
from models.ladder import STEPPED_DOWN, Ladder
from models.lora import Loras
from models.modes import Mode, Pipelines, mode_for
from models.preview import Guess, Projection, project
from models.prompting import Prompting, Worded
from models.reusing import reusing
from models.schedulers import build_scheduler, count_steps
from models.sharing import Seat, let_go, settle
from models.softness import SoftHole
from models.stable_calls import arguments, as_tensor, joined
from models.tiny_preview import TinyDecoder
from models.worker import do_nothing

IN_32_BITS = "Half precision gave no picture, so the VAE ran again in 32 bits."

Event = Progress | Painted
Place = Seat[Work, Event]

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class TooMany:
    """The fewest pixels of frames painted together for which memory ended: learnt, not known."""

    pixels: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Outfit:
    """What a painter paints with; `config` describes the scheduler that its model came with.

    `tiny` shows what is coming, where there is one, else `projection` does; `compiled`: nothing may
    be compiled in a job that was not before; `answer_calls` lets in who waits for the device.
    """

    info: ModelInfo
    pipelines: Pipelines
    prompting: Prompting
    loras: Loras
    encodings: Encodings
    projection: Projection
    config: Mapping[str, Any]
    ladder: Ladder | None = None
    tiny: TinyDecoder | None = None
    compiled: bool = False
    too_many: TooMany = field(default_factory=TooMany)
    answer_calls: Callable[[], None] = do_nothing

    @property
    def channels(self) -> int:
        """How many channels the UNet takes."""
        return int(self.pipelines.main.unet.config.in_channels)

    def scheduler(self, settings: PaintSettings) -> tuple[Any, int]:
        """Return a fresh scheduler and the number of steps that it will really run.

        Raises BadRequest for one that the painter does not list, and where no step would run.
        """
        if settings.scheduler not in self.info.schedulers:
            names = ", ".join(self.info.schedulers)
            raise BadRequest(f"The scheduler is {settings.scheduler!r}; choose one of {names}.")
        scheduler = build_scheduler(settings.scheduler, self.config, settings.steps)
        return scheduler, count_steps(scheduler, settings.steps, settings.strength)

    def settle(self) -> bool:
        """See that the models are where the ladder has them; raises what torch raises."""
        return self.ladder is None or self.ladder.settle()

    def forget(self) -> None:
        """Let go of what is kept for later jobs."""
        self.prompting.clear()
        self.encodings.clear()

    def lower(self) -> bool:
        """Forget, and step down the memory ladder if there is one; False on its lowest rung."""
        self.forget()
        stepped = self.ladder is not None and self.ladder.lower()
        if stepped:  # there is more room to paint in
            self.too_many.pixels = math.inf
        return stepped


class StableBatch:
    """Paints the works of `seats`, which have equal keys; see `StablePainter.paint`."""

    def __init__(self, outfit: Outfit, seats: Sequence[Place], notes: tuple[str, ...] = ()) -> None:
        self._outfit = outfit
        self._seats = seats
        self._notes = notes
        first = seats[0].work
        self._settings = first.settings
        self._shape = first.hole.shape
        self._mode = mode_for(first.hole, first.settings.strength, outfit.channels)

    def run(self) -> None:
        """Serve every seat; where memory ends in halves, and alone one rung down the ladder.

        From then on as many, of that size or larger, are painted in halves at once.
        """
        if len(self._seats) > 1 and self._pixels >= self._outfit.too_many.pixels:
            self._halve(self._seats)
            return
        failure = self._tried()
        left = [seat for seat in self._seats if seat.is_waiting]
        if failure is None or not left:
            return
        if len(left) > 1:
            self._outfit.too_many.pixels = self._pixels
            self._outfit.forget()
            self._halve(left)
            return
        self._pause(left)
        if self._outfit.lower():
            left[0].emit(Progress(0, self._settings.steps, note=STEPPED_DOWN))
            failure = StableBatch(self._outfit, left, (STEPPED_DOWN,))._tried()
        if failure is not None:
            raise failure

    @property
    def _pixels(self) -> int:
        return len(self._seats) * math.prod(self._shape)

    def _halve(self, seats: Sequence[Place]) -> None:
        for half in (seats[: len(seats) // 2], seats[len(seats) // 2 :]):
            settle(lambda some: StableBatch(self._outfit, some, self._notes).run(), half)

    def _tried(self) -> OutOfMemory | None:
        """Do the work; return the error where memory ended."""
        try:
            self._paint_all()
        except OutOfMemory as error:
            # Its traceback would hold on to the memory that is wanted now.
            return error.with_traceback(None)
        return None

    def _paint_all(self) -> None:
        let_go(self._seats)
        outfit, settings = self._outfit, self._settings
        self._in_memory(outfit.settle)
        pipeline = outfit.pipelines.of(self._mode)
        # The offload hooks are the main pipeline's, whichever of them paints.
        with restored(outfit.pipelines.main), ExitStack() as stack:
            stack.enter_context(self._as_compiled())
            stack.enter_context(outfit.encodings.remembered())
            loras = outfit.loras.active(settings.loras)
            self._in_memory(lambda: stack.enter_context(loras))
            self._pause()
            worded = self._in_memory(lambda: [self._worded(seat) for seat in self._seats])
            self._pause()
            latents = self._denoise(pipeline, self._seats, worded)
            for number, seat in enumerate(self._seats):
                self._pause()
                if seat.is_waiting:
                    self._finish(pipeline, seat, worded[number], latents[number : number + 1])

    @contextmanager
    def _as_compiled(self) -> Iterator[None]:
        """Run what was compiled, and compile nothing; with LoRA files nothing of it would fit."""
        if not self._outfit.compiled:
            yield
            return
        unet = self._outfit.pipelines.main.unet
        with no_compiling(), uncompiled(unet) if self._settings.loras else nullcontext():
            yield

    def _in_memory(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; raises OutOfMemory, with the memory freed, where it ends."""
        done = unless_out_of_memory(work)
        if done is not None:
            return done
        height, width = self._shape
        raise OutOfMemory(
            f"There is too little memory on {self._outfit.info.device} to paint {width} x "
            f"{height} pixels; close other programs that use it, or choose another "
            "model."
        )

    def _worded(self, seat: Place) -> Worded:
        settings = seat.work.settings
        files = self._outfit.loras.digests(settings.loras)
        weights = tuple((use.name, use.weight, files[use.name]) for use in settings.loras)
        return self._outfit.prompting.worded(settings.prompt, settings.negative_prompt, weights)

    def _finish(self, pipeline: Any, seat: Place, worded: Worded, latents: torch.Tensor) -> None:
        """Decode one picture, and once more, in 32 bits, where half precision gives none."""
        files = self._outfit.loras.digests(seat.work.settings.loras)
        for precise in (False, True):
            if not bool(latents.isfinite().all()):
                if not precise:
                    continue
                latents = self._denoise(pipeline, [seat], [worded], precise=True)
            decoded, notes = decode_somehow(pipeline.vae, latents, precise=precise)
            if is_picture(decoded, seat.work.hole):
                told = (*self._notes, *worded.notes, *notes, *((IN_32_BITS,) * precise))
                seat.serve(Painted(to_rgb(decoded), told, files))
                return
        seat.refuse(
            BadOutput(
                "The painter gave no picture, also in 32 bits; try another seed or scheduler."
            )
        )

    def _denoise(
        self,
        pipeline: Any,
        seats: Sequence[Place],
        worded: Sequence[Worded],
        *,
        precise: bool = False,
    ) -> torch.Tensor:
        """Return the finished latents, nx4xhxw for n seats, on the pipeline's device."""
        pipeline.scheduler, total = self._outfit.scheduler(self._settings)
        if self._outfit.info.batch > 1:  # then jobs wait here for a batch, and these do no longer
            for seat in seats:
                seat.emit(Progress(0, total))
        if precise:
            pipeline.vae.register_to_config(force_upcast=True)
        return self._in_memory(lambda: self._latents(pipeline, seats, worded, total))

    def _latents(
        self, pipeline: Any, seats: Sequence[Place], worded: Sequence[Worded], total: int
    ) -> torch.Tensor:
        settings = self._settings
        guess = Guess(pipeline.scheduler, settings.guidance, len(seats))
        soft = self._soft(pipeline)
        guided = guided_steps(total, settings.guidance_until)

        def on_step(running: Any, index: int, _time: Any, tensors: dict[str, Any]) -> Any:
            self._tell(seats, guess, index + 1, total)
            changed: dict[str, Any] = {}
            if index + 1 == guided < total:
                changed = unguided(running, tensors)
            if soft is not None:
                latents = tensors["latents"]
                changed["latents"] = soft.held(latents, pipeline.scheduler, index + 1, total)
            return changed

        watched = needed(pipeline) if guided < total else ["latents"]
        with guess.listening(pipeline.unet), reusing(pipeline.unet, settings.reuse):
            found = pipeline(
                **joined(worded),
                **arguments(self._mode, [seat.work for seat in seats]),
                callback_on_step_end=on_step,
                callback_on_step_end_tensor_inputs=watched,
            )
        return torch.as_tensor(found.images)

    def _tell(self, seats: Sequence[Place], guess: Guess, step: int, total: int) -> None:
        """Show all what is coming; raises Cancelled when nobody is left to see it."""
        latents = guess.latents
        for number, seat in enumerate(seats):
            if seat.is_waiting:
                seen = None if latents is None else self._seen(latents[number : number + 1])
                seat.emit(Progress(step, total, seen))
        self._pause()

    def _pause(self, seats: Sequence[Place] = ()) -> None:
        """Let go of who has left, and answer who waits for the device; may raise Cancelled."""
        # Of all: those that are not made once more wait for those that are.
        let_go(seats or self._seats)
        self._outfit.answer_calls()

    def _seen(self, latents: torch.Tensor) -> Rgb:
        tiny = self._outfit.tiny
        picture = None if tiny is None else tiny.picture(latents)
        return project(latents, self._outfit.projection) if picture is None else picture

    def _soft(self, pipeline: Any) -> SoftHole | None:
        """Return what holds the rim back; a job with softness is alone in its batch."""
        work, softness = self._seats[0].work, self._settings.softness
        if self._mode is not Mode.HOLE or softness <= 0 or work.hole.all():
            return None
        picture = as_tensor(work.rgb).to(pipeline._execution_device) * 2 - 1
        original = encode(pipeline.vae, picture).to(pipeline.unet.dtype)
        return SoftHole(original, work.hole, softness, self._settings.seed)
