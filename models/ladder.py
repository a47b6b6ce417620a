"""The memory ladder: where a pipeline's weights are while a GPU paints, from quick to small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers.hooks import HookRegistry, apply_group_offloading
from diffusers.hooks.layerwise_casting import DEFAULT_SKIP_MODULES_PATTERN, apply_layerwise_casting

from models.device import free_memory, release_memory, unless_out_of_memory
from models.placing import PLACEMENTS, Rung, choose_rung, needs, placement, rungs

__all__ = [
    "PLACEMENTS",
    "STEPPED_DOWN",
    "Ladder",
    "Rung",
    "changeable",
    "choose_rung",
    "needs",
    "placement",
    "store_in_eight_bits",
]

STEPPED_DOWN = "The GPU's memory ran out, so the painter now takes less of it and is slower."
"""Note on a picture that was painted after a step down, and while its job begins anew."""

TILE = 1024
"""Side in pixels of what the VAE works on at a time: frames of that size are not cut."""

_GROUP_HOOKS = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")
_EIGHT_BITS = torch.float8_e4m3fn

# Beside what diffusers keeps: embeddings, whose precision transformers' models take for their own;
# T5's last layer, which asks for its own precision before it runs; LoRA files, which are small.
_KEPT = (*DEFAULT_SKIP_MODULES_PATTERN, "embed", "shared", r"(^|\.)wo$", "lora_")


class Ladder:
    """Places a diffusers pipeline on a rung, and on lower ones when memory runs out.

    Siblings that share its models go with it. To be used by the thread that loads the painter, then
    by the one that its jobs run on, outside of `except` blocks.
    """

    def __init__(self, pipeline: Any, device: torch.device, rung: Rung) -> None:
        self.rung = rung
        self._pipeline = pipeline
        self._device = device
        self._placed = False

    @property
    def placement(self) -> str:
        """Words on the rung for `ModelInfo.placement`."""
        return placement(self.rung, self._device)

    def place(self) -> None:
        """Put the pipeline as the rung says, wherever it is; below the first its VAE may tile.

        What torch raises for want of memory comes through; `settle` tries again.
        """
        self._placed = False
        _unhook(self._pipeline)
        if self.rung is Rung.RESIDENT:
            self._pipeline.to(self._device)
        else:
            self._place_in_turn()
        self._placed = True

    def settle(self) -> bool:
        """Place the pipeline if that has not been done or has failed; True. Raises as `place`."""
        if not self._placed:
            self.place()
        return True

    def lower(self) -> bool:
        """Place the pipeline one rung lower, its memory released.

        False where there is none, or where even that finds no room; the next job settles it then.
        """
        below = rungs(self._device)[rungs(self._device).index(self.rung) + 1 :]
        if not below:
            return False
        self.rung = below[0]
        self._placed = False
        return bool(unless_out_of_memory(self.settle))

    def _place_in_turn(self) -> None:
        for model in _models(self._pipeline):
            _forget_compiled(model)
            _let_tile(model)
            torch.nn.Module.to(model, device="cpu")
        release_memory()
        _hook(self._pipeline, self.rung, self._device)


@contextmanager
def changeable(pipeline: Any) -> Iterator[None]:
    """Let layers be added or changed inside, as by a LoRA file; the rung and 8 bits come back.

    Layers that take turns come and go as copies, taken when they were placed; and what is added to
    a layer in 8 bits would be rounded like it.
    """
    rung, device = _rung_of(pipeline), pipeline._execution_device
    if rung is not Rung.RESIDENT:
        _unhook(pipeline)
    stored = [pair for model in _models(pipeline) for pair in _hooked(model, "layerwise_casting")]
    for layer, hook in stored:
        layer.to(dtype=hook.compute_dtype)
    try:
        yield
    finally:
        for layer, hook in stored:
            layer.to(dtype=hook.storage_dtype)
        _hook(pipeline, rung, device)


def store_in_eight_bits(pipeline: Any, dtype: torch.dtype) -> None:
    """Keep the weights of the denoiser and the text encoders in 8 bits; they calculate in `dtype`.

    Once, before the pipeline is placed. Norms, embeddings and LoRA files stay as they are. There is
    no way back: what was rounded stays rounded.
    """
    for model in _models(pipeline):
        if not _stays(model):
            apply_layerwise_casting(model, _EIGHT_BITS, dtype, (*_KEPT, *_precise(model)))


def _precise(model: torch.nn.Module) -> Iterator[str]:
    """Name what a model says of itself that must not be rounded."""
    for told in ("_skip_layerwise_casting_patterns", "_keep_in_fp32_modules"):
        yield from getattr(model, told, None) or ()


def _models(pipeline: Any) -> Iterator[torch.nn.Module]:
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            yield part


def _stays(model: torch.nn.Module) -> bool:
    """Tell whether a model is used past its `forward`, where the hooks of its layers are.

    Such are the VAEs, small all of them, and Kandinsky's prior.
    """
    past = any(hasattr(model, name) for name in ("decode", "post_process_latents"))
    return past or not getattr(model, "_supports_group_offloading", True)


def _group(pipeline: Any, device: torch.device) -> None:
    """Let the layers of each model take turns; the next one comes while one works."""
    streams = device.type == "cuda"
    models = list(_models(pipeline))
    for model in models:
        if _stays(model):
            torch.nn.Module.to(model, device=device)
            continue
        apply_group_offloading(
            model,
            onload_device=device,
            offload_type="leaf_level",
            use_stream=streams,
            low_cpu_mem_usage=streams and not _room_to_pin(models),
        )


def _room_to_pin(models: list[torch.nn.Module]) -> bool:
    """Tell whether pages of the machine's memory may be locked for all weights.

    They are sent quicker then. It takes up to twice their bytes, as blocks are of powers of two.
    """
    free = free_memory(torch.device("cpu"))
    weights = sum(tensor.nbytes for model in models for tensor in model.parameters())
    return free is not None and free >= 2 * weights


def _rung_of(pipeline: Any) -> Rung:
    if any(_hooked(model, _GROUP_HOOKS[0]) for model in _models(pipeline)):
        return Rung.GROUPS
    return Rung.OFFLOAD if getattr(pipeline, "_all_hooks", ()) else Rung.RESIDENT


def _hook(pipeline: Any, rung: Rung, device: torch.device) -> None:
    """Let models or layers come to `device` when it is their turn."""
    if rung is Rung.OFFLOAD:
        pipeline.enable_model_cpu_offload(device=device)
    elif rung is Rung.GROUPS:
        _group(pipeline, device)


def _hooked(model: torch.nn.Module, name: str) -> list[tuple[torch.nn.Module, Any]]:
    """Return the layers of a model that have the hook of that name, with it."""
    known = ((layer, getattr(layer, "_diffusers_hook", None)) for layer in model.modules())
    found = ((layer, one.get_hook(name)) for layer, one in known if one is not None)
    return [(layer, hook) for layer, hook in found if hook is not None]


def _unhook(pipeline: Any) -> None:
    """Take off all that moves the models of a pipeline, and of those it is made of."""
    made_of = (part for part in vars(pipeline).values() if hasattr(part, "remove_all_hooks"))
    for one in (pipeline, *made_of):
        one.remove_all_hooks()
    for model in _models(pipeline):
        for name in _GROUP_HOOKS:
            for layer, _ in _hooked(model, name):
                HookRegistry.check_if_exists_or_initialize(layer).remove_hook(name, recurse=False)


def _forget_compiled(model: torch.nn.Module) -> None:
    """Let layers run as they were written: compiled code and CUDA graphs know where weights lie."""
    for layer in model.modules():
        if getattr(layer, "_compiled_call_impl", None) is not None:
            layer._compiled_call_impl = None


def _let_tile(model: torch.nn.Module) -> None:
    """Let a VAE work in tiles on more than `TILE` pixels a side, where it can."""
    if not hasattr(model, "use_tiling"):
        return
    tileable: Any = model
    tileable.enable_tiling()
    if hasattr(tileable, "tile_latent_min_size"):
        factor = 2 ** (len(tileable.config.block_out_channels) - 1)
        tileable.tile_sample_min_size = TILE
        tileable.tile_latent_min_size = TILE // factor
