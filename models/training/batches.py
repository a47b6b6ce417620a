"""Training examples: scenes and kept photo parts, put together in latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from models.training.captions import all_labels, write_caption
from models.training.latents import LatentStore

_PROMPT_DROP = 0.1


@dataclass(frozen=True)
class Batch:
    """One batch: target Bx4xhxw, hole Bx1xhxw (1 = repaint), kept Bx4xhxw, tokens BxT,
    noise Bx4xhxw, timesteps B."""

    target: Tensor
    hole: Tensor
    kept: Tensor
    tokens: Tensor
    noise: Tensor
    timesteps: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(*(tensor.to(device) for tensor in vars(self).values()))


def make_batch(
    store: LatentStore,
    tokenizer: CLIPTokenizer,
    count: int,
    timesteps: int,
    rng: np.random.Generator,
) -> Batch:
    """Draw a batch: any scene with any kept photo part; a tenth of the prompts are empty.

    Timesteps are stratified over 0..timesteps-1. The same generator state gives the same batch.
    """
    scene = torch.from_numpy(rng.integers(len(store.scenes), size=count))
    photo = torch.from_numpy(rng.integers(len(store.kept), size=count))
    hole = store.holes[photo].float()
    kept = store.kept[photo].float()
    target = hole * store.scenes[scene].float() + (1 - hole) * kept
    prompts = [_prompt(int(store.labels[index]), rng) for index in scene]
    strata = (rng.permutation(count) + rng.random(count)) / count
    noise = rng.standard_normal(tuple(target.shape), dtype=np.float32)
    return Batch(
        target,
        hole,
        kept,
        tokenize(tokenizer, prompts),
        torch.from_numpy(noise),
        torch.from_numpy((strata * timesteps).astype(np.int64)),
    )


def tokenize(tokenizer: CLIPTokenizer, prompts: list[str]) -> Tensor:
    """Token numbers BxT int64, padded and cut to the tokenizer's length as the pipeline does."""
    encoded = tokenizer(
        prompts,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    tokens: Tensor = encoded.input_ids
    return tokens


def _prompt(number: int, rng: np.random.Generator) -> str:
    return "" if rng.random() < _PROMPT_DROP else write_caption(all_labels()[number], rng)
