from __future__ import annotations

from statistics import median
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from inpainting.pace import QUICK_SECONDS, Pace


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=12))
def test_the_median_of_the_last_five_decides(seconds: list[float]) -> None:
    pace = Pace()
    assert not pace.quick
    for took in seconds:
        pace.note(took)
    assert pace.quick == (median(seconds[-5:]) < QUICK_SECONDS)


def test_threads_may_note_and_ask_at_once() -> None:
    pace = Pace()
    seen: list[bool] = []

    def work() -> None:
        for _ in range(200):
            pace.note(0.01)
            seen.append(pace.quick)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 800
