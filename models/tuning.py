"""How a painter is to use the machine: values from the settings, for the loaders."""

from __future__ import annotations

from dataclasses import dataclass

from inpainting.settings import Settings


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a loader does beyond loading; the defaults change nothing.

    `memory` "auto" or a rung of the memory ladder (`models.ladder.Rung`); `eight_bit`: weights are
    stored in 8 bits; `compile`: the painter is compiled when it is loaded; `batch` 1-8: pictures
    that are painted at a time at most.
    """

    memory: str = "auto"
    eight_bit: bool = False
    compile: bool = False
    batch: int = 1


PLAIN = Tuning()


def tuning_of(settings: Settings) -> Tuning:
    """Return what the settings say of it."""
    return Tuning(settings.memory, bool(settings.eight_bit), bool(settings.compile), settings.batch)
