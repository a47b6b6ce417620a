"""Whether a model fits a device whole, in turns, or not at all."""

from __future__ import annotations

import pytest
import torch

from inpainting.errors import ModelUnavailable
from models.placing import dtype_name, must_offload


def test_a_precision_is_named_as_people_know_it() -> None:
    assert dtype_name(torch.float16) == "float16"


@pytest.mark.parametrize(
    ("free", "offloaded"), [(None, False), (10 * 10**9, False), (8 * 10**9, True)]
)
def test_models_take_turns_on_a_gpu_that_is_too_small_for_all(
    monkeypatch: pytest.MonkeyPatch, free: int | None, offloaded: bool
) -> None:
    monkeypatch.setattr("models.placing.free_memory", lambda _: free)
    gpu = torch.device("cuda", 0)
    assert must_offload("SDXL", 9 * 10**9, 6 * 10**9, gpu, torch.float16) is offloaded


def test_a_gpu_too_small_even_so_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.placing.free_memory", lambda _: 4 * 10**9)
    with pytest.raises(ModelUnavailable, match="needs 6 GB"):
        must_offload("SDXL", 9 * 10**9, 6 * 10**9, torch.device("cuda", 0), torch.float16)
