"""Weights in prompts: what counts how much, and that no text is lost over it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.wording import MOST_WEIGHT, note_on_rest, parts_of, plain

TEXTS = st.text(st.sampled_from("ab ,:.12()[]\\"), max_size=60)


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("", []),
        ("red brick", [("red brick", 1.0)]),
        ("a (red) brick", [("a ", 1.0), ("red", 1.1), (" brick", 1.0)]),
        ("[red] brick", [("red", 1 / 1.1), (" brick", 1.0)]),
        ("(red:1.3) brick", [("red", 1.3), (" brick", 1.0)]),
        ("(red : .5 )", [("red ", 0.5)]),
        ("((red))", [("red", 1.1 * 1.1)]),
        ("(a (b:1.5) c:2)", [("a ", 2.0), ("b", 3.0), (" c", 2.0)]),
        ("(red:0)", [("red", 0.0)]),
        ("(red:99)", [("red", MOST_WEIGHT)]),
        ("a ratio of 3:4", [("a ratio of 3:4", 1.0)]),
        (r"a \(red\) brick", [("a (red) brick", 1.0)]),
        ("smile :) and (", [("smile :) and (", 1.0)]),
        ("(a [b) c", [("(a [b) c", 1.0)]),
        ("()", []),
        ("[red:1.3]", [("red:1.3", 1 / 1.1)]),
        ("one\\two", [("one\\two", 1.0)]),
    ],
)
def test_brackets_weigh_what_is_in_them(prompt: str, parts: list[tuple[str, float]]) -> None:
    found = parts_of(prompt)
    assert [part.text for part in found] == [text for text, _ in parts]
    assert [part.weight for part in found] == pytest.approx([weight for _, weight in parts])


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [("", True), ("a, b; 3:4", True), (":)", True), ("(a)", False), (r"\(a\)", False)],
)
def test_what_means_just_its_letters_is_plain(prompt: str, answer: bool) -> None:
    assert plain(prompt) is answer


@given(TEXTS)
def test_every_text_has_parts_that_differ_and_are_not_empty(prompt: str) -> None:
    parts = parts_of(prompt)
    assert all(part.text and 0 <= part.weight <= MOST_WEIGHT for part in parts)
    assert all(one.weight != other.weight for one, other in pairwise(parts))
    letters = [letter for letter in prompt if letter in "ab"]
    assert [letter for part in parts for letter in part.text if letter in "ab"] == letters


@given(st.text(st.characters(exclude_characters="()[]\\"), max_size=60))
def test_text_without_brackets_stays_as_it_is(prompt: str) -> None:
    assert plain(prompt)
    assert "".join(part.text for part in parts_of(prompt)) == prompt


@pytest.mark.parametrize("prompt", ["(" * 2000, "(" * 1000 + ")" * 1000, "[(" * 1000, ")" * 2000])
def test_a_wall_of_brackets_is_read_at_once(prompt: str) -> None:
    assert all(part.weight <= MOST_WEIGHT for part in parts_of(prompt))


def test_a_note_is_made_only_of_a_loss() -> None:
    assert note_on_rest("prompt", 0, 1200) == ()
    (note,) = note_on_rest("prompt", 7, 1200)
    assert "1200 tokens" in note
    assert "last 7" in note
