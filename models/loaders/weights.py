"""A model's weights from their file straight onto a device, read by several threads.

The libraries' own `from_pretrained` are not for several threads at once: while one builds a model
they change, for the whole process, how modules and numbers begin. Here nothing but files is read
beside; the model is built empty, on the thread that asked, and filled at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

READERS = 4
"""Threads for one file: a single one waits for the disk, or for the copy to the device, in turn."""

Weights = dict[str, torch.Tensor]


def weight_file(folder: Path, variant: str | None) -> Path | None:
    """Return the one safetensors file of a diffusers model, of its variant if there is such.

    None where its weights are in several files, or in another format.
    """
    stems = (f"diffusion_pytorch_model.{variant}", "diffusion_pytorch_model")
    files = (folder / f"{stem}.safetensors" for stem in stems[variant is None :])
    return next((file for file in files if file.is_file()), None)


def read_weights(file: Path, device: torch.device, dtype: torch.dtype) -> Weights:
    """Return a safetensors file's tensors on `device`, those of fractions in `dtype`.

    Convolutions come in the order that `as_channels_last` gives them. Raises SafetensorError for a
    damaged file.
    """
    with safe_open(file, "pt") as opened:
        names = list(opened.keys())
        sizes = {name: math.prod(opened.get_slice(name).get_shape()) for name in names}
    names.sort(key=lambda name: sizes[name])

    def read(share: Sequence[str]) -> Weights:
        with safe_open(file, "pt") as opened:
            return {name: _placed(opened.get_tensor(name), device, dtype) for name in share}

    with ThreadPoolExecutor(READERS, "weights") as pool:
        shares = pool.map(read, [names[number::READERS] for number in range(READERS)])
        return {name: tensor for share in shares for name, tensor in share.items()}


def empty_model(kind: Any, folder: Path) -> Any:
    """Return a model of a diffusers class, built by the config in `folder`, without any weights."""
    config = kind.load_config(folder, local_files_only=True)
    with torch.device("meta"):
        model = kind.from_config(config)
    model.register_to_config(_name_or_path=folder.as_posix())
    return model.eval()


def fill(model: Any, weights: Weights) -> None:
    """Give an empty model its weights, not copied; raises ValueError where they are not its own."""
    try:
        model.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        raise ValueError("the weights are not those of the model") from error
    missing = [name for name, buffer in model.named_buffers() if buffer.is_meta]
    if missing:
        raise ValueError(f"the weights lack {', '.join(missing)}")


def as_channels_last(*models: Any) -> None:
    """Lay convolutions out so that a pixel's channels are neighbours, as processors like them.

    The embedded painter takes a fifth less time so on a CPU; other devices than that and CUDA are
    left alone.
    """
    for model in models:
        if _likes_channels_last(model.device):
            model.to(memory_format=torch.channels_last)


def _placed(tensor: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor.to(device)
    if tensor.dim() == 4 and _likes_channels_last(device):
        return tensor.to(device, dtype, memory_format=torch.channels_last)
    return tensor.to(device, dtype)


def _likes_channels_last(device: torch.device) -> bool:
    return device.type in ("cpu", "cuda")
