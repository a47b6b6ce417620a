"""Prompts of any length, in pieces that a text encoder can read. Numbers only, no torch."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from models.wording import Part, parts_of

MOST_CHUNKS = 16
"""1,200 tokens, about 900 words; a picture is made of far fewer."""

_LOOK_BACK = 20
"""How many tokens a piece may stay shorter so that it ends at a comma."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token's number, how much it counts, and whether a word, or a phrase, ends with it."""

    number: int
    weight: float = 1.0
    ends_word: bool = True
    ends_phrase: bool = False


Chunk = tuple[Token, ...]
"""Tokens that are read at one time, without the marks at both ends."""


class Reader:
    """Reads prompts with a copy of a tokenizer, from any thread.

    A copy, because the pipeline sets its own one to cut prompts off while it runs.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer: Any = copy.deepcopy(tokenizer)
        self._lock = Lock()
        self.first = int(tokenizer.bos_token_id)
        self.last = int(tokenizer.eos_token_id)
        self.padding = int(tokenizer.pad_token_id)
        self.length = int(tokenizer.model_max_length)

    @property
    def room(self) -> int:
        """How many tokens of a prompt are read at a time: all but the marks at both ends."""
        return self.length - 2

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Return the tokens of a prompt with the weights of its parts."""
        return tuple(token for part in parts_of(prompt) for token in self._read(part))

    def count(self, text: str) -> int:
        """Return how many tokens a text has as it stands, its brackets included."""
        return len(self._read(Part(text)))

    def _read(self, part: Part) -> list[Token]:
        with self._lock:
            numbers = self._tokenizer(
                part.text, add_special_tokens=False, truncation=False, verbose=False
            ).input_ids
            written = self._tokenizer.convert_ids_to_tokens(numbers)
        return [
            Token(number, part.weight, text.endswith("</w>"), text in (",</w>", ".</w>", ";</w>"))
            for number, text in zip(numbers, written, strict=True)
        ]

    def chunks(self, prompt: str) -> tuple[tuple[Chunk, ...], int]:
        """Return a prompt in at most `MOST_CHUNKS` chunks, at least one, and the tokens lost."""
        found = chunked(self.tokens(prompt), self.room)
        lost = sum(map(len, found[MOST_CHUNKS:]))
        return found[:MOST_CHUNKS] or ((),), lost

    def numbers(self, chunk: Chunk) -> list[int]:
        """Return a chunk as the text encoder takes it: marks at both ends, padded to `length`."""
        inner = [token.number for token in chunk]
        whole = [self.first, *inner, self.last]
        return whole + [self.padding] * (self.length - len(whole))

    def weights(self, chunk: Chunk) -> list[float]:
        """Return the weight of each of `numbers(chunk)`; marks and padding count 1."""
        inner = [token.weight for token in chunk]
        return [1.0, *inner] + [1.0] * (self.length - 1 - len(inner))


def chunked(tokens: Sequence[Token], room: int) -> tuple[Chunk, ...]:
    """Cut tokens into chunks of at most `room`: at a comma that is near, else between words.

    A word that is longer than a chunk is cut where the chunk is full.
    """
    found: list[Chunk] = []
    start = 0
    while start < len(tokens):
        end = _end(tokens, start, room)
        found.append(tuple(tokens[start:end]))
        start = end
    return tuple(found)


def _end(tokens: Sequence[Token], start: int, room: int) -> int:
    full = start + room
    if full >= len(tokens):
        return len(tokens)
    for end in range(full, max(start, full - _LOOK_BACK), -1):
        if tokens[end - 1].ends_phrase:
            return end
    for end in range(full, start, -1):
        if tokens[end - 1].ends_word:
            return end
    return full
