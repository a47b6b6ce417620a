"""Prompts for Stable Diffusion 1.x and XL: embedded once, and found again for the next picture.

A short prompt without weights is embedded by the pipeline itself. All others are read in chunks of
75 tokens, whose embeddings lie one after the other, and weighed by moving a token's embedding away
from that of an empty prompt (above 1) or towards it (below 1).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from models.chunking import MOST_CHUNKS, Chunk, Reader
from models.wording import note_on_rest, plain

MOST = 64
"""How many pairs of prompts are remembered, as long as they take no more than `MOST_BYTES`."""

MOST_BYTES = 64 * 2**20
"""About fifty short pairs of SDXL in half precision; the pair that was used last always stays."""

_EMBEDDINGS = ("prompt_embeds", "negative_prompt_embeds")
_POOLED = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")


@dataclass(frozen=True, slots=True, eq=False)
class Worded:
    """What a pipeline is called with for its prompts, and notes on what they lost.

    `arguments` are tensors by their names: embeddings 1 x (chunks * 77) x d, and pooled ones 1 x d
    for SDXL. They are shared: not to be written to.
    """

    arguments: Mapping[str, torch.Tensor]
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return sum(value.nbytes for value in self.arguments.values())


class Prompting:
    """Words prompts for the pipeline of one painter, and remembers the last ones.

    `worded` and `clear` belong to the painter's thread; all else may be asked from any.
    """

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._known: OrderedDict[Hashable, Worded] = OrderedDict()
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

    def chunks(self, prompt: str) -> int:
        """Return how many chunks a prompt is read in, 1 to `MOST_CHUNKS`; from any thread.

        The embeddings of two pairs of prompts are of one length where the larger numbers of their
        chunks are the same.
        """
        return max(len(reader.chunks(prompt)[0]) for reader in self._readers)

    def worded(self, prompt: str, negative: str, key: Hashable = ()) -> Worded:
        """Return both prompts as arguments of the pipeline; runs the text encoders if need be.

        They do not run for prompts that were worded before under the same `key`, which is to tell
        whatever else their answer depends on: the LoRAs at work, with weights and digests.
        """
        whole = (prompt, negative, key, str(self._pipeline._execution_device))
        if whole not in self._known:
            self._known[whole] = self._read(prompt, negative)
        self._known.move_to_end(whole)
        self._trim()
        return self._known[whole]

    def clear(self) -> None:
        """Forget all, and free the memory."""
        self._known.clear()

    def _trim(self) -> None:
        """Forget what was not used for longest, where there is too much."""
        while len(self._known) > 1 and (
            len(self._known) > MOST or sum(one.size for one in self._known.values()) > MOST_BYTES
        ):
            self._known.popitem(last=False)

    def _read(self, prompt: str, negative: str) -> Worded:
        if self._direct(prompt) and self._direct(negative):
            return Worded(self._by_pipeline(prompt, negative))
        return self._embedded(prompt, negative)

    @torch.no_grad()
    def _by_pipeline(self, prompt: str, negative: str) -> dict[str, torch.Tensor]:
        """Return the very tensors that the pipeline would make of the texts themselves."""
        found = self._pipeline.encode_prompt(
            prompt=prompt,
            # None, not "": the pipelines of SDXL then leave the negative embedding at zero.
            negative_prompt=negative or None,
            device=self._pipeline._execution_device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
        )
        return dict(zip(self._names, found, strict=True))

    @property
    def _names(self) -> tuple[str, ...]:
        return (*_EMBEDDINGS, *_POOLED) if self._two else _EMBEDDINGS

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
        tensors = (wanted, unwanted, pooled, unpooled)
        arguments = {
            name: tensor
            for name, tensor in zip((*_EMBEDDINGS, *_POOLED), tensors, strict=True)
            if tensor is not None
        }
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
