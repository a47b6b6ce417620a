"""Train the embedded painter: `python -m models.training.train --photos FOLDER`.

Draws scenes, encodes them once, trains the UNet and both text encoders together, first on small
pictures and then on large ones, and writes the averaged weights as a pipeline folder. Stopped and
started again it goes on from its last checkpoint; steps, not time, decide each batch.
"""

from __future__ import annotations

import argparse
import copy
import logging
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from transformers import CLIPTokenizer

from models.training.batches import Batch, make_batch
from models.training.checkpoint import TrainState, load_state, save_state, start_from
from models.training.export import export
from models.training.latents import LatentStore, latent_store
from models.training.networks import build_networks, build_noise_schedule
from models.training.photos import load_photos
from models.training.tokenizer import build_tokenizer

_LOG = logging.getLogger(__name__)
_CHECKPOINT = "checkpoint.safetensors"
_EMBEDDED = Path(__file__).resolve().parents[1] / "embedded"


@dataclass(frozen=True)
class Stage:
    """Pictures of one scale: shapes (width, height), their shares, scenes, photos, batch size."""

    sizes: tuple[tuple[int, int], ...]
    shares: tuple[float, ...]
    scenes: int
    photos: int
    batch: int


@dataclass(frozen=True)
class Plan:
    """Everything that decides a training run, apart from the photos.

    The run ends at `steps`, or with `minutes` when that time has been trained; both the learning
    rate and the change from the small to the large stage follow the share that is done.
    """

    small: Stage
    large: Stage
    steps: int = 24_000
    minutes: float | None = None
    small_share: float = 0.55
    rate: float = 1e-3
    warmup: int = 300
    decay: float = 0.997
    kept_weight: float = 0.1
    seed: int = 20


def default_plan() -> Plan:
    """The plan of the shipped weights."""
    shares = (0.6, 0.2, 0.2)
    return Plan(
        small=Stage(((128, 128), (160, 104), (104, 160)), shares, 11_000, 3_000, 32),
        large=Stage(((256, 256), (320, 208), (208, 320)), shares, 3_000, 900, 16),
    )


class Trainer:
    """Trains one plan; `state` is all that a checkpoint keeps."""

    def __init__(
        self,
        plan: Plan,
        vae: AutoencoderKL,
        tokenizer: CLIPTokenizer,
        photos: Path,
        cache: Path,
    ) -> None:
        device = vae.device
        self.plan = plan
        self.vae = vae
        self.tokenizer = tokenizer
        self.state = new_state(plan, self.tokenizer, device)
        self.signal = build_noise_schedule().alphas_cumprod.to(device)
        self._photos = photos
        self._cache = cache
        self._stores: dict[Stage, list[LatentStore]] = {}

    def progress(self) -> float:
        """The share of the run that is done, 0..1."""
        if self.plan.minutes is not None:
            return min(1.0, self.state.seconds / (60 * self.plan.minutes))
        return min(1.0, self.state.step / self.plan.steps)

    def step(self) -> float:
        """One optimizer step; the loss. Which batch it sees depends on the step number alone."""
        stage = self.plan.small if self.progress() < self.plan.small_share else self.plan.large
        stores = self._stage_stores(stage)
        rng = np.random.default_rng((self.plan.seed, self.state.step))
        store = stores[int(rng.choice(len(stores), p=stage.shares))]
        batch = make_batch(store, self.tokenizer, stage.batch, len(self.signal), rng)
        loss = self._learn(batch.to(self.vae.device))
        self.state.step += 1
        self.state.samples += stage.batch
        return loss

    def _learn(self, batch: Batch) -> float:
        state = self.state
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(self.plan, self.progress(), state.step)
        loss = velocity_loss(state, batch, self.signal, self.plan.kept_weight)
        state.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(state.networks.parameters(), 1.0)
        state.optimizer.step()
        update_average(state, self.plan.decay)
        return float(loss.detach())

    def _stage_stores(self, stage: Stage) -> list[LatentStore]:
        if stage not in self._stores:
            photos = load_photos(self._photos)
            self._stores[stage] = [
                latent_store(
                    self._cache,
                    self.vae,
                    photos,
                    size,
                    (round(stage.scenes * share), round(stage.photos * share)),
                    self.plan.seed,
                )
                for size, share in zip(stage.sizes, stage.shares, strict=True)
            ]
        return self._stores[stage]


def cached_tokenizer(folder: Path, origin: Path | None = None) -> CLIPTokenizer:
    """The tokenizer in `folder`; where there is none, that of `origin` or a new one is put there.

    Token numbers belong to the weights: a run must go on with those that it began with.
    """
    if not folder.exists():
        fresh = build_tokenizer() if origin is None else _read_tokenizer(origin)
        fresh.save_pretrained(folder)
    return _read_tokenizer(folder)


