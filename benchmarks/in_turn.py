"""Rivals for the same picture, in turn in one process, each in a setting of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from benchmarks.cuda_setup import Place
from benchmarks.embedded import psnr
from benchmarks.timing import Row, say
from inpainting.types import Rgb


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to one picture: `run` is given the round's number, and returns it, or None for none.

    `around` sets up what it needs and undoes that again; neither is timed. `expected` says what
    others found it to give, or what the arithmetic says, with where that was read. `once`: it is
    run in the first round alone. `same`: it claims to give the first rival's picture.
    """

    name: str
    run: Callable[[int], Rgb | None]
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    expected: str = ""
    once: bool = False
    same: bool = False


@dataclass(slots=True)
class Found:
    """What was found of a rival; `failed` says why it did not run, "" where it did.

    `near` is the PSNR to the first rival's picture of the same round, in dB, None where one of them
    gave none.
    """

    rival: Rival
    seconds: list[float] = field(default_factory=list)
    peak_gb: float | None = None
    near: float | None = None
    failed: str = ""

    @property
    def row(self) -> Row | None:
        """What the tables of all benchmarks are made of; None where it did not run."""
        return Row(self.rival.name, tuple(self.seconds), self.peak_gb) if self.seconds else None


Save = Callable[[Sequence[Found]], None]


def in_turn(
    rivals: Sequence[Rival], rounds: int, at: Place, seconds: float, save: Save = lambda _: None
) -> list[Found]:
    """Warm each up once, then run all in turn; no new round begins after `seconds`.

    One that fails is left out from then on. `save` is given what is known after each round.
    """
    started, found = time.perf_counter(), [Found(rival) for rival in rivals]
    for number in range(rounds + 1):
        if number > 1 and time.perf_counter() - started > seconds:
            break
        pictures = {one.rival.name: _one(one, number, at) for one in _left(found, number)}
        _compare(found, pictures)
        save(found)
    return found


def _left(found: Sequence[Found], number: int) -> Iterable[Found]:
    # Number 0 warms up; what runs once goes without.
    return [f for f in found if not f.failed and (not f.rival.once or number == 1)]


def _one(found: Found, number: int, at: Place) -> Rgb | None:
    """Run a rival once; note its seconds but for the round that warms up."""
    try:
        with found.rival.around():
            at.wait()
            at.forget_peak()
            started = time.perf_counter()
            picture = found.rival.run(number)
            at.wait()
            spent = time.perf_counter() - started
            peak = at.peak_gb()
    except Exception as error:  # whatever it is, the other rows are wanted
        found.failed = f"{type(error).__name__}: {_first_line(error)}"
        say(f"{found.rival.name} failed: {found.failed}")
        return None
    if number:
        found.seconds.append(spent)
        found.peak_gb = max(filter(None, (found.peak_gb, peak)), default=None)
    return picture


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")[:120]


def _compare(found: Sequence[Found], pictures: dict[str, Rgb | None]) -> None:
    first = pictures.get(found[0].rival.name)
    for one in found:
        picture = pictures.get(one.rival.name)
        if first is not None and picture is not None and picture.shape == first.shape:
            one.near = psnr(first, picture)


TITLES = ("what", "expected", "gave", "median s", "min-max s", "PSNR, dB", "peak GB")


def lines_of(found: Sequence[Found], base: str) -> list[tuple[str, ...]]:
    """Return lines below TITLES; "gave" is how many times faster than the rival called `base`."""
    rows = {one.rival.name: one.row for one in found}
    return [_line(one, rows.get(base)) for one in found]


def _line(one: Found, base: Row | None) -> tuple[str, ...]:
    row = one.row
    if row is None:
        return (one.rival.name, one.rival.expected, f"failed: {one.failed or 'no time'}", *[""] * 4)
    return (
        one.rival.name,
        one.rival.expected,
        f"{base.median / row.median:.2f} x" if base else "",
        f"{row.median:.3f}",
        f"{min(row.seconds):.3f}-{max(row.seconds):.3f}",
        "" if one.near is None else f"{one.near:.1f}",
        "" if row.peak_gb is None else f"{row.peak_gb:.2f}",
    )


def rows_of(found: Sequence[Found]) -> list[Row]:
    """Return the rows of those that ran, and none for the others."""
    return [replace(row) for one in found if (row := one.row) is not None]


def unlike(found: Sequence[Found], least: float) -> list[str]:
    """Return the names of those that claim the first rival's picture and give another one."""
    return [
        one.rival.name
        for one in found
        if one.rival.same and one.near is not None and not one.near >= least
    ]


def figures_of(found: Sequence[Found]) -> dict[str, object]:
    """Return what a row of the JSON file has no place for."""
    return {
        one.rival.name: {"expected": one.rival.expected, "psnr": one.near, "failed": one.failed}
        for one in found
    }
