"""Finished pictures are filed on a thread of their own, while the painter paints the next."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from inpainting.types import PaintResult
from inpainting.web.finished import Finished

MOST_WAITING = 2
"""As many may wait to be filed, the one that is being filed among them; then the painter waits."""

_LOG = logging.getLogger(__name__)


class Filing:
    """Calls `file` for one picture after the other, in another thread, until the block ends."""

    def __init__(self, file: Callable[[PaintResult], Finished]) -> None:
        self._file = file
        self._pool = ThreadPoolExecutor(1, "filing")
        self._waiting: deque[Future[Finished]] = deque()

    def __enter__(self) -> Filing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def add(self, result: PaintResult) -> None:
        """Have a picture filed."""
        self._waiting.append(self._pool.submit(self._file, result))

    def ready(self, most: int = MOST_WAITING) -> Iterator[Finished]:
        """Yield those that are filed, in order; waits while more than `most` are not.

        Raises what `file` raised for one; those after it come with the next call.
        """
        while self._waiting and (self._waiting[0].done() or len(self._waiting) > most):
            yield self._waiting.popleft().result()

    def rest(self) -> Iterator[Finished]:
        """Yield all that are filed, once they are; the log tells of the others."""
        while self._waiting:
            error = self._waiting[0].exception()
            one = self._waiting.popleft()
            if error is None:
                yield one.result()
            else:
                _LOG.error("a finished picture could not be filed", exc_info=error)
