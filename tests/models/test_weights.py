"""Weights read from a file by several threads, and models that are filled with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from models.loaders.weights import as_channels_last, empty_model, fill, read_weights, weight_file
from tests.support.tiny import tiny_sdxl_inpaint

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def unet() -> Any:
    return tiny_sdxl_inpaint().unet


@pytest.fixture(scope="module")
def folder(unet: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("unet")
    unet.save_pretrained(place)
    return place


def file_of(folder: Path) -> Path:
    found = weight_file(folder, None)
    assert found is not None
    return found


def test_all_weights_are_read_in_the_precision_and_order_that_are_wanted(
    unet: Any, folder: Path
) -> None:
    weights = read_weights(file_of(folder), CPU, torch.bfloat16)
    expected = unet.state_dict()
    assert weights.keys() == expected.keys()
    for name, weight in weights.items():
        assert weight.dtype == torch.bfloat16
        assert torch.equal(weight, expected[name].bfloat16()), name
    assert weights["conv_in.weight"].is_contiguous(memory_format=torch.channels_last)


def test_whole_numbers_stay_whole_and_few_tensors_are_enough(tmp_path: Path) -> None:
    save_file({"places": torch.arange(5)}, tmp_path / "one.safetensors")
    weights = read_weights(tmp_path / "one.safetensors", CPU, torch.float16)
    assert torch.equal(weights["places"], torch.arange(5))
    assert weights["places"].dtype == torch.int64


def test_an_empty_model_is_filled_and_gives_what_the_saved_one_gives(
    unet: Any, folder: Path
) -> None:
    model = empty_model(diffusers.UNet2DConditionModel, folder)
    assert all(weight.is_meta for weight in model.parameters())
    fill(model, read_weights(file_of(folder), CPU, torch.float32))
    assert not model.training
    plain = diffusers.UNet2DConditionModel.from_pretrained(folder.as_posix())
    assert model.config == plain.config
    given = {
        "sample": torch.zeros(1, 9, 8, 8),
        "timestep": 3,
        "encoder_hidden_states": torch.zeros(1, 4, 64),
        "added_cond_kwargs": {"text_embeds": torch.zeros(1, 32), "time_ids": torch.zeros(1, 6)},
    }
    with torch.no_grad():
        torch.testing.assert_close(
            model(**given).sample, unet(**given).sample, rtol=1e-3, atol=1e-4
        )


def test_weights_of_another_model_and_lacking_ones_are_refused(folder: Path) -> None:
    weights = read_weights(file_of(folder), CPU, torch.float32)
    weights.pop("conv_in.bias")
    with pytest.raises(ValueError, match="not those of the model"):
        fill(empty_model(diffusers.UNet2DConditionModel, folder), weights)


def test_a_buffer_that_no_file_holds_is_noticed() -> None:
    with torch.device("meta"):
        model = torch.nn.Linear(2, 2)
        model.register_buffer("table", torch.zeros(2), persistent=False)
    with pytest.raises(ValueError, match="table"):
        fill(model, {"weight": torch.zeros(2, 2), "bias": torch.zeros(2)})


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(b"\x00\x01")
    with pytest.raises(SafetensorError):
        read_weights(file, CPU, torch.float32)


def test_the_file_of_a_variant_is_taken_first_and_many_files_are_left_to_others(
    tmp_path: Path,
) -> None:
    assert weight_file(tmp_path, "fp16") is None
    (tmp_path / "diffusion_pytorch_model-00001-of-00002.safetensors").touch()
    assert weight_file(tmp_path, "fp16") is None
    plain = tmp_path / "diffusion_pytorch_model.safetensors"
    half = tmp_path / "diffusion_pytorch_model.fp16.safetensors"
    plain.touch()
    assert weight_file(tmp_path, "fp16") == plain
    half.touch()
    assert weight_file(tmp_path, "fp16") == half
    assert weight_file(tmp_path, None) == plain


def test_channels_last_changes_no_number() -> None:
    model = tiny_sdxl_inpaint().vae
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    as_channels_last(model)
    assert model.encoder.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
