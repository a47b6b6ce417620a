"""Workers: one for a GPU, shared by its models, gone with the last of them."""

from __future__ import annotations

import gc
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from models.threads import STEPS_BACK
from models.workers import Workers, painters_own

GPU, OTHER_GPU, CPU = torch.device("cuda:0"), torch.device("cuda:1"), torch.device("cpu")


def test_a_gpu_has_one_worker_however_often_and_by_whomever_it_is_asked_for() -> None:
    workers = Workers()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: workers.of(GPU), range(64)))
    assert found[0] is not None
    assert set(found) == {found[0]}
    assert workers.of(OTHER_GPU) not in (None, found[0])
    assert Workers().of(GPU) is not found[0]


def test_on_a_cpu_there_is_none_and_on_other_gpus_there_is() -> None:
    assert Workers().of(CPU) is None
    assert Workers().of(torch.device("mps")) is not None
    assert Workers(("cpu",)).of(CPU) is not None


def test_a_worker_ends_with_the_last_model_that_has_it() -> None:
    workers = Workers()
    segmenters, painters = workers.of(GPU), workers.of(GPU)
    assert segmenters is not None
    thread = segmenters._thread
    del painters
    gc.collect()
    assert thread.is_alive()
    del segmenters
    gc.collect()
    thread.join(20)
    assert not thread.is_alive()
    assert workers.of(GPU) is not None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has such priorities")
@pytest.mark.parametrize(("device", "steps"), [("cpu", STEPS_BACK), ("cuda:0", 0)])
def test_a_painter_of_its_own_thread_stands_back_on_the_cpu_alone(device: str, steps: int) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert painters_own(device).call(priority) == min(19, priority() + steps)