def new_state(plan: Plan, tokenizer: CLIPTokenizer, device: torch.device) -> TrainState:
    """Fresh networks from the plan's seed, their average, and the optimizer."""
    networks = build_networks(tokenizer, plan.seed).to(device)
    average = copy.deepcopy(networks).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(
        networks.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
    )
    return TrainState(networks, average, optimizer)


def learning_rate(plan: Plan, progress: float, step: int) -> float:
    """Linear warmup over the first steps, then half a cosine down to a hundredth."""
    warm = min(1.0, (step + 1) / plan.warmup)
    return plan.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def velocity_loss(state: TrainState, batch: Batch, signal: Tensor, kept_weight: float) -> Tensor:
    """Mean squared error of the velocity (arXiv 2202.00512); the hole counts 1, the rest less.

    The kept part counts little because its pixels are pasted back after painting.
    """
    share = signal[batch.timesteps][:, None, None, None]
    noisy = share.sqrt() * batch.target + (1 - share).sqrt() * batch.noise
    velocity = share.sqrt() * batch.noise - (1 - share).sqrt() * batch.target
    inputs = torch.cat([noisy, batch.hole, batch.kept], dim=1)
    predicted = state.networks(inputs, batch.timesteps, batch.tokens)
    weight = batch.hole + kept_weight * (1 - batch.hole)
    weight = weight / weight.mean(dim=(1, 2, 3), keepdim=True)
    loss: Tensor = ((predicted - velocity) ** 2 * weight).mean()
    return loss


def update_average(state: TrainState, decay: float) -> None:
    """Move the running average towards the weights; early steps move it faster."""
    now = min(decay, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        torch._foreach_lerp_(
            list(state.average.parameters()), list(state.networks.parameters()), 1 - now
        )


def run(trainer: Trainer, checkpoint: Path, folder: Path, every_s: float) -> None:
    """Train to the end of the plan, with a checkpoint and an export every `every_s` seconds."""
    last, smooth = time.monotonic(), 0.0
    saved = last
    while trainer.progress() < 1:
        loss = trainer.step()
        now = time.monotonic()
        trainer.state.seconds += now - last
        last = now
        smooth = loss if smooth == 0 else 0.99 * smooth + 0.01 * loss
        if trainer.state.step % 100 == 0:
            _report(trainer, smooth)
        if now - saved > every_s:
            save(trainer, checkpoint, folder)
            saved = time.monotonic()
    save(trainer, checkpoint, folder)


def save(trainer: Trainer, checkpoint: Path, folder: Path) -> None:
    """Write the checkpoint, and the averaged weights as a pipeline folder."""
    save_state(trainer.state, checkpoint)
    export(trainer.state.average, trainer.tokenizer, trainer.vae, folder)
    _LOG.info("saved step %d to %s", trainer.state.step, folder)


def main() -> None:
    """Read the command line, go on from the checkpoint where there is one, train."""
    options = _parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    trainer = _prepare(options)
    run(trainer, options.cache / _CHECKPOINT, options.out, options.every * 60)


def _prepare(options: argparse.Namespace) -> Trainer:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    vae = AutoencoderKL.from_pretrained(options.vae).to(device, torch.float32).eval()
    origin = options.start / "tokenizer" if options.start else None
    tokenizer = cached_tokenizer(options.cache / "tokenizer", origin)
    trainer = Trainer(_plan(options), vae, tokenizer, options.photos, options.cache)
    if (options.cache / _CHECKPOINT).exists():
        load_state(trainer.state, options.cache / _CHECKPOINT)
        _LOG.info("going on from step %d", trainer.state.step)
    elif options.start:
        start_from(trainer.state, options.start)
        _LOG.info("starting from the weights in %s", options.start)
    return trainer


def _plan(options: argparse.Namespace) -> Plan:
    return replace(
        default_plan(),
        steps=options.steps,
        minutes=options.minutes,
        small_share=options.small_share,
        rate=options.rate,
    )


def _read_tokenizer(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def _report(trainer: Trainer, loss: float) -> None:
    state = trainer.state
    _LOG.info(
        "step %d, %d samples, %.1f min, %.1f %%, loss %.4f",
        state.step,
        state.samples,
        state.seconds / 60,
        100 * trainer.progress(),
        loss,
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("assets/photos"))
    parser.add_argument("--cache", type=Path, default=Path(".training"))
    parser.add_argument("--out", type=Path, default=_EMBEDDED)
    parser.add_argument("--vae", type=Path, default=_EMBEDDED / "vae")
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--small-share", type=float, default=Plan.small_share)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--start", type=Path, default=None, help="pipeline folder to train on")
    parser.add_argument("--every", type=float, default=5.0, help="minutes between checkpoints")
    return parser.parse_args()


if __name__ == "__main__":
    main()
