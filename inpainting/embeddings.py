"""Embeddings of photos: computed once, in the background, kept by content, bounded in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from inpainting.types import Embedding

Key = tuple[str, ...]


class EmbeddingCache:
    """A least-recently-used cache of embeddings that holds at most `max_bytes` of finished ones.

    The newest embedding is kept even when it alone is larger. One worker thread computes, in the
    order of asking; callers that ask for the same key share one computation.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._futures: OrderedDict[Key, Future[Embedding]] = OrderedDict()
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")

    def request(self, key: Key, compute: Callable[[], Embedding]) -> Future[Embedding]:
        """Return the future of `compute()` for `key`, started now unless it is known already."""
        with self._lock:
            future = self._futures.get(key)
            known = future is not None and not _has_failed(future)
            if future is None or not known:
                future = self._worker.submit(compute)
                self._futures[key] = future
            self._futures.move_to_end(key)
        self._evict()
        if not known:
            future.add_done_callback(lambda done: self._settle(key, done))
        return future

    @property
    def nbytes(self) -> int:
        """Bytes held by the finished embeddings."""
        with self._lock:
            return sum(map(_cost, self._futures.values()))

    def __len__(self) -> int:
        return len(self._futures)

    def _settle(self, key: Key, future: Future[Embedding]) -> None:
        """Forget a failure, whose traceback holds the photo; make room for a success."""
        with self._lock:
            if _has_failed(future) and self._futures.get(key) is future:
                del self._futures[key]
        self._evict()

    def _evict(self) -> None:
        with self._lock:
            total = sum(map(_cost, self._futures.values()))
            for key in list(self._futures)[:-1]:
                if total <= self._max_bytes:
                    return
                cost = _cost(self._futures[key])
                if cost:
                    total -= cost
                    del self._futures[key]


def _has_failed(future: Future[Embedding]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)


def _cost(future: Future[Embedding]) -> int:
    finished = future.done() and not _has_failed(future)
    return future.result().nbytes if finished else 0
