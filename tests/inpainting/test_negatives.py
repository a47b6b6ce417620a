"""Negative prompts to start from can be used as they are."""

from __future__ import annotations

from inpainting.negatives import NEGATIVES
from inpainting.requests import MAX_PROMPT
from inpainting.sets import count


def test_each_has_a_name_of_its_own_and_a_text_without_sets() -> None:
    assert len({name for name, _ in NEGATIVES}) == len(NEGATIVES) >= 3
    for name, text in NEGATIVES:
        assert name.strip() == name != ""
        assert 0 < len(text) < MAX_PROMPT / 2
        assert count(text) == 1
        words = text.split(", ")
        assert len(set(words)) == len(words)
