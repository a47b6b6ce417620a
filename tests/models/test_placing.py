"""Which rung of the memory ladder a model gets, and what its precision is called."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest, ModelUnavailable
from models.catalog import painter_row
from models.placing import Rung, choose_rung, dtype_name, needed, needs, placement
from models.rows.base import PainterRow
from models.rows.flow import FLOW
from models.rows.stable import STABLE

GB = 10**9
GPU, CPU, MPS = torch.device("cuda", 0), torch.device("cpu"), torch.device("mps")
SDXL = needs(painter_row("sdxl-inpainting"))


def with_free(patch: pytest.MonkeyPatch, free: int | None) -> None:
    patch.setattr("models.placing.free_memory", lambda _: free)


def test_a_precision_is_named_as_people_know_it() -> None:
    assert dtype_name(torch.float16) == "float16"


@pytest.mark.parametrize(
    ("free", "rung"),
    [
        (None, Rung.RESIDENT),
        (12 * GB, Rung.RESIDENT),
        (9 * GB, Rung.RESIDENT),
        (8 * GB, Rung.OFFLOAD),
        (6 * GB, Rung.GROUPS),
    ],
)
def test_sdxl_gets_the_rung_that_its_card_has_room_for(
    monkeypatch: pytest.MonkeyPatch, free: int | None, rung: Rung
) -> None:
    with_free(monkeypatch, free)
    assert choose_rung("SDXL", *SDXL, GPU, torch.float16) is rung
    assert choose_rung("SDXL", *SDXL, GPU, torch.bfloat16) is rung


def test_32_bits_take_twice_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 12 * GB)
    assert choose_rung("SDXL", *SDXL, GPU, torch.float32) is Rung.GROUPS


def test_a_gpu_too_small_for_the_last_rung_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_free(monkeypatch, 2 * GB)
    with pytest.raises(ModelUnavailable, match=r"^SDXL needs 4 GB of free .* there are 2\.0"):
        choose_rung("SDXL", *SDXL, GPU, torch.float16)


@pytest.mark.parametrize("device", [CPU, MPS])
def test_elsewhere_all_of_it_must_fit(
    monkeypatch: pytest.MonkeyPatch, device: torch.device
) -> None:
    with_free(monkeypatch, 8 * GB)
    with pytest.raises(ModelUnavailable, match="SDXL needs 9 GB"):
        choose_rung("SDXL", *SDXL, device, torch.float16)
    with_free(monkeypatch, 18 * GB)
    assert choose_rung("SDXL", *SDXL, device, torch.float32) is Rung.RESIDENT


@pytest.mark.parametrize("rung", list(Rung))
def test_the_rung_that_is_wanted_is_taken_unseen(
    monkeypatch: pytest.MonkeyPatch, rung: Rung
) -> None:
    with_free(monkeypatch, 1)
    assert choose_rung("SDXL", *SDXL, GPU, torch.float16, rung.value) is rung


@pytest.mark.parametrize("device", [CPU, MPS])
def test_a_rung_that_the_device_has_not_is_refused(device: torch.device) -> None:
    for wanted in ("offload", "groups"):
        with pytest.raises(BadRequest, match=f"memory is '{wanted}', but on {device} .* auto or"):
            choose_rung("SDXL", *SDXL, device, torch.float32, wanted)
    assert choose_rung("SDXL", *SDXL, device, torch.float32, "resident") is Rung.RESIDENT


def test_an_unknown_rung_is_refused() -> None:
    with pytest.raises(BadRequest, match="auto or resident or offload or groups"):
        choose_rung("SDXL", *SDXL, GPU, torch.float16, "tiny")


@pytest.mark.parametrize("row", [*STABLE, *FLOW], ids=lambda row: row.key)
def test_each_rung_needs_no_more_than_the_one_above(row: PainterRow) -> None:
    for eight_bit in (False, True):
        whole, offloaded, grouped = needs(row, eight_bit)
        assert 0 < grouped <= offloaded <= whole
    assert all(half <= full for half, full in zip(needs(row, True), needs(row), strict=True))


@given(st.integers(1, 200), st.integers(1, 100), st.integers(0, 200))
def test_needs_fall_for_every_row(whole: int, offloaded: int, download: int) -> None:
    class Row:
        memory = max(whole, offloaded) * GB
        memory_offloaded = offloaded * GB

    row = Row()
    row_with = type("RowWith", (Row,), {"download": download * GB})()
    sizes = needs(row_with)
    assert list(sizes) == sorted(sizes, reverse=True)
    assert all(half <= full for half, full in zip(needs(row_with, True), sizes, strict=True))
    assert sizes[0] == row.memory


def test_words_are_for_devices_with_a_choice() -> None:
    assert placement(Rung.GROUPS, GPU) == "its layers take turns on the GPU"
    assert placement(Rung.RESIDENT, CPU) == ""
    assert len({placement(rung, GPU) for rung in Rung}) == 3


@pytest.mark.parametrize("eight_bit", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
@pytest.mark.parametrize("row", (*STABLE, *FLOW), ids=lambda row: row.key)
def test_what_is_needed_is_what_makes_a_rung_be_chosen(
    monkeypatch: pytest.MonkeyPatch, row: PainterRow, dtype: torch.dtype, eight_bit: bool
) -> None:
    sizes = needs(row, eight_bit)
    assert needed(row, dtype, eight_bit=eight_bit) == needed(row, dtype, "resident", eight_bit)
    for rung in Rung:
        with_free(monkeypatch, needed(row, dtype, rung.value, eight_bit))
        chosen = choose_rung(row.title, *sizes, GPU, dtype)
        assert list(Rung).index(chosen) <= list(Rung).index(rung)
    with_free(monkeypatch, needed(row, dtype, eight_bit=eight_bit) - 1)
    if sizes[0] > sizes[2]:
        assert choose_rung(row.title, *sizes, GPU, dtype) is not Rung.RESIDENT
