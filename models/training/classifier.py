"""A small judge that names what a hole shows; trained on drawings alone, never on paintings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from models.training.captions import COLOURS, GROUNDS, SKIES, TEXTURES, Label
from models.training.holes import Hole, random_hole
from models.training.latents import chunks, to_unit
from models.training.scenes import draw_scene

HEADS = SKIES + COLOURS
TAILS = GROUNDS + TEXTURES
SIDE = 128
_LOG = logging.getLogger(__name__)
_BATCH = 32


class Judge(nn.Module):
    """Names the two words of a label; input Bx4x128x128 as `judge_input` makes it."""

    def __init__(self) -> None:
        super().__init__()
        widths = (4, 24, 48, 96, 128, 160)
        pairs = pairwise(widths)
        self.body = nn.Sequential(*(_block(before, after) for before, after in pairs))
        self.head = nn.Linear(2 * widths[-1], len(HEADS))
        self.tail = nn.Linear(2 * widths[-1], len(TAILS))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Scores Bx14 over `HEADS` and Bx13 over `TAILS`."""
        features = self.body(inputs)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)
        return self.head(pooled), self.tail(pooled)


@dataclass(frozen=True)
class Drawings:
    """Drawn pictures that went through the VAE: pixels Nx3x128x128 in -1..1 (float16), and the
    numbers of their labels' words, each N int64."""

    pixels: Tensor
    heads: Tensor
    tails: Tensor


def draw_pool(vae: AutoencoderKL, count: int, seed: int) -> Drawings:
    """Draw `count` scenes of 256x256 pixels and send them through the VAE."""
    pixels: list[Tensor] = []
    labels: list[Label] = []
    for chunk in chunks(count):
        rngs = [np.random.default_rng((seed, i)) for i in chunk]
        drawn = [draw_scene(rng) for rng in rngs]
        labels += [scene.label for scene in drawn]
        seen = round_trip(vae, to_unit([scene.pixels for scene in drawn], vae.device))
        pixels.append(_small(seen).half().cpu())
    heads = torch.tensor([HEADS.index(label.head) for label in labels])
    tails = torch.tensor([TAILS.index(label.tail) for label in labels])
    return Drawings(torch.cat(pixels), heads, tails)


def round_trip(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Pictures Bx3xHxW in -1..1 as the VAE gives them back."""
    with torch.no_grad():
        restored: Tensor = vae.decode(vae.encode(pixels).latent_dist.mode()).sample
    return restored.clamp(-1, 1)


def judge_input(pixels: Tensor, holes: Tensor) -> Tensor:
    """Bx4x128x128 from pictures Bx3xHxW in -1..1 and holes Bx1xHxW: grey outside, and the hole."""
    return torch.cat([_small(pixels) * _small(holes), _small(holes)], dim=1)


def train_judge(drawings: Drawings, steps: int, seed: int) -> Judge:
    """Train a judge on drawings that it sees through random holes, slightly recoloured."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        judge = Judge()
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for step in range(steps):
        loss = _judge_loss(judge, drawings, np.random.default_rng((seed, 3, step)))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            _LOG.info("judge step %d, loss %.3f", step + 1, float(loss.detach()))
    return judge.eval()


def name_scenes(judge: Judge, pixels: Tensor, holes: Tensor) -> list[tuple[str, str]]:
    """The two words that the judge reads in each hole; shapes as in `judge_input`."""
    with torch.no_grad():
        heads, tails = judge(judge_input(pixels, holes))
    pairs = zip(heads.argmax(1).tolist(), tails.argmax(1).tolist(), strict=True)
    return [(HEADS[head], TAILS[tail]) for head, tail in pairs]


def _judge_loss(judge: Judge, drawings: Drawings, rng: np.random.Generator) -> Tensor:
    chosen = torch.from_numpy(rng.integers(len(drawings.heads), size=_BATCH))
    pixels = _recolour(drawings.pixels[chosen].float(), rng)
    pixels = torch.where(_mirrored(rng), pixels.flip(3), pixels)
    holes = np.stack([large_hole((SIDE, SIDE), rng) for _ in range(_BATCH)])
    inputs = judge_input(pixels, torch.from_numpy(holes)[:, None].float())
    heads, tails = judge(inputs)
    first = functional.cross_entropy(heads, drawings.heads[chosen], label_smoothing=0.02)
    return first + functional.cross_entropy(tails, drawings.tails[chosen], label_smoothing=0.02)


def large_hole(size: tuple[int, int], rng: np.random.Generator) -> Hole:
    """A random hole of at least a quarter of a picture of `size` (width, height): bool HxW."""
    while True:
        hole = random_hole(size, rng)
        if hole.mean() >= 0.25:
            return hole


def _recolour(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    gain = 1 + 0.06 * rng.standard_normal((_BATCH, 3, 1, 1), dtype=np.float32)
    shift = 0.04 * rng.standard_normal((_BATCH, 3, 1, 1), dtype=np.float32)
    return (pixels * torch.from_numpy(gain) + torch.from_numpy(shift)).clamp(-1, 1)


def _mirrored(rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.random((_BATCH, 1, 1, 1)) < 0.5)


def _small(pixels: Tensor) -> Tensor:
    return functional.interpolate(pixels, size=(SIDE, SIDE), mode="area")


def _block(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.SiLU()
    )
