"""Sets in prompts: every combination comes, in a fixed order, and nothing else is touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.sets import MAX_DEPTH, count, escaped, variant

anything = st.text(st.sampled_from("ab ,(){}|\\[]:1.2\n"), max_size=30)
plain = st.text(st.sampled_from("ab ,():1.2"), max_size=6)
sets = st.lists(plain, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("text", "variants"),
    [
        ("a red car", ["a red car"]),
        ("a {red|blue} car", ["a red car", "a blue car"]),
        ("{a|b}{1|2|3}", ["a1", "b1", "a2", "b2", "a3", "b3"]),
        ("{|very} old", ["old", "very old"]),
        ("{sole}", ["sole"]),
        ("{a|{b|c} d}", ["a", "b d", "c d"]),
        ("{{a|b}|c}{x|y}", ["ax", "bx", "cx", "ay", "by", "cy"]),
        ("cat|dog", ["cat|dog"]),
        (r"\{a|b\}", ["{a|b}"]),
        (r"{a\|b|c\}}", ["a|b", "c}"]),
        (r"(word:1.2) \(x\) \\", [r"(word:1.2) \(x\) \\"]),
        (r"C:\{x|y}", ["error"]),
        ("", [""]),
        ("  {a | b}  ", ["a", "b"]),
    ],
)
def test_the_variants_of_a_text_in_their_order(text: str, variants: list[str]) -> None:
    if variants == ["error"]:
        with pytest.raises(BadRequest):
            variant(text, 0)
        return
    assert count(text) == len(variants)
    assert [variant(text, n) for n in range(len(variants))] == variants
    assert variant(text, len(variants)) == variants[0]


@given(st.lists(sets, max_size=3), st.integers(0, 1000))
def test_all_combinations_come_once_before_the_first_comes_again(
    chosen: list[list[str]], start: int
) -> None:
    numbered = [[f"{n}{text}{i}" for i, text in enumerate(texts)] for n, texts in enumerate(chosen)]
    text = ";".join("{" + "|".join(texts) + "}" for texts in numbered)
    total = count(text)
    assert len({variant(text, start + n) for n in range(total)}) == total
    assert variant(text, start) == variant(text, start + total)
    if numbered and len(numbered[0]) > 1:
        assert variant(text, start) != variant(text, start + 1)


@settings(max_examples=300)
@given(anything, st.integers(0, 100))
def test_an_escaped_text_is_its_only_variant(text: str, n: int) -> None:
    assert count(escaped(text)) == 1
    assert variant(escaped(text), n) == text.strip()


@settings(max_examples=300)
@given(anything, st.integers(0, 100))
def test_any_text_gives_a_variant_or_a_sentence_and_repeats(text: str, n: int) -> None:
    try:
        chosen = variant(text, n)
    except BadRequest as error:
        assert re.search("partner", str(error))
    else:
        assert variant(escaped(chosen), 0) == chosen
        assert len(escaped(chosen)) <= len(text)


def test_a_text_without_sets_is_left_as_it_is() -> None:
    text = 'a [b|c] (d:1.3), "e" \\(f\\)'
    assert escaped(text) == text == variant(text, 7)


@pytest.mark.parametrize("text", ["{", "}", "{a|b", "a}b", "{{a|b}", "}{"])
def test_braces_without_a_partner_are_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=r"write sets as \{red\|blue\}"):
        variant(text, 0)
    with pytest.raises(BadRequest):
        count(text)


def test_very_many_and_very_deep_sets_end_well() -> None:
    many = "{a|b}" * 400
    assert count(many) == 2**400
    assert variant(many, 2**400 - 1) == "b" * 400
    deep = "{" * MAX_DEPTH + "a" + "}" * MAX_DEPTH
    assert variant(deep, 3) == "a"
    with pytest.raises(BadRequest, match="More than 10"):
        variant("{" + deep + "}", 0)
    with pytest.raises(BadRequest):
        variant("{" * 2000, 0)
