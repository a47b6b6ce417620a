"""A pipeline paints the same on every rung, on the way down, in 8 bits and with LoRA files.

There is no GPU where the tests run: the CPU stands in for it, with all rungs, and with streams
whose copies of the weights come and go as those on CUDA do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers.hooks.group_offloading as grouping
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from models.families import FAMILIES
from models.ladder import (
    TILE,
    Ladder,
    Rung,
    changeable,
    store_in_eight_bits,
)
from models.lora import add_adapter
from models.modes import Mode, Pipelines
from models.pipeline_calls import siblings
from models.reusing import reusing
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint
from tests.support.tiny_flow import tiny_pipeline

CPU = torch.device("cpu")
SIDE = 64
Picture = NDArray[np.float32]


class Still(torch.cpu.Stream):
    """A stream that is always done."""

    def synchronize(self) -> None:
        """Wait for nothing."""


class Backend:
    """What diffusers asks of a device with streams."""

    Stream = Still

    def __init__(self, _device: torch.device) -> None: ...

    def stream(self, stream: Still) -> Any:
        """Work on that stream inside."""
        return torch.cpu.stream(stream)

    def current_stream(self) -> Still:
        """Return the stream that is worked on."""
        return Still()


@pytest.fixture(autouse=True)
def all_rungs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the CPU have all rungs."""
    monkeypatch.setattr("models.ladder.rungs", lambda _: tuple(Rung))


