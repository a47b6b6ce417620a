from __future__ import annotations

import pytest

from inpainting.negatives import NEGATIVES
from inpainting.web.prompting import negative_choices, token_line, with_negative


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (None, ""),
        ((0, 75), ""),
        ((23, 75), "Length: 23 of 75 tokens"),
        ((75, 75), "Length: 75 of 75 tokens"),
        ((90, 75), "Length: 90 tokens, read in 2 pieces"),
    ],
)
def test_the_length_of_a_prompt_is_told(counted: tuple[int, int] | None, words: str) -> None:
    line = token_line(counted)
    assert words in line
    assert bool(line) == bool(words)


def test_a_preset_adds_its_words_once() -> None:
    name, words = NEGATIVES[0]
    assert name in negative_choices()
    assert with_negative("", name) == words
    assert with_negative("rain,", name) == f"rain, {words}"
    assert with_negative(words, name) == words


@pytest.mark.parametrize("odd", [None, "no such", 3])
def test_no_preset_leaves_the_prompt(odd: object) -> None:
    assert with_negative("rain", odd) == "rain"
    assert with_negative(None, odd) == ""
