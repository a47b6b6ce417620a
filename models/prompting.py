"""Prompts for the text encoders of Stable Diffusion 1.x and XL: as they stand, or embedded here.

A short prompt without weights goes to the pipeline as it is. All others are read in chunks of 75
tokens, whose embeddings lie one after the other, and weighed by moving a token's embedding away
from that of an empty prompt (above 1) or towards it (below 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from models.chunking import MOST_CHUNKS, Chunk, Reader
from models.wording import note_on_rest, plain


@dataclass(frozen=True, slots=True, eq=False)
class Worded:
    """What a pipeline is called with for its prompts, and notes on what they lost."""

    arguments: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Prompting:
    """Words prompts for the pipeline of one painter."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        names = ("tokenizer", "tokenizer_2")
        tokenizers = [getattr(pipeline, name, None) for name in names]
        self._readers = [Reader(tokenizer) for tokenizer in tokenizers if tokenizer is not None]
        self._two = len(self._readers) == 2

    @property
    def room(self) -> int:
        """How many tokens are read at a time: 75."""
        return min(reader.room for reader in self._readers)

    def tokens(self, prompt: str) -> int:
        """Return how many tokens a prompt has for the reader that needs most; from any thread."""
        return max(len(reader.tokens(prompt)) for reader in self._readers)

    def worded(self, prompt: str, negative: str) -> Worded:
        """Return both prompts as arguments of the pipeline; loads the text encoders if need be."""
        if self._direct(prompt) and self._direct(negative):
            # None, not "": the pipelines of SDXL then leave the negative embedding at zero.
            return Worded({"prompt": prompt, "negative_prompt": negative or None})
        return self._embedded(prompt, negative)

    def _direct(self, text: str) -> bool:
        return plain(text) and all(reader.count(text) <= reader.room for reader in self._readers)

    @torch.no_grad()
    def _embedded(self, prompt: str, negative: str) -> Worded:
        read = [(reader.chunks(prompt), reader.chunks(negative)) for reader in self._readers]
        most = max(len(chunks) for pair in read for chunks, _ in pair)
        sides = [
            [self._side(number, pair[side][0], most) for number, pair in enumerate(read)]
            for side in (0, 1)
        ]
        (wanted, pooled), (unwanted, unpooled) = map(_joined, sides)
        if not negative and self._zeroes():
            unwanted = torch.zeros_like(wanted)
            unpooled = None if pooled is None else torch.zeros_like(pooled)
        arguments: dict[str, Any] = {
            "prompt_embeds": wanted,
            "negative_prompt_embeds": unwanted,
        }
        if self._two:
            arguments |= {"pooled_prompt_embeds": pooled, "negative_pooled_prompt_embeds": unpooled}
        limit = MOST_CHUNKS * self.room
        notes = [
            note_on_rest(field, max(pair[side][1] for pair in read), limit)
            for side, field in enumerate(("prompt", "negative prompt"))
        ]
        return Worded(arguments, sum(notes, ()))

    def _zeroes(self) -> bool:
        return self._two and bool(self._pipeline.config.force_zeros_for_empty_prompt)

    def _side(
        self, number: int, chunks: Sequence[Chunk], most: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return one prompt's embedding by one encoder, 1 x (most * 77) x d, and pooled, 1 x d."""
        reader = self._readers[number]
        encoder = self._pipeline.text_encoder_2 if number else self._pipeline.text_encoder
        whole = [*chunks, *[()] * (most - len(chunks)), ()]
        device = self._pipeline._execution_device
        numbers = torch.tensor([reader.numbers(chunk) for chunk in whole], device=device)
        answer = encoder(numbers, output_hidden_states=self._two)
        states = answer.hidden_states[-2] if self._two else answer[0]
        weights = torch.tensor([reader.weights(chunk) for chunk in whole], device=device)
        weighed = _weighed(states, weights)[:-1]
        pooled = answer[0][:1] if self._two and answer[0].ndim == 2 else None
        return weighed.reshape(1, -1, weighed.shape[-1]), pooled


def _weighed(states: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Move states Nx77xd from the last of them, that of an empty prompt, by weights Nx77."""
    if bool((weights == 1).all()):
        return states
    empty = states[-1:].float()
    moved = empty + (states.float() - empty) * weights[..., None]
    return torch.where(weights[..., None] == 1, states, moved.to(states.dtype))


def _joined(
    sides: Sequence[tuple[torch.Tensor, torch.Tensor | None]],
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Lay the embeddings of all encoders side by side; the last one's pooled state counts."""
    # The dtype of the last encoder, as the pipelines have it.
    states = torch.cat([states for states, _ in sides], dim=-1)
    return states.to(sides[-1][0].dtype), sides[-1][1]
