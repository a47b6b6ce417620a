"""The drawn world, the examples made of it, and a training run that can be stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from hypothesis import given, settings
from hypothesis import strategies as st

from models.training.batches import make_batch
from models.training.captions import Label, all_labels, vocabulary, write_caption
from models.training.checkpoint import load_state, save_state, start_from
from models.training.holes import random_hole
from models.training.latents import LatentStore, latent_store
from models.training.networks import build_noise_schedule
from models.training.photos import load_photos, random_patch
from models.training.scenes import draw_scene
from models.training.textures import PALETTE
from models.training.tokenizer import MAX_TOKENS, build_tokenizer
from models.training.train import Plan, Stage, Trainer, cached_tokenizer, learning_rate, run

_ROOT = Path(__file__).resolve().parents[2]
_PHOTOS = _ROOT / "assets" / "photos"
_TINY = Plan(
    small=Stage(((64, 64), (72, 56)), (0.5, 0.5), 8, 8, 2),
    large=Stage(((96, 96),), (1.0,), 4, 4, 1),
    steps=3,
    warmup=1,
    small_share=0.6,
)


@pytest.fixture(scope="module")
def vae() -> AutoencoderKL:
    folder = _ROOT / "models" / "embedded" / "vae"
    return AutoencoderKL.from_pretrained(folder).to(torch.float32).eval()


@pytest.fixture(scope="module")
def store(vae: AutoencoderKL, tmp_path_factory: pytest.TempPathFactory) -> LatentStore:
    folder = tmp_path_factory.mktemp("latents")
    return latent_store(folder, vae, load_photos(_PHOTOS), (64, 64), (6, 5), seed=1)


@given(seed=st.integers(0, 2**32), width=st.integers(32, 160), height=st.integers(32, 160))
@settings(max_examples=25, deadline=None)
def test_a_seed_gives_one_scene_of_the_asked_size(seed: int, width: int, height: int) -> None:
    first = draw_scene(np.random.default_rng(seed), (width, height))
    again = draw_scene(np.random.default_rng(seed), (width, height))
    assert first.pixels.shape == (height, width, 3)
    assert first.pixels.dtype == np.uint8
    assert np.array_equal(first.pixels, again.pixels)
    assert (first.caption, first.label) == (again.caption, again.label)


def test_seeds_give_different_scenes() -> None:
    label = Label("landscape", "day", "sea")
    first, second = (draw_scene(np.random.default_rng(s), (64, 64), label) for s in (1, 2))
    assert not np.array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("label", all_labels(), ids=lambda label: label.words.replace(" ", "-"))
def test_every_label_can_be_drawn_and_is_not_flat(label: Label) -> None:
    scene = draw_scene(np.random.default_rng(3), (96, 96), label)
    assert scene.label == label
    assert scene.pixels.std() > 1


@pytest.mark.parametrize("colour", PALETTE)
def test_a_wall_has_the_colour_that_its_caption_names(colour: str) -> None:
    scene = draw_scene(np.random.default_rng(4), (96, 96), Label("texture", colour, "wall"))
    mean = scene.pixels.mean(axis=(0, 1))
    nearest = min(PALETTE, key=lambda name: float(np.linalg.norm(mean - PALETTE[name])))
    assert nearest == colour


def test_night_is_darker_than_storm_and_storm_darker_than_day() -> None:
    light = [
        np.mean(
            [
                draw_scene(
                    np.random.default_rng(s), (64, 64), Label("landscape", sky, "sea")
                ).pixels
                for s in range(8)
            ]
        )
        for sky in ("night", "storm", "day")
    ]
    assert light == sorted(light)


def test_captions_use_known_words_and_half_of_them_are_plain() -> None:
    rng = np.random.default_rng(5)
    known = set(vocabulary())
    pairs = [(label, write_caption(label, rng)) for label in all_labels() for _ in range(20)]
    assert {word.strip(",") for _, caption in pairs for word in caption.split()} <= known
    plain = sum(caption == label.words for label, caption in pairs) / len(pairs)
    assert 0.45 < plain < 0.65


def test_every_caption_word_is_one_token() -> None:
    tokenizer = build_tokenizer()
    for word in vocabulary():
        assert len(tokenizer(word).input_ids) == 3, word


@given(text=st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_text_can_be_tokenized(text: str) -> None:
    tokenizer = build_tokenizer()
    tokens = tokenizer(text, truncation=True, padding="max_length", max_length=MAX_TOKENS)
    assert len(tokens.input_ids) == MAX_TOKENS
    assert max(tokens.input_ids) < len(tokenizer)


def test_the_tokenizer_is_always_the_same() -> None:
    assert build_tokenizer().get_vocab() == build_tokenizer().get_vocab()


@given(seed=st.integers(0, 2**32), width=st.integers(32, 128), height=st.integers(32, 128))
@settings(max_examples=25, deadline=None)
def test_a_hole_fits_its_picture(seed: int, width: int, height: int) -> None:
    hole = random_hole((width, height), np.random.default_rng(seed))
    assert hole.shape == (height, width)
    assert hole.dtype == np.bool_


def test_holes_are_small_large_and_whole() -> None:
    areas = [random_hole((64, 64), np.random.default_rng(s)).mean() for s in range(200)]
    assert min(areas) < 0.3
    assert 0.08 < np.mean(np.array(areas) == 1) < 0.2
    assert np.median(areas) > 0.5


def test_a_patch_has_the_asked_size_whatever_the_photo() -> None:
    photos = [np.zeros((20, 300, 3), np.uint8), np.full((90, 40, 3), 9, np.uint8)]
    for seed in range(10):
        patch = random_patch(photos, (48, 24), np.random.default_rng(seed))
        assert patch.shape == (24, 48, 3)


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no JPEG, PNG or WebP"):
        load_photos(tmp_path)


def test_latents_are_read_back_as_they_were_made(vae: AutoencoderKL, tmp_path: Path) -> None:
    photos = load_photos(_PHOTOS)
    made = latent_store(tmp_path, vae, photos, (64, 48), (3, 2), seed=1)
    read = latent_store(tmp_path, vae, [], (64, 48), (3, 2), seed=1)
    assert made.scenes.shape == (3, 4, 6, 8)
    assert made.holes.shape == (2, 1, 6, 8)
    assert all(torch.equal(vars(made)[name], vars(read)[name]) for name in vars(made))


def test_an_example_holds_the_scene_in_the_hole_and_the_photo_outside(store: LatentStore) -> None:
    batch = make_batch(store, build_tokenizer(), 8, 1000, np.random.default_rng(2))
    outside = (1 - batch.hole).bool().expand_as(batch.target)
    inside = batch.hole.bool().expand_as(batch.target)
    assert torch.equal(batch.target[outside], batch.kept[outside])
    assert not torch.equal(batch.target[inside], batch.kept[inside])
    assert sorted(batch.timesteps // 125) == list(range(8))


def test_the_noise_schedule_ends_in_noise_alone() -> None:
    signal = build_noise_schedule().alphas_cumprod
    assert float(signal[0]) > 0.99
    assert float(signal[-1]) < 1e-4


def test_the_learning_rate_rises_then_falls_to_almost_nothing() -> None:
    plan = Plan(_TINY.small, _TINY.large, warmup=10)
    assert learning_rate(plan, 0.0, 0) < learning_rate(plan, 0.001, 9)
    assert learning_rate(plan, 1.0, 10_000) == pytest.approx(plan.rate / 100)


def test_a_stopped_run_goes_on_to_the_same_weights(vae: AutoencoderKL, tmp_path: Path) -> None:
    through = _trainer(vae, tmp_path)
    for _ in range(3):
        through.step()
    stopped = _trainer(vae, tmp_path)
    stopped.step()
    save_state(stopped.state, tmp_path / "state.safetensors")
    resumed = _trainer(vae, tmp_path)
    load_state(resumed.state, tmp_path / "state.safetensors")
    for _ in range(2):
        resumed.step()
    assert resumed.progress() == 1
    assert resumed.state.samples == through.state.samples == 5
    for kind in ("networks", "average"):
        expected, actual = (getattr(t.state, kind).state_dict() for t in (through, resumed))
        assert all(torch.equal(actual[name], expected[name]) for name in expected)


def test_training_leaves_the_columns_of_the_sizes_at_zero(
    vae: AutoencoderKL, tmp_path: Path
) -> None:
    trainer = _trainer(vae, tmp_path)
    before = trainer.state.networks.unet.conv_out.weight.clone()
    trainer.step()
    columns = trainer.state.networks.unet.add_embedding.linear_1.weight[:, 128:]
    assert columns.shape[1] == 48
    assert not columns.any()
    assert not torch.equal(before, trainer.state.networks.unet.conv_out.weight)


def test_a_run_ends_with_a_pipeline_that_training_can_start_from(
    vae: AutoencoderKL, tmp_path: Path
) -> None:
    trainer = _trainer(vae, tmp_path)
    run(trainer, tmp_path / "state.safetensors", tmp_path / "out", every_s=1e-9)
    assert (tmp_path / "state.safetensors").exists()
    later = _trainer(vae, tmp_path)
    start_from(later.state, tmp_path / "out")
    expected = trainer.state.average.state_dict()
    for networks in (later.state.networks, later.state.average):
        for name, weight in networks.state_dict().items():
            assert torch.allclose(weight, expected[name], atol=2e-3), name
    words = "sunset over the polka dots"
    kept = cached_tokenizer(tmp_path / "other", origin=tmp_path / "out" / "tokenizer")
    assert kept(words).input_ids == trainer.tokenizer(words).input_ids


def test_minutes_end_a_run_too(vae: AutoencoderKL, tmp_path: Path) -> None:
    plan = replace(_TINY, minutes=2.0)
    trainer = Trainer(plan, vae, build_tokenizer(), _PHOTOS, tmp_path)
    trainer.state.seconds = 60.0
    assert trainer.progress() == 0.5


def _trainer(vae: AutoencoderKL, cache: Path) -> Trainer:
    return Trainer(_TINY, vae, cached_tokenizer(cache / "tokenizer"), _PHOTOS, cache)
