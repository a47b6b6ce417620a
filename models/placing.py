"""On which rung of the memory ladder a model goes by what is free, and what its precision is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Protocol

import torch

from inpainting.errors import BadRequest, ModelUnavailable
from models.device import free_memory

GB = 10**9


class Rung(str, Enum):
    """All on the GPU; its models by turns; their layers by turns."""

    RESIDENT = "resident"
    OFFLOAD = "offload"
    GROUPS = "groups"


PLACEMENTS: Mapping[Rung, str] = {
    Rung.RESIDENT: "all of it on the GPU",
    Rung.OFFLOAD: "its models take turns on the GPU",
    Rung.GROUPS: "its layers take turns on the GPU",
}
"""Each rung in a few words, for the page."""


class Sized(Protocol):
    """What is asked of a row of the catalogue, in bytes in half precision."""

    @property
    def memory(self) -> int:
        """Weights and what a job works in."""

    @property
    def memory_offloaded(self) -> int:
        """The same with one model at a time."""

    @property
    def download(self) -> int:
        """About the weights."""


def needs(row: Sized, eight_bit: bool = False) -> tuple[int, int, int]:
    """Estimate the bytes that a row needs on each rung, from RESIDENT to GROUPS, in 16 bits.

    A job works in what the whole takes beyond its weights; for its layers by turns a fifth of the
    whole is added, for those that come and go and the parts that stay. `eight_bit` halves weights.
    """
    whole, offloaded = row.memory, row.memory_offloaded
    work = min(max(whole - row.download, GB), offloaded)
    grouped = min(work + whole // 5, offloaded)
    if eight_bit:
        return (whole + work) // 2, (offloaded + work) // 2, (grouped + work) // 2
    return whole, offloaded, grouped


def needed(row: Sized, dtype: torch.dtype, wanted: str = "auto", eight_bit: bool = False) -> int:
    """Estimate the bytes that a row needs on the rung that is wanted, for "auto" on the first."""
    rung = Rung.RESIDENT if wanted == "auto" else Rung(wanted)
    size = dict(zip(Rung, needs(row, eight_bit), strict=True))[rung]
    return size * _factor(dtype)


def choose_rung(
    title: str,
    whole: int,
    offloaded: int,
    grouped: int,
    device: torch.device,
    dtype: torch.dtype,
    wanted: str = "auto",
) -> Rung:
    """Return the first rung that fits the free memory of `device`, or the one that is wanted.

    `whole`, `offloaded` and `grouped` are bytes in half precision; `wanted` is "auto" or the value
    of a rung, which is taken unseen. Raises ModelUnavailable where nothing fits, BadRequest where
    `device` has no such rung: only CUDA has more than the first.
    """
    if wanted != "auto":
        return _asked(wanted, device)
    free, factor = free_memory(device), _factor(dtype)
    sizes = {Rung.RESIDENT: whole, Rung.OFFLOAD: offloaded, Rung.GROUPS: grouped}
    there = {rung: sizes[rung] * factor for rung in rungs(device)}
    fitting = [rung for rung, size in there.items() if free is None or free >= size]
    if free is None or fitting:
        return fitting[0]
    raise ModelUnavailable(
        f"{title} needs {min(there.values()) / GB:.0f} GB of free memory on {device}, and there "
        f"are {free / GB:.1f}; close other programs that use it, or choose another model."
    )


def _factor(dtype: torch.dtype) -> int:
    """Return how much larger weights are than in half precision."""
    return 2 if dtype == torch.float32 else 1


def placement(rung: Rung, device: torch.device) -> str:
    """Return a few words on where the weights are; "" where there is nothing to choose."""
    return PLACEMENTS[rung] if device.type == "cuda" else ""


def rungs(device: torch.device) -> tuple[Rung, ...]:
    """Return the rungs that a device has, from the first down."""
    return tuple(Rung) if device.type == "cuda" else (Rung.RESIDENT,)


def _asked(wanted: str, device: torch.device) -> Rung:
    names = [rung.value for rung in rungs(device)]
    if wanted not in names:
        raise BadRequest(
            f"memory is {wanted!r}, but on {device} it can only be {' or '.join(('auto', *names))}."
        )
    return Rung(wanted)


EIGHT_BITS = ", float8"
"""What is added to the name of a precision for `models.ladder.store_in_eight_bits`."""


def dtype_name(dtype: torch.dtype) -> str:
    """Return "float16" for `torch.float16`."""
    return str(dtype).removeprefix("torch.")
