"""Which device and precision models run on, and whether a failure was for want of memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from inpainting.errors import BadRequest

_OUT_OF_MEMORY_TEXTS = (
    "out of memory",
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    "can't allocate memory",
    "not enough memory",
    "mps backend out of memory",
    "invalid buffer size",
)
_KINDS = ("cpu", "cuda", "mps")
_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hardware:
    """What this machine offers: the number of CUDA devices, and whether Apple's MPS is there."""

    cuda_devices: int
    mps: bool


def hardware() -> Hardware:
    """Ask torch what there is."""
    return Hardware(torch.cuda.device_count(), torch.backends.mps.is_available())


def choose_device(wanted: str, there: Hardware | None = None) -> torch.device:
    """Return the device named `wanted` (auto, cpu, cuda, cuda:N, mps); auto: CUDA, MPS, CPU.

    `there` is this machine's own hardware unless given. Raises BadRequest for a name that is no
    device and for a device that is not there.
    """
    there = there or hardware()
    name = wanted.strip().lower()
    if name == "auto":
        return torch.device("cuda:0" if there.cuda_devices else "mps" if there.mps else "cpu")
    device = _parse(name, wanted)
    if device.type == "cuda":
        return _cuda(device.index or 0, there.cuda_devices)
    if device.type == "mps" and not there.mps:
        raise BadRequest("device is 'mps', but this machine has no MPS; use auto or cpu.")
    return device


def _parse(name: str, wanted: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in _KINDS:
        raise BadRequest(f"device is {wanted!r}; it must be auto, cpu, cuda, cuda:N or mps.")
    return device


def _cuda(index: int, count: int) -> torch.device:
    if count == 0:
        raise BadRequest("device is 'cuda', but torch finds no CUDA GPU here; use auto or cpu.")
    if index >= count:
        raise BadRequest(f"device is 'cuda:{index}', but the last one here is 'cuda:{count - 1}'.")
    return torch.device("cuda", index)


def choose_dtype(device: torch.device, *, big: bool = False) -> torch.dtype:
    """Return float16 on CUDA and MPS, float32 on the CPU.

    There a `big` model, which is slow for the weights that have to be read, runs in bfloat16 where
    the processor calculates in it: in half the memory.
    """
    if device.type != "cpu":
        return torch.float16
    quick = big and calculates_in_bfloat16(torch.cpu.get_capabilities())
    return torch.bfloat16 if quick else torch.float32


def calculates_in_bfloat16(able: Mapping[str, object]) -> bool:
    """Tell it by what a processor is able to, as `torch.cpu.get_capabilities` says it.

    Others convert every number back and forth, which takes longer than float32.
    """
    return any(bool(able.get(name)) for name in _BFLOAT16)


def free_memory(device: torch.device) -> int | None:
    """Return the bytes that are free on `device`; None where that is not known.

    On CUDA no more than what is left of this process's share, where it was given one.
    """
    if device.type == "cuda":
        free, whole = torch.cuda.mem_get_info(device)
        share = int(whole * torch.cuda.get_per_process_memory_fraction(device))
        return min(int(free), share - torch.cuda.memory_reserved(device))
    return _available_memory(Path("/proc/meminfo")) if device.type == "cpu" else None


def _available_memory(table: Path) -> int | None:
    """Read what Linux says can be had without swapping."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether `error` says that memory, of the device or the machine, ran out."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(part in text for part in _OUT_OF_MEMORY_TEXTS)


def release_memory() -> None:
    """Give unused memory back to the devices; to be called outside an `except` block.

    Inside one the traceback still holds the tensors that did not fit.
    """
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def unless_out_of_memory(work: Callable[[], T]) -> T | None:
    """Return what `work` returns, or None, with the memory freed, when memory ran out in it."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    release_memory()
    return None
