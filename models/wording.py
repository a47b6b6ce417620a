"""Prompts of any length, cut to what the text encoders can read, and told so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def fit_prompt(text: str, tokenizers: Sequence[Any]) -> tuple[str, str]:
    """Return (the longest beginning of `text` that all `tokenizers` can read whole, the rest).

    The cut lies between words where there is one to keep, else between characters. Cutting here
    keeps diffusers from writing the rest of the prompt into the log.
    """
    if _fits(text, tokenizers):
        return text, ""
    ends = [at for at in range(1, len(text)) if text[at].isspace() and not text[at - 1].isspace()]
    cut = _last(ends, lambda at: _fits(text[:at], tokenizers))
    if not cut:
        cut = _last(range(1, len(text)), lambda at: _fits(text[:at], tokenizers))
    return text[:cut], text[cut:].strip()


def note_on_rest(field: str, rest: str) -> tuple[str, ...]:
    """Return the sentence that tells which part of the `field` was not read, if any."""
    if not rest:
        return ()
    shown = rest if len(rest) <= 120 else rest[:117] + "..."
    return (f"The {field} is longer than the painter can read; this part was left out: {shown!r}",)


def _fits(text: str, tokenizers: Sequence[Any]) -> bool:
    return all(
        len(tokenizer(text, truncation=False, verbose=False).input_ids)
        <= tokenizer.model_max_length
        for tokenizer in tokenizers
    )


def _last(cuts: Sequence[int], good: Callable[[int], bool]) -> int:
    """Bisect ascending `cuts` for the last good one; 0 when there is none."""
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high) // 2
        if good(cuts[middle]):
            low = middle + 1
        else:
            high = middle
    return cuts[low - 1] if low else 0
