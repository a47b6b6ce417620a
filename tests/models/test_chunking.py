"""Prompts in pieces: none too long, none lost, cut where a reader would pause."""

from __future__ import annotations

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.chunking import MOST_CHUNKS, Reader, Token, chunked
from tests.support.tiny import toy_tokenizer

TOKENS = st.lists(
    st.builds(Token, st.integers(0, 9), st.just(1.0), st.booleans(), st.booleans()), max_size=200
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(toy_tokenizer())


@given(TOKENS, st.integers(1, 75))
def test_chunks_hold_every_token_in_order_and_none_too_many(tokens: list[Token], room: int) -> None:
    chunks = chunked(tokens, room)
    assert [token for chunk in chunks for token in chunk] == tokens
    assert all(0 < len(chunk) <= room for chunk in chunks)


def test_a_cut_lies_at_a_near_comma_else_between_words_else_where_it_must() -> None:
    word, inner, comma = Token(1), Token(2, ends_word=False), Token(3, ends_phrase=True)
    assert len(chunked([word] * 60 + [comma] + [word] * 40, 75)[0]) == 61
    assert len(chunked([comma] + [word] * 100, 75)[0]) == 75, "the comma is too far back"
    assert len(chunked([word] * 70 + [inner] * 30, 75)[0]) == 70
    assert len(chunked([inner] * 100, 75)[0]) == 75


def test_a_chunk_has_marks_at_both_ends_and_is_padded(reader: Reader) -> None:
    (chunk,), lost = reader.chunks("ab (c:1.5)")
    numbers, weights = reader.numbers(chunk), reader.weights(chunk)
    assert lost == 0
    assert len(numbers) == len(weights) == 77
    assert numbers == toy_tokenizer()("ab c", padding="max_length").input_ids
    assert weights == [1.0, 1.0, 1.0, 1.5] + [1.0] * 73


def test_an_empty_prompt_is_one_empty_chunk(reader: Reader) -> None:
    assert reader.chunks("") == (((),), 0)


def test_what_is_beyond_the_last_chunk_is_counted(reader: Reader) -> None:
    chunks, lost = reader.chunks("b" * 2000)
    assert len(chunks) == MOST_CHUNKS
    assert lost == 2000 - MOST_CHUNKS * 75


def test_the_tokenizer_of_the_pipeline_is_left_alone_by_other_threads() -> None:
    tokenizer = toy_tokenizer()
    reader = Reader(tokenizer)
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(50):
                assert reader.count("brick") == 5
                cut = tokenizer("b" * 100, truncation=True, max_length=77).input_ids
                assert len(cut) == 77
        except Exception as error:
            failures.append(error)

    threads = [
        Thread(target=work),
        Thread(target=lambda: [reader.count("b" * 99) for _ in "x" * 99]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