@pytest.fixture(autouse=True)
def streams(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let copies of the weights come and go on streams, as on CUDA, where a test asks not else."""
    if getattr(request, "param", True):
        plain = grouping.GroupOffloadingConfig

        def streaming(**given: Any) -> grouping.GroupOffloadingConfig:
            return plain(**{**given, "stream": Still()})

        monkeypatch.setattr(grouping, "TorchDeviceBackend", Backend)
        monkeypatch.setattr(grouping, "GroupOffloadingConfig", streaming)
        monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)


def job(pipeline: Any, **more: Any) -> Picture:
    """Paint in a hole of noise."""
    rgb = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    hole = np.zeros((SIDE, SIDE), np.uint8)
    hole[16:48] = 255
    pipeline.set_progress_bar_config(disable=True)
    given = {"height": SIDE, "width": SIDE, "num_inference_steps": 2, "strength": 0.9}
    found = pipeline(
        "red brick",
        image=Image.fromarray(rgb),
        mask_image=Image.fromarray(hole),
        generator=torch.Generator("cpu").manual_seed(1),
        output_type="np",
        **{**given, **more},
    )
    return np.asarray(found.images, np.float32)


def psnr(one: Picture, other: Picture) -> float:
    return float(10 * np.log10(1 / max(1e-12, float(((one - other) ** 2).mean()))))


def placed(pipeline: Any, rung: Rung) -> Ladder:
    ladder = Ladder(pipeline, CPU, rung)
    ladder.place()
    return ladder


@pytest.mark.parametrize(
    ("build", "streams"),
    [(tiny_sdxl_inpaint, True), (tiny_sdxl_inpaint, False), (tiny_sd_inpaint, True)],
    indirect=["streams"],
)
def test_the_same_is_painted_on_every_rung_down(build: Any) -> None:
    pipeline = build()
    expected = job(pipeline)
    ladder = placed(pipeline, Rung.RESIDENT)
    seen = []
    while ladder.lower():
        seen.append(ladder.rung)
        for _ in range(2):  # the order of the layers is learnt in the first
            assert np.array_equal(job(pipeline), expected)
        assert pipeline._execution_device.type == "cpu"
    assert seen == [Rung.OFFLOAD, Rung.GROUPS]
    assert not ladder.lower()
    assert ladder.rung is Rung.GROUPS


def test_a_rung_can_be_taken_anew_and_left_upwards() -> None:
    pipeline = tiny_sdxl_inpaint()
    expected = job(pipeline)
    for rung in (Rung.GROUPS, Rung.GROUPS, Rung.OFFLOAD, Rung.RESIDENT):
        placed(pipeline, rung)
        assert np.array_equal(job(pipeline), expected)


def test_siblings_go_along() -> None:
    """The pipelines for other modes share the models, and with them where these are."""
    pipelines = Pipelines(tiny_sdxl_inpaint(channels=4))
    text = pipelines.of(Mode.TEXT)

    def paint(pipeline: Any) -> Picture:
        given = {"height": SIDE, "width": SIDE, "num_inference_steps": 2, "output_type": "np"}
        seeded = torch.Generator("cpu").manual_seed(1)
        return np.asarray(pipeline("red brick", generator=seeded, **given).images, np.float32)

    expected = paint(text)
    ladder = placed(pipelines.main, Rung.OFFLOAD)
    assert np.array_equal(paint(text), expected)
    assert ladder.lower()
    assert np.array_equal(paint(text), expected)
    assert text._execution_device == CPU


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_every_family_goes_all_the_way_down(kind: str) -> None:
    """In 8 bits; its models keep their weights, and its hooks are those of one rung at a time."""
    pipeline = tiny_pipeline(kind)
    before = nbytes(pipeline)
    store_in_eight_bits(pipeline, torch.float32)
    assert nbytes(pipeline) < before
    assert {getattr(model, "dtype", torch.float32) for _, model in models_of(pipeline)} == {
        torch.float32
    }
    siblings(pipeline, FAMILIES[kind])
    weights = {name: total(model) for name, model in models_of(pipeline)}
    ladder = placed(pipeline, Rung.RESIDENT)
    while ladder.lower():
        pipeline.maybe_free_model_hooks()
        assert {name: total(model) for name, model in models_of(pipeline)} == weights
    assert not any(hasattr(model, "_hf_hook") for _, model in models_of(pipeline))
    assert any(is_grouped(model) for _, model in models_of(pipeline))
    assert not is_grouped(getattr(pipeline, FAMILIES[kind].vae))


def models_of(pipeline: Any) -> list[tuple[str, torch.nn.Module]]:
    parts = pipeline.components.items()
    return [(name, part) for name, part in parts if isinstance(part, torch.nn.Module)]


def total(model: torch.nn.Module) -> float:
    return float(sum(float(tensor.detach().double().sum()) for tensor in model.parameters()))


def is_grouped(model: torch.nn.Module) -> bool:
    return bool(grouping._is_group_offload_enabled(model))


def test_frames_of_the_native_size_are_not_cut_in_tiles() -> None:
    pipeline: Any = tiny_sdxl_inpaint()
    placed(pipeline, Rung.RESIDENT)
    assert not pipeline.vae.use_tiling
    placed(pipeline, Rung.OFFLOAD)
    assert pipeline.vae.use_tiling
    assert pipeline.vae.tile_sample_min_size == TILE
    assert pipeline.vae.tile_latent_min_size == TILE // 8


def test_compiled_layers_are_forgotten_on_the_way_down() -> None:
    """Compiled code may hold the very addresses of weights that now come and go."""
    pipeline: Any = tiny_sdxl_inpaint()
    expected = job(pipeline)
    block = pipeline.unet.down_blocks[0]
    block.compile(backend="eager")
    ladder = placed(pipeline, Rung.RESIDENT)
    assert block._compiled_call_impl is not None
    assert ladder.lower()
    assert block._compiled_call_impl is None
    assert np.array_equal(job(pipeline), expected)


def test_deep_layers_can_be_left_out_where_layers_take_turns() -> None:
    pipeline: Any = tiny_sdxl_inpaint()
    with reusing(pipeline.unet, 2):
        expected = job(pipeline, num_inference_steps=5)
    assert not np.array_equal(job(pipeline, num_inference_steps=5), expected)
    placed(pipeline, Rung.GROUPS)
    for _ in range(2):
        with reusing(pipeline.unet, 2):
            assert np.array_equal(job(pipeline, num_inference_steps=5), expected)


def test_a_job_that_failed_midway_leaves_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline: Any = tiny_sdxl_inpaint()
    expected = job(pipeline)
    ladder = placed(pipeline, Rung.OFFLOAD)
    assert ladder.lower()
    with monkeypatch.context() as patch, pytest.raises(torch.OutOfMemoryError):
        patch.setattr(pipeline.unet.mid_block, "forward", raising)
        job(pipeline)
    assert np.array_equal(job(pipeline), expected)
    with monkeypatch.context() as patch, pytest.raises(torch.OutOfMemoryError):
        patch.setattr(pipeline.unet.mid_block, "forward", raising)
        job(pipeline)
    ladder.place()
    assert np.array_equal(job(pipeline), expected)


def raising(*_given: Any, **_named: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


# -- 8 bits ------------------------------------------------------------------------------------


def test_8_bits_paint_nearly_the_same_in_less_memory() -> None:
    dtype = torch.bfloat16
    pipeline = in_dtype(tiny_sdxl_inpaint(), dtype)
    expected, before = job(pipeline), nbytes(pipeline)
    store_in_eight_bits(pipeline, dtype)
    assert nbytes(pipeline) < before * 0.8
    assert {pipeline.unet.dtype, pipeline.text_encoder.dtype, pipeline.vae.dtype} == {dtype}
    found = job(pipeline)
    assert psnr(found, expected) > 28
    for rung in Rung:
        placed(pipeline, rung)
        assert np.array_equal(job(pipeline), found)
        assert nbytes(pipeline) < before * 0.8


def in_dtype(pipeline: Any, dtype: torch.dtype) -> Any:
    for _, model in models_of(pipeline):
        torch.nn.Module.to(model, dtype=dtype)
    return pipeline


def nbytes(pipeline: Any) -> int:
    models = (model for _, model in models_of(pipeline))
    return sum(tensor.nbytes for model in models for tensor in model.parameters())


# -- LoRA files --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loras")
    return tiny_lora(tiny_sdxl_inpaint(), folder / "a.safetensors")


@pytest.mark.parametrize(
    ("rung", "eight_bit"), [(Rung.OFFLOAD, False), (Rung.GROUPS, False), (Rung.GROUPS, True)]
)
def test_a_lora_file_works_on_every_rung(lora: Path, rung: Rung, eight_bit: bool) -> None:
    plain, pipeline = built(eight_bit), built(eight_bit)
    without = job(plain)
    add(plain, lora)
    expected = job(plain)
    assert not np.array_equal(without, expected)
    placed(pipeline, rung)
    job(pipeline)
    add(pipeline, lora)
    assert np.array_equal(job(pipeline), expected)
    pipeline.delete_adapters("a")
    assert np.array_equal(job(pipeline), without)


def test_a_lora_file_is_not_rounded_to_8_bits(lora: Path) -> None:
    whole, eight = built(False), built(True)
    add(whole, lora)
    add(eight, lora)
    for one, other in zip(lora_weights(whole), lora_weights(eight), strict=True):
        assert torch.equal(one, other)


def built(eight_bit: bool) -> Any:
    pipeline = in_dtype(tiny_sdxl_inpaint(), torch.bfloat16)
    if eight_bit:
        store_in_eight_bits(pipeline, torch.bfloat16)
    return pipeline


def add(pipeline: Any, file: Path) -> None:
    assert add_adapter(pipeline, file.parent.as_posix(), file.name, "a")


def lora_weights(pipeline: Any) -> list[torch.Tensor]:
    named = [*pipeline.unet.named_parameters(), *pipeline.text_encoder.named_parameters()]
    return [tensor.detach() for name, tensor in named if "lora_" in name]


def test_an_error_while_layers_change_leaves_the_rung_as_it_was() -> None:
    pipeline = built(True)
    placed(pipeline, Rung.GROUPS)
    expected = job(pipeline)
    with pytest.raises(ValueError, match="no file"), changeable(pipeline):
        assert not is_grouped(pipeline.unet)
        raise ValueError("no file")
    assert is_grouped(pipeline.unet)
    assert np.array_equal(job(pipeline), expected)
