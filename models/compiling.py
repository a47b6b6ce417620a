"""Compiling the repeated blocks of a UNet or transformer: once, when asked, for all frames.

`compile_blocks` marks the blocks, `warm_up` has them compiled by small jobs, and inside
`no_compiling` nothing more is. Blocks are compiled with every dimension free, and with no two
taken for the same because they were equal once ("duck shapes"): so one batch of one picture and one
of two serve all sizes, prompts and batches. Only the blocks, not the whole model: they hold three
quarters of the work and compile in seconds (https://docs.pytorch.org/tutorials/recipes/
regional_compilation.html).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

import torch

from inpainting.errors import PointPaintError
from inpainting.types import Size

Backend = str | Callable[..., Any]

CANNOT = "The painter is not compiled: torch's compiler does not work here ({})."
NO_BLOCKS = "The painter is not compiled: its model has no repeated blocks."
GAVE_UP = "The painter runs uncompiled: compiling its blocks failed ({})."

GUIDANCES = (1.0, 5.0)
"""Without guidance the batch is one picture, with it two; torch compiles the two apart."""

_KINDS_OF_BLOCKS = 64
"""Kinds of inputs that one block is compiled for; torch's own limit would refuse a second model."""

_LOG = logging.getLogger(__name__)


class _Stance:
    """Whether new code may be compiled: torch has one answer for the whole process.

    Not while jobs run; but a warm-up, which waits for nobody, goes first.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._jobs = self._warming = 0

    def change(self, jobs: int = 0, warming: int = 0) -> None:
        """Count jobs and warm-ups that begin (1) or end (-1)."""
        with self._lock:
            self._jobs += jobs
            self._warming += warming
            waits = self._jobs > 0 and self._warming == 0
            torch.compiler.set_stance("eager_on_recompile" if waits else "default")


_STANCE = _Stance()


def compile_blocks(model: Any, backend: Backend = "inductor") -> bool:
    """Mark the repeated blocks of a diffusers model for compiling; `warm_up` compiles them.

    False, with a sentence in the log, where it has none, or where torch's compiler does not work
    on the model's device (no C++ compiler, an old Triton): then nothing has changed. Seconds long
    the first time: the compiler is tried.
    """
    if not blocks_of(model):
        _LOG.warning(NO_BLOCKS)
        return False
    if reason := _unable(model.device, model.dtype, backend):
        _LOG.warning(CANNOT.format(reason))
        return False
    # A LoRA file does so to the weights that it comes to, and compiled code looks at it.
    model.requires_grad_(False)
    model.compile_repeated_blocks(backend=backend, fullgraph=True, dynamic=True)
    return True


def blocks_of(model: Any) -> list[torch.nn.Module]:
    """Return the modules of a diffusers model that it says are alike."""
    names = getattr(model, "_repeated_blocks", None) or ()
    return [part for part in model.modules() if type(part).__name__ in names]


def leave_uncompiled(model: Any) -> None:
    """Let the blocks of a model run as they did before `compile_blocks`."""
    for block in blocks_of(model):
        block._compiled_call_impl = None


@contextmanager
def uncompiled(model: Any) -> Iterator[None]:
    """Let the blocks of a model run inside as they did before `compile_blocks`."""
    compiled = [(block, block._compiled_call_impl) for block in blocks_of(model)]
    leave_uncompiled(model)
    try:
        yield
    finally:
        for block, run in compiled:
            block._compiled_call_impl = run


def warm_up(
    model: Any,
    run: Callable[[Size, float], object],
    sizes: Sequence[Size],
    guidances: Sequence[float] = GUIDANCES,
) -> bool:
    """Compile the marked blocks of `model` by calling `run(size, guidance)` for each pair.

    `run` is to paint a job of that (width, height) and guidance in one or two steps. One size that
    is not tiny is enough for all multiples of 8. False, with a sentence in the log, where compiling
    fails: then the blocks run uncompiled from now on. Domain errors of `run` are raised.
    """
    try:
        with _compiling():
            for size in sizes:
                for guidance in guidances:
                    run(size, guidance)
    except PointPaintError:
        raise
    # Compilers fail in ways of their own, and the painter works without.
    except Exception as error:
        leave_uncompiled(model)
        _LOG.warning(GAVE_UP.format(_first_line(error)))
        return False
    return True


@contextmanager
def no_compiling() -> Iterator[None]:
    """Run compiled code where it fits and all else eagerly inside: nothing new is compiled.

    Has no effect inside a `warm_up`, on whatever thread that runs. May be nested.
    """
    # Loading the compiler takes a second, and without it nothing can have been compiled.
    if "torch._dynamo" not in sys.modules:
        yield
        return
    _STANCE.change(jobs=1)
    try:
        yield
    finally:
        _STANCE.change(jobs=-1)


@contextmanager
def _compiling() -> Iterator[None]:
    """Let torch compile on this thread, with free dimensions and for several models."""
    import torch._dynamo

    shapes: Any = import_module("torch.fx.experimental._config")
    limits = torch._dynamo.config.patch(recompile_limit=_KINDS_OF_BLOCKS)
    _STANCE.change(warming=1)
    try:
        with shapes.patch(use_duck_shape=False), limits:
            yield
    finally:
        _STANCE.change(warming=-1)


def _unable(device: torch.device, dtype: torch.dtype, backend: Backend) -> str:
    """Return why `backend` cannot compile the smallest function, "" where it can."""
    try:
        with _compiling(), torch.no_grad():
            torch.compile(_sample, backend=backend, dynamic=True)(
                torch.ones(8, 8, device=device, dtype=dtype)
            )
    except Exception as error:  # a missing compiler shows in many ways
        return _first_line(error)
    return ""


def _sample(values: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(values * values + 1)


def _first_line(error: Exception) -> str:
    # What torch wraps says more than the wrapper.
    found = getattr(error, "inner_exception", error)
    return next(iter(str(found).strip().splitlines()), "") or type(found).__name__
