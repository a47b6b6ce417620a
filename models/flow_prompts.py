"""Prompts as the newer families take them: cut to what is read, with a note on what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inpainting.types import PaintSettings
from models.families import Family, Reader
from models.wording import note_on_rest

Wording = tuple[Mapping[str, str | None], tuple[str, ...]]
"""Prompt arguments for a pipeline, and notes on them."""

NO_WEIGHTS = "This painter reads no weights such as (word:1.2), so they were left out."

_WEIGHT = re.compile(r"\(([^()]*):\s*\d*\.?\d+\s*\)")


@dataclass(frozen=True, slots=True)
class _Measure:
    """How many tokens of a text are read at most, and how a pipeline counts them."""

    tokenizer: Any
    most: int
    chat: Mapping[str, Any] | None

    def __call__(self, text: str) -> int:
        """Count the tokens of `text`, with all that is put round it."""
        said = text if self.chat is None else self._chat(text, self.chat)
        return len(self.tokenizer(said, truncation=False, verbose=False).input_ids)

    def _chat(self, text: str, options: Mapping[str, Any]) -> str:
        said = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
            **options,
        )
        return str(said)


def worded(pipeline: Any, family: Family, settings: PaintSettings) -> Wording:
    """Return both prompts as the text encoders of `pipeline` can read them.

    Cutting here keeps diffusers from writing the rest of a prompt into the log.
    """
    prompts, notes = _fitted(pipeline, family, settings.prompt, "prompt")
    if not reads_negative(family, settings.guidance):
        return prompts, notes + (_unread(family) if settings.negative_prompt else ())
    negative, more = _fitted(pipeline, family, settings.negative_prompt, "negative prompt")
    chosen = {f"negative_{name}": text or family.empty_negative for name, text in negative.items()}
    return {**prompts, **chosen}, tuple(dict.fromkeys(notes + more))


def reads_negative(family: Family, guidance: float) -> bool:
    """Tell whether a negative prompt does anything at that guidance."""
    return family.negative_above is not None and guidance > family.negative_above


def without_weights(text: str) -> str:
    """Return a prompt with each `(word:1.2)` as its word, from the innermost outwards."""
    while (bare := _WEIGHT.sub(r"\1", text)) != text:
        text = bare
    return text


def _fitted(pipeline: Any, family: Family, text: str, called: str) -> Wording:
    """Fit `text` for every reader; what the last one, which reads most, cannot read is told."""
    bare = without_weights(text)
    measures = {reader.argument: _measures(pipeline, reader) for reader in family.readers}
    fitted = {name: fit(bare, found) for name, found in measures.items()}
    last = family.readers[-1].argument
    return fitted, (NO_WEIGHTS,) * (bare != text) + _lost(
        bare, fitted[last], measures[last], called
    )


def _measures(pipeline: Any, reader: Reader) -> tuple[_Measure, ...]:
    tokenizers = (getattr(pipeline, name) for name in reader.tokenizers)
    return tuple(
        _Measure(one, reader.limit or one.model_max_length, reader.chat) for one in tokenizers
    )


def _lost(text: str, kept: str, measures: Sequence[_Measure], called: str) -> tuple[str, ...]:
    """Tell how many tokens of `text` are not in `kept`, by the tokenizer that loses most."""
    if kept == text:
        return ()
    lost, most = max((m(text) - m(kept), m.most - m("")) for m in measures)
    return note_on_rest(called, lost, most)


def fit(text: str, measures: Sequence[_Measure]) -> str:
    """Return the longest beginning of `text` that can be read whole by all.

    The cut lies between words where there is one to keep, else between characters.
    """

    def fits(end: int) -> bool:
        return all(measure(text[:end]) <= measure.most for measure in measures)

    if fits(len(text)):
        return text
    ends = [at for at in range(1, len(text)) if text[at].isspace() and not text[at - 1].isspace()]
    return text[: _last(ends, fits) or _last(range(1, len(text)), fits)]


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


def _unread(family: Family) -> tuple[str, ...]:
    if family.negative_above is None:
        return ("This painter takes no negative prompt, so it was left out.",)
    return (
        f"The negative prompt was left out: this painter reads one at a guidance above "
        f"{family.negative_above:g} alone.",
    )
