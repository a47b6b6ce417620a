"""Deep layers that rest: which steps are full, what rests in the others, what is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel

from models.guiding import guided_steps, needed, unguided
from models.reusing import reusing
from tests.support.stable import Fault, out_of_memory
from tests.support.tiny import tiny_lora, tiny_sd_inpaint, tiny_sdxl_inpaint

CROSS, PLAIN = "CrossAttn", ""


def unet_of(*attentions: str, layers: int = 1, middle: bool = True) -> Any:
    """Return a UNet with these blocks from its first to its deepest."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            block_out_channels=(8,) * len(attentions),
            layers_per_block=layers,
            norm_num_groups=4,
            down_block_types=tuple(f"{kind}DownBlock2D" for kind in attentions),
            up_block_types=tuple(f"{kind}UpBlock2D" for kind in reversed(attentions)),
            mid_block_type="UNetMidBlock2DCrossAttn" if middle else None,
            attention_head_dim=4,
            cross_attention_dim=8,
        ).eval()


UNETS = {
    "two, as the tiny ones": unet_of(PLAIN, CROSS),
    "three, as SDXL": unet_of(PLAIN, CROSS, CROSS, layers=2),
    "four, as SD 1.5": unet_of(CROSS, CROSS, CROSS, PLAIN, layers=2),
    "without a middle": unet_of(CROSS, PLAIN, middle=False),
}


@pytest.fixture(params=UNETS)
def unet(request: pytest.FixtureRequest) -> Any:
    return UNETS[request.param]


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*(shape or (2, 4, 16, 24)), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def run(unet: Any, sample: torch.Tensor, time: int = 500) -> torch.Tensor:
    prompt = noise(9, 1, 3, 8).expand(len(sample), -1, -1)
    return torch.as_tensor(unet(sample, time, prompt, return_dict=False)[0])


class Runs:
    """Counts the runs of a UNet's blocks by their names."""

    def __init__(self, unet: Any) -> None:
        self._count: Counter[str] = Counter()
        self._handles = []
        named = [("middle", unet.mid_block)] if unet.mid_block is not None else []
        named += [(f"down {n}", block) for n, block in enumerate(unet.down_blocks)]
        named += [(f"up {n}", block) for n, block in enumerate(unet.up_blocks)]
        self.all = {name for name, _ in named}
        self.shallow = {"down 0", f"up {len(unet.up_blocks) - 1}"}
        for name, block in named:
            self._handles.append(block.register_forward_hook(self._hear(name)))

    def _hear(self, name: str) -> Any:
        def heard(*_: Any) -> None:
            self._count[name] += 1

        return heard

    def take(self) -> set[str]:
        """Return what ran since the last time; nothing may have run twice."""
        assert set(self._count.values()) <= {1}
        names = set(self._count)
        self._count.clear()
        return names

    def done(self) -> None:
        for handle in self._handles:
            handle.remove()


@pytest.fixture
def runs(unet: Any) -> Iterator[Runs]:
    made = Runs(unet)
    yield made
    made.done()


@pytest.mark.parametrize("every", [2, 3])
def test_the_first_and_every_so_many_th_run_is_full(unet: Any, runs: Runs, every: int) -> None:
    with reusing(unet, every):
        for number in range(7):
            run(unet, noise(number))
            assert runs.take() == (runs.shallow if number % every else runs.all)


def test_each_entry_begins_with_a_full_run(unet: Any, runs: Runs) -> None:
    for _ in range(2):
        with reusing(unet, 5):
            run(unet, noise(1))
            assert runs.take() == runs.all


def test_a_full_run_gives_the_very_bytes_and_so_does_one_on_the_same_input(unet: Any) -> None:
    whole = run(unet, noise(1))
    with reusing(unet, 3):
        assert torch.equal(run(unet, noise(1)), whole)
        assert torch.equal(run(unet, noise(1)), whole)
        assert not torch.equal(run(unet, noise(2)), run(unet, noise(2), 400))
    assert torch.equal(run(unet, noise(1)), whole)


def test_a_run_between_sees_its_own_input_and_is_not_the_full_one(unet: Any) -> None:
    whole = run(unet, noise(2))
    with reusing(unet, 2):
        first = run(unet, noise(1))
        between = run(unet, noise(2))
    assert between.shape == whole.shape
    assert not torch.equal(between, whole)
    assert not torch.equal(between, first)


def test_sizes_that_do_not_halve_are_reused_too(unet: Any) -> None:
    sample = noise(1, 1, 4, 9, 13)
    whole = run(unet, sample)
    with reusing(unet, 2):
        assert torch.equal(run(unet, sample), whole)
        assert torch.equal(run(unet, sample), whole)


def test_another_batch_or_size_begins_anew(unet: Any, runs: Runs) -> None:
    shapes = [(2, 4, 8, 8), (1, 4, 8, 8), (1, 4, 8, 8), (1, 4, 7, 8), (1, 4, 8, 8)]
    with reusing(unet, 3):
        ran = []
        for shape in shapes:
            run(unet, noise(1, *shape))
            ran.append(runs.take() == runs.all)
    assert ran == [True, True, False, True, True]


def test_one_changes_nothing(unet: Any, runs: Runs) -> None:
    with reusing(unet, 1):
        assert not vars(unet).keys() & {"down_blocks", "up_blocks"}
        for _ in range(2):
            run(unet, noise(1))
            assert runs.take() == runs.all


def test_nothing_is_left_behind_after_an_error(unet: Any, runs: Runs) -> None:
    before, names = dict(vars(unet)), [name for name, _ in unet.named_modules()]
    with pytest.raises(RuntimeError, match="stop"), reusing(unet, 2):
        assert [name for name, _ in unet.named_modules()] == names
        run(unet, noise(1))
        raise RuntimeError("stop")
    assert vars(unet) == before
    runs.take()
    run(unet, noise(1))
    assert runs.take() == runs.all


