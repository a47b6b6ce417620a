"""A machine without room for what is placed in turn."""

from __future__ import annotations

import pytest

from models import ladder
from tests.support.stable import out_of_memory


def no_room(patch: pytest.MonkeyPatch, times: int) -> None:
    """Let memory run out in the next `times` attempts to place a pipeline on a lower rung."""
    hook, left = ladder._hook, [times]

    def hooked(*given: object) -> None:
        left[0] -= 1
        if left[0] >= 0:
            out_of_memory(None)
        hook(*given)  # type: ignore[arg-type]

    patch.setattr(ladder, "_hook", hooked)
