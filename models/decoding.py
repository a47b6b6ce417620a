"""From latents to a picture: precise where half precision overflows, in tiles where memory ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inpainting.errors import OutOfMemory
from inpainting.types import Mask, Rgb
from models.device import unless_out_of_memory

Decoded = NDArray[np.float32]
"""What a VAE gave, HxWx3, -1 to 1 where it is a picture, not clipped."""

IN_TILES = "Memory was short, so the picture was decoded in tiles."

_FLAT = 1e-4
_FEWEST_PIXELS = 64


@contextmanager
def restored(pipeline: Any) -> Iterator[None]:
    """Put scheduler, VAE precision and offload hooks back on leaving, whatever happened inside.

    diffusers leaves the VAE in float32 after an error in it, and models on the GPU under offload.
    """
    vae = pipeline.vae
    with ExitStack() as stack:
        stack.callback(pipeline.maybe_free_model_hooks)
        stack.callback(_set_dtype, vae, vae.dtype)
        stack.callback(vae.register_to_config, force_upcast=vae.config.force_upcast)
        stack.callback(setattr, pipeline, "scheduler", pipeline.scheduler)
        yield


def _set_dtype(vae: Any, dtype: torch.dtype) -> None:
    # Of torch, not of diffusers, whose own `to` warns each time. After a fault in the middle of a
    # conversion the layers differ, so all are looked at.
    torch.nn.Module.to(vae, dtype=dtype)


@contextmanager
def _tiled(vae: Any, latents: torch.Tensor) -> Iterator[None]:
    """Let `vae` decode in tiles of half the longer side; their overlap is blended."""
    names = ("use_tiling", "tile_latent_min_size", "tile_sample_min_size")
    before = {name: getattr(vae, name) for name in names}
    # Tiles of a multiple of four latents: their overlap of a quarter is then a whole number.
    side = max(4, -(-max(latents.shape[-2:]) // 8) * 4)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    try:
        for name, value in zip(names, (True, side, side * factor), strict=True):
            setattr(vae, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(vae, name, value)


@torch.no_grad()
def decode(vae: Any, latents: torch.Tensor, *, precise: bool = False) -> Decoded:
    """Decode `latents` 1xCxhxw, in float32 where `precise` or where the VAE's config asks for it.

    Changes the precision of `vae`; `restored` brings it back.
    """
    upcast = precise or (vae.dtype == torch.float16 and vae.config.force_upcast)
    if upcast:
        _set_dtype(vae, torch.float32)
    values = _unscaled(latents.to(dtype=vae.dtype), vae.config)
    picture = vae.decode(values, return_dict=False)[0][0]
    return np.asarray(picture.permute(1, 2, 0).float().cpu().numpy(), np.float32)


@torch.no_grad()
def encode(vae: Any, picture: torch.Tensor) -> torch.Tensor:
    """Encode a picture 1x3xHxW, -1 to 1, as the latents 1xCxhxw that are denoised: the likeliest.

    In float32 where the VAE's config asks for it; `vae` keeps its precision.
    """
    before = vae.dtype
    if before == torch.float16 and vae.config.force_upcast:
        _set_dtype(vae, torch.float32)
    try:
        mode: torch.Tensor = vae.encode(picture.to(vae.dtype)).latent_dist.mode()
    finally:
        _set_dtype(vae, before)
    return mode * float(vae.config.scaling_factor)


def decode_somehow(
    vae: Any, latents: torch.Tensor, *, precise: bool = False
) -> tuple[Decoded, tuple[str, ...]]:
    """Decode whole, or in tiles when memory does not allow that; return it with notes on it.

    Raises OutOfMemory when the tiles do not fit either.
    """
    whole = unless_out_of_memory(lambda: decode(vae, latents, precise=precise))
    if whole is not None:
        return whole, ()
    with _tiled(vae, latents):
        tiled = unless_out_of_memory(lambda: decode(vae, latents, precise=precise))
    if tiled is None:
        raise OutOfMemory(
            "There is too little memory to decode the picture, even in tiles; "
            "close other programs that use it, or choose another model."
        )
    return tiled, (IN_TILES,)


def is_picture(decoded: Decoded, hole: Mask) -> bool:
    """Tell whether the hole holds finite values that are not all one colour.

    A black picture is what half precision gives when it overflows in the VAE.
    """
    if not np.isfinite(decoded).all():
        return False
    inside = decoded[hole] if np.count_nonzero(hole) >= _FEWEST_PIXELS else decoded.reshape(-1, 3)
    # Beyond 1 all is white, beyond -1 black; some overshoot is left, for a white wall is a picture.
    return bool(inside.clip(-1.5, 1.5).std(axis=0).max() > _FLAT)


def to_rgb(decoded: Decoded) -> Rgb:
    """Return HxWx3 uint8 of a decoded picture."""
    return np.asarray((decoded.clip(-1, 1) * 127.5 + 127.5).round(), np.uint8)


def _unscaled(latents: torch.Tensor, config: Any) -> torch.Tensor:
    """Undo the scaling that latents are denoised in, as the SDXL pipelines do before decoding."""
    mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is None or std is None:
        return latents.div(config.scaling_factor)
    shape = (1, -1, 1, 1)
    spread = torch.tensor(std, device=latents.device, dtype=latents.dtype).view(shape)
    centre = torch.tensor(mean, device=latents.device, dtype=latents.dtype).view(shape)
    return latents * spread.div(config.scaling_factor) + centre