def test_a_full_run_that_fails_is_made_up_for(unet: Any, runs: Runs) -> None:
    whole, block = run(unet, noise(1)), unet.up_blocks[0]
    runs.take()
    with reusing(unet, 3):
        Fault(block, "forward", out_of_memory)
        with pytest.raises(torch.OutOfMemoryError):
            run(unet, noise(1))
        del block.forward
        assert runs.take() < runs.all
        assert torch.equal(run(unet, noise(1)), whole)
        assert runs.take() == runs.all


# -- on pipelines ----------------------------------------------------------------------------


def paint(pipeline: Any, every: int = 1, until: float = 1.0) -> torch.Tensor:
    """Return the latents of six steps."""
    guided = guided_steps(6, until)
    pipeline.set_progress_bar_config(disable=True)

    def on_step(running: Any, index: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        return unguided(running, tensors) if index + 1 == guided < 6 else {}

    with reusing(pipeline.unet, every):
        found = pipeline(
            prompt="brick",
            image=noise(1, 1, 3, 64, 64).sigmoid(),
            mask_image=torch.ones(1, 1, 64, 64),
            height=64,
            width=64,
            strength=0.99,
            num_inference_steps=7,
            generator=torch.Generator().manual_seed(1),
            output_type="latent",
            callback_on_step_end=on_step,
            callback_on_step_end_tensor_inputs=needed(pipeline),
        )
    return torch.as_tensor(found.images)


@pytest.fixture(params=[tiny_sdxl_inpaint, tiny_sd_inpaint], ids=["sdxl", "sd15"])
def pipeline(request: pytest.FixtureRequest) -> Any:
    return request.param()


def deep_runs(pipeline: Any, **changes: Any) -> list[int]:
    """Return the batches that the middle of the UNet saw in a job."""
    seen: list[int] = []
    handle = pipeline.unet.mid_block.register_forward_hook(
        lambda _m, given, _o: seen.append(len(given[0]))
    )
    paint(pipeline, **changes)
    handle.remove()
    return seen


def test_a_job_is_repeatable_and_leaves_the_next_as_it_was(pipeline: Any) -> None:
    plain = paint(pipeline)
    two, three = paint(pipeline, 2), paint(pipeline, 3)
    assert torch.equal(paint(pipeline, 2), two)
    assert torch.equal(paint(pipeline), plain)
    assert not torch.equal(two, plain)
    assert not torch.equal(two, three)


def test_the_end_of_guidance_is_a_full_step(pipeline: Any) -> None:
    assert deep_runs(pipeline, every=2) == [2, 2, 2]
    assert deep_runs(pipeline, every=3, until=1.0) == [2, 2]
    assert deep_runs(pipeline, every=2, until=0.5) == [2, 2, 1, 1]
    assert deep_runs(pipeline, every=5, until=0.67) == [2, 1]


def test_a_lora_takes_part(pipeline: Any, tmp_path: Path) -> None:
    plain = paint(pipeline, 2)
    file = tiny_lora(pipeline, tmp_path / "lora.safetensors")
    pipeline.load_lora_weights(
        file.parent.as_posix(), weight_name=file.name, adapter_name="a", local_files_only=True
    )
    with_lora = paint(pipeline, 2)
    assert not torch.equal(with_lora, plain)
    pipeline.set_adapters(["a"], [0.5])
    assert not torch.equal(paint(pipeline, 2), with_lora)
    pipeline.disable_lora()
    assert torch.equal(paint(pipeline, 2), plain)


def test_hooks_of_accelerate_on_the_unet_and_on_its_blocks_work_on(pipeline: Any) -> None:
    from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module

    calls: Counter[str] = Counter()

    class Counting(ModelHook):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self._name = name

        def pre_forward(self, _module: Any, *given: Any, **named: Any) -> Any:
            calls[self._name] += 1
            return given, named

    plain, unet = paint(pipeline, 2), pipeline.unet
    hooked = {"unet": unet, "middle": unet.mid_block, "last": unet.up_blocks[-1]}
    for name, module in hooked.items():
        add_hook_to_module(module, Counting(name))
    assert torch.equal(paint(pipeline, 2), plain)
    assert calls == {"unet": 6, "middle": 3, "last": 6}
    for module in hooked.values():
        remove_hook_from_module(module)
    assert torch.equal(paint(pipeline, 2), plain)


def test_layers_that_are_compiled_stay_so(pipeline: Any) -> None:
    plain, unet = paint(pipeline, 2), pipeline.unet
    graphs: list[Any] = []

    def backend(graph: Any, _inputs: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    unet.compile_repeated_blocks(backend=backend, fullgraph=True)
    assert torch.allclose(paint(pipeline, 2), plain, atol=1e-4)
    count = len(graphs)
    assert count > 0
    paint(pipeline, 2)
    assert len(graphs) == count


@pytest.mark.parametrize("level", [{"num_blocks_per_group": 1}, {}], ids=["block", "leaf"])
def test_group_offload_works_on(pipeline: Any, level: dict[str, int]) -> None:
    plain, cpu = paint(pipeline, 2), torch.device("cpu")
    kind = "block_level" if level else "leaf_level"
    pipeline.unet.enable_group_offload(
        onload_device=cpu, offload_device=cpu, offload_type=kind, **level
    )
    assert torch.equal(paint(pipeline, 2), plain)
    assert torch.equal(paint(pipeline, 2), plain)
    assert deep_runs(pipeline, every=2) == [2, 2, 2]
