"""Devices, precision, and what counts as too little memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inpainting.errors import BadRequest
from models.device import (
    Hardware,
    _available_memory,
    choose_device,
    choose_dtype,
    free_memory,
    is_out_of_memory,
    unless_out_of_memory,
)

NOTHING = Hardware(cuda_devices=0, mps=False)


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("auto", NOTHING, "cpu"),
        ("auto", Hardware(0, True), "mps"),
        ("auto", Hardware(2, True), "cuda:0"),
        ("cpu", Hardware(1, False), "cpu"),
        (" CUDA ", Hardware(1, False), "cuda:0"),
        ("cuda:1", Hardware(2, False), "cuda:1"),
        ("mps", Hardware(0, True), "mps"),
    ],
)
def test_the_device_is_the_best_there_is_or_the_one_asked_for(
    wanted: str, there: Hardware, chosen: str
) -> None:
    assert choose_device(wanted, there) == torch.device(chosen)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("cuda", "no CUDA"),
        ("mps", "no MPS"),
        ("gpu", "must be auto"),
        ("meta", "must be auto"),
        ("", "must be auto"),
        ("cuda:x", "must be auto"),
    ],
)
def test_a_device_that_is_not_there_is_refused(wanted: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        choose_device(wanted, NOTHING)


def test_a_gpu_beyond_the_last_is_refused_with_the_last() -> None:
    with pytest.raises(BadRequest, match="'cuda:1'"):
        choose_device("cuda:2", Hardware(2, False))


def test_a_device_is_chosen_on_this_machine() -> None:
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


def test_half_precision_is_for_devices_that_are_fast_in_it() -> None:
    assert choose_dtype(torch.device("cpu")) == torch.float32
    assert choose_dtype(torch.device("cuda", 0)) == torch.float16
    assert choose_dtype(torch.device("mps")) == torch.float16


def test_free_memory_is_bytes_or_unknown(tmp_path: Path) -> None:
    free = free_memory(torch.device("cpu"))
    assert free is None or free > 1_000_000
    assert free_memory(torch.device("mps")) is None
    assert _available_memory(tmp_path / "none") is None
    table = tmp_path / "meminfo"
    table.write_text("MemTotal: 900 kB\nMemAvailable:   500 kB\n")
    assert _available_memory(table) == 500 * 1024
    table.write_text("MemTotal: 900 kB\n")
    assert _available_memory(table) is None


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("x"),
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
    ],
)
def test_every_way_to_say_that_memory_ran_out_is_known(error: Exception) -> None:
    def fail() -> None:
        raise error

    assert is_out_of_memory(error)
    assert unless_out_of_memory(fail) is None


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("out of memory"),
        KeyboardInterrupt("out of memory"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: BaseException) -> None:
    def fail() -> None:
        raise error

    assert not is_out_of_memory(error)
    with pytest.raises(type(error)):
        unless_out_of_memory(fail)


def test_what_fits_is_returned() -> None:
    assert unless_out_of_memory(lambda: 7) == 7


@pytest.mark.parametrize(
    ("able", "quick"),
    [
        ({"avx512_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"bf16": True, "architecture": "aarch64"}, True),
        ({"avx2": True, "avx512_f": True, "l2_cache_size": 1048576}, False),
        ({}, False),
    ],
)
def test_16_bits_on_the_cpu_are_for_processors_that_calculate_in_them(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, object], quick: bool
) -> None:
    cpu, half = torch.device("cpu"), torch.bfloat16 if quick else torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert choose_dtype(cpu, big=True) == half
    assert choose_dtype(cpu) == torch.float32
    assert choose_dtype(torch.device("cuda", 0), big=True) == torch.float16


@pytest.mark.parametrize(("share", "free"), [(1.0, 50), (0.5, 40), (0.3, 20)])
def test_no_more_is_free_than_is_left_of_the_process_s_share(
    monkeypatch: pytest.MonkeyPatch, share: float, free: int
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (50, 100))
    monkeypatch.setattr(torch.cuda, "get_per_process_memory_fraction", lambda _: share)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 10)
    assert free_memory(torch.device("cuda", 0)) == free
