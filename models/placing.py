"""Whether a model fits a device, and what its precision is called."""

from __future__ import annotations

import torch

from inpainting.errors import ModelUnavailable
from models.device import free_memory


def must_offload(
    title: str, whole: int, offloaded: int, device: torch.device, dtype: torch.dtype
) -> bool:
    """Tell whether the model must be offloaded to fit `device`; ModelUnavailable if even so not.

    `whole` and `offloaded` are bytes in half precision.
    """
    free = free_memory(device)
    factor = 2 if dtype == torch.float32 else 1
    if free is None or free >= whole * factor:
        return False
    if device.type == "cuda" and free >= offloaded * factor:
        return offloaded < whole
    needed = (offloaded if device.type == "cuda" else whole) * factor
    raise ModelUnavailable(
        f"{title} needs {needed / 1e9:.0f} GB of free memory on {device}, and there are "
        f"{free / 1e9:.1f}; close other programs that use it, or choose another model."
    )


def dtype_name(dtype: torch.dtype) -> str:
    """Return "float16" for `torch.float16`."""
    return str(dtype).removeprefix("torch.")
