"""Latents that are computed once: drawn scenes, and photos with a hole, in several shapes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.training.captions import all_labels
from models.training.holes import random_hole
from models.training.photos import Pixels, random_patch
from models.training.scenes import draw_scene

_LOG = logging.getLogger(__name__)
_BATCH = 16


@dataclass(frozen=True)
class LatentStore:
    """Latents of one picture shape, all scaled to unit variance.

    scenes Nx4xhxw float16; labels N int64 (index in `all_labels()`); kept Kx4xhxw float16, the
    photos whose hole is mid grey, as the pipeline encodes them; holes Kx1xhxw uint8, 1 = repaint.
    """

    scenes: Tensor
    labels: Tensor
    kept: Tensor
    holes: Tensor


def latent_store(
    folder: Path,
    vae: AutoencoderKL,
    photos: list[Pixels],
    size: tuple[int, int],
    counts: tuple[int, int],
    seed: int,
) -> LatentStore:
    """The store of one `size` (width, height), read from `folder` or made there.

    counts: how many scenes and how many photos with a hole.
    """
    name = f"latents-{size[0]}x{size[1]}-{counts[0]}-{counts[1]}-{seed}.safetensors"
    path = folder / name
    if not path.exists():
        _LOG.info("encoding %d scenes and %d photos of %dx%d", *counts, *size)
        tensors = _make(vae, photos, size, counts, seed)
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in tensors.items()}, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)
    return LatentStore(**load_file(path))


def encode(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Latents Bx4xhxw float32 of pictures Bx3xHxW in -1..1, scaled to unit variance."""
    with torch.no_grad():
        latents: Tensor = vae.encode(pixels).latent_dist.mode()
    return latents * float(vae.config.scaling_factor)


def to_unit(pixels: list[Pixels], device: torch.device) -> Tensor:
    """Pictures HxWx3 uint8 as one Bx3xHxW float32 tensor in -1..1."""
    stacked = torch.from_numpy(np.stack(pixels)).to(device)
    return stacked.permute(0, 3, 1, 2).float() / 127.5 - 1


def _make(
    vae: AutoencoderKL,
    photos: list[Pixels],
    size: tuple[int, int],
    counts: tuple[int, int],
    seed: int,
) -> dict[str, Tensor]:
    scenes, labels = _encode_scenes(vae, size, counts[0], seed)
    kept, holes = _encode_photos(vae, photos, size, counts[1], seed)
    return {"scenes": scenes, "labels": labels, "kept": kept, "holes": holes}


def _encode_scenes(
    vae: AutoencoderKL, size: tuple[int, int], count: int, seed: int
) -> tuple[Tensor, Tensor]:
    numbers = {label: index for index, label in enumerate(all_labels())}
    device = vae.device
    parts: list[Tensor] = []
    labels: list[int] = []
    for indices in chunks(count):
        drawn = [draw_scene(np.random.default_rng((seed, 1, *size, i)), size) for i in indices]
        labels += [numbers[scene.label] for scene in drawn]
        parts.append(encode(vae, to_unit([s.pixels for s in drawn], device)).half().cpu())
    return torch.cat(parts), torch.tensor(labels)


def _encode_photos(
    vae: AutoencoderKL, photos: list[Pixels], size: tuple[int, int], count: int, seed: int
) -> tuple[Tensor, Tensor]:
    device = vae.device
    parts: list[Tensor] = []
    coarse: list[Tensor] = []
    for indices in chunks(count):
        rngs = [np.random.default_rng((seed, 2, *size, i)) for i in indices]
        patches = to_unit([random_patch(photos, size, rng) for rng in rngs], device)
        holes = torch.from_numpy(np.stack([random_hole(size, rng) for rng in rngs]))[:, None]
        parts.append(encode(vae, patches * ~holes.to(device)).half().cpu())
        coarse.append(holes[..., ::8, ::8].to(torch.uint8))
    return torch.cat(parts), torch.cat(coarse)


def chunks(count: int) -> Iterator[range]:
    """The numbers 0..count-1 in runs of at most sixteen."""
    for start in range(0, count, _BATCH):
        yield range(start, min(start + _BATCH, count))
