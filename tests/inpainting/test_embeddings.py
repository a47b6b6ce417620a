from __future__ import annotations

from threading import Event

import pytest

from inpainting.embeddings import EmbeddingCache
from inpainting.types import Embedding


def embedding(nbytes: int = 10) -> Embedding:
    return Embedding((1, 1), nbytes, object())


def test_the_same_key_is_computed_once() -> None:
    cache, calls = EmbeddingCache(100), []

    def compute() -> Embedding:
        calls.append(1)
        return embedding()

    futures = [cache.request(("a",), compute) for _ in range(5)]
    assert len({id(future.result()) for future in futures}) == 1
    assert len(calls) == 1


def test_callers_that_come_early_share_the_running_computation() -> None:
    cache, gate = EmbeddingCache(100), Event()

    def compute() -> Embedding:
        assert gate.wait(10)
        return embedding()

    first = cache.request(("a",), compute)
    second = cache.request(("a",), compute)
    gate.set()
    assert first.result(10) is second.result(10)


def test_the_least_recently_used_goes_first_and_bytes_stay_bounded() -> None:
    cache = EmbeddingCache(25)
    for name in ("a", "b"):
        cache.request((name,), embedding).result()
    cache.request(("a",), embedding).result()
    cache.request(("c",), embedding).result()
    cache.request(("c",), embedding)
    again: list[str] = []

    def recompute(name: str) -> Embedding:
        again.append(name)
        return embedding()

    cache.request(("a",), lambda: recompute("a")).result()
    cache.request(("b",), lambda: recompute("b")).result()
    assert again == ["b"]
    cache.request(("b",), embedding)
    assert cache.nbytes <= 25


def test_one_that_is_too_large_is_kept_until_the_next_comes() -> None:
    cache = EmbeddingCache(5)
    cache.request(("a",), embedding).result()
    assert len(cache) == 1
    cache.request(("b",), embedding).result()
    cache.request(("b",), embedding)
    assert len(cache) == 1


def test_a_failure_reaches_the_caller_and_is_tried_again() -> None:
    cache = EmbeddingCache(100)

    def fail() -> Embedding:
        raise MemoryError

    failed = cache.request(("a",), fail)
    with pytest.raises(MemoryError):
        failed.result()
    assert cache.request(("a",), embedding).result().nbytes == 10


def test_failures_are_forgotten() -> None:
    cache = EmbeddingCache(100)

    def fail() -> Embedding:
        raise MemoryError

    for name in "abc":
        cache.request((name,), fail)
    # The one worker goes on to this only when the failures before it are settled.
    cache.request(("d",), embedding).result()
    assert len(cache) == 1
