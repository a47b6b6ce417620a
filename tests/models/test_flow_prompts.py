"""Prompts of the newer families: what is cut, what is left out, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpainting.types import PaintSettings
from models.families import FAMILIES
from models.flow_prompts import NO_WEIGHTS, without_weights, worded
from tests.support.tiny import toy_tokenizer
from tests.support.tiny_flow import toy_qwen_tokenizer, toy_t5_tokenizer

WORDS = "brick " * 300


class Parts:
    """The tokenizers of a pipeline, by their names."""

    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)


SD3 = Parts(tokenizer=toy_tokenizer(), tokenizer_2=toy_tokenizer(), tokenizer_3=toy_t5_tokenizer())
CHAT = Parts(tokenizer=toy_qwen_tokenizer())


def asked(prompt: str, negative: str = "", guidance: float = 4.0) -> PaintSettings:
    return PaintSettings(prompt, negative, 1, 2, guidance, 1.0, "Flow Euler")


def test_each_encoder_gets_what_it_can_read() -> None:
    prompts, notes = worded(SD3, FAMILIES["sd3"], asked(WORDS))
    short, long = prompts["prompt"], prompts["prompt_3"]
    assert short is not None
    assert long is not None
    assert len(toy_tokenizer()(short).input_ids) <= 77
    assert len(toy_tokenizer()(f"{short} brick").input_ids) > 77
    assert len(toy_t5_tokenizer()(long).input_ids) <= 256
    assert WORDS.startswith(long)
    assert long.startswith(short)
    assert short.endswith("brick")
    assert len(notes) == 1
    assert "255 tokens" in notes[0]


def test_what_the_longest_reader_reads_whole_is_not_told() -> None:
    prompts, notes = worded(SD3, FAMILIES["sd3"], asked("brick " * 20))
    assert prompts["prompt"] != prompts["prompt_3"]
    assert notes == ()


@pytest.mark.parametrize("kind", ["z-image", "flux2-klein"])
def test_the_chat_round_a_prompt_is_counted(kind: str) -> None:
    prompts, notes = worded(CHAT, FAMILIES[kind], asked(WORDS))
    said = toy_qwen_tokenizer().apply_chat_template(
        [{"role": "user", "content": prompts["prompt"]}], tokenize=False, add_generation_prompt=True
    )
    assert 500 < len(toy_qwen_tokenizer()(said).input_ids) <= 512
    assert len(notes) == 1


def test_qwen_reads_prompts_whole() -> None:
    prompts, notes = worded(CHAT, FAMILIES["qwen-edit"], asked(WORDS))
    assert prompts["prompt"] == WORDS
    assert prompts["negative_prompt"] == " "
    assert notes == ()


@pytest.mark.parametrize(
    ("kind", "guidance", "read"),
    [
        ("sd3", 1.0, False),
        ("sd3", 1.1, True),
        ("z-image", 0.0, False),
        ("z-image", 1.0, True),
        ("flux2-klein", 9.0, False),
    ],
)
def test_a_negative_prompt_is_given_where_it_is_read(
    kind: str, guidance: float, read: bool
) -> None:
    parts = SD3 if kind == "sd3" else CHAT
    prompts, notes = worded(parts, FAMILIES[kind], asked("sea", "people", guidance))
    assert ("negative_prompt" in prompts) is read
    assert any("left out" in note for note in notes) is not read
    assert worded(parts, FAMILIES[kind], asked("sea", "", guidance))[1] == ()


def test_no_negative_prompt_is_none() -> None:
    prompts, _ = worded(SD3, FAMILIES["sd3"], asked("sea"))
    assert (prompts["negative_prompt"], prompts["negative_prompt_3"]) == (None, None)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("a (red:1.3) brick", "a red brick"),
        ("a ((red:1.3) brick: .5)", "a red brick"),
        ("a (red) [brick]", "a (red) [brick]"),
        ("at 12:30 (or so)", "at 12:30 (or so)"),
        ("a sign (text: sale)", "a sign (text: sale)"),
    ],
)
def test_weights_are_left_out_and_told(text: str, bare: str) -> None:
    assert without_weights(text) == bare
    prompts, notes = worded(CHAT, FAMILIES["z-image"], asked(text))
    assert prompts["prompt"] == bare
    assert notes == ((NO_WEIGHTS,) if bare != text else ())


@settings(max_examples=30)
@given(st.text(max_size=300))
def test_what_is_read_is_a_beginning_that_fits(text: str) -> None:
    prompts, _ = worded(SD3, FAMILIES["sd3"], asked(text))
    short = prompts["prompt"] or ""
    assert without_weights(text).startswith(short)
    assert len(toy_tokenizer()(short).input_ids) <= 77
