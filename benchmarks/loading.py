"""How soon a painter is loaded from files that the machine has read before.

`python -m benchmarks.loading [--size tiny|small|sd15|sdxl] [--rounds N] [--json FILE]`: a pipeline
of that size with random weights is written to a temporary folder, in half precision as safetensors,
and loaded in turn by this project's loader, ready to paint, and by plain
`from_pretrained(...).to(device)`; each time in a process of its own that has imported everything
before. What is read is in the machine's cache. sdxl has Stable Diffusion XL's real sizes (7 GB),
sd15 those of 1.5 (2 GB); small, the default where there is no CUDA GPU, is SDXL with narrower and
fewer layers (1 GB). Peaks are of the machine's memory, beyond what was taken before.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import torch

from benchmarks.timing import Row, keep, markdown, options, say, table
from models.device import choose_dtype
from models.quiet import quiet

SIZES = ("tiny", "small", "sd15", "sdxl")
ROWS = {"sd15": "sd15-inpainting"}
IMPORTED = (
    "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint",
    "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_inpaint",
    "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl",
    "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img",
    "models.loading",
    "models.loaders.stable",
    "models.quiet",
    "peft",
)
"""What processes that load begin with, so that no import is measured."""

KILO = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of `ru_maxrss`."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one loading took: seconds, seconds of processor time, and peaks of memory in bytes."""

    seconds: float
    worked: float
    host: int
    device: int


# ---- the files


def write(size: str, folder: Path) -> None:
    """Write the pipeline of a size, with random weights, in half precision."""
    pipeline = _tiny() if size == "tiny" else _old() if size == "sd15" else _large(size == "small")
    with quiet():
        pipeline.save_pretrained(folder, variant="fp16")


def _tiny() -> Any:
    from tests.support.tiny import tiny_sdxl_inpaint

    return tiny_sdxl_inpaint().to(torch.float16)


def _large(small: bool) -> Any:
    """Return SDXL inpainting, or the same with narrower and fewer layers."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    from benchmarks import full_size
    from benchmarks.full_size import clip_big_g, clip_l

    with torch.device("meta"):
        unet = full_size.unet()
        if small:
            narrow = {
                "block_out_channels": (128, 256, 512),
                "attention_head_dim": (2, 4, 8),
                "transformer_layers_per_block": (1, 2, 2),
                "cross_attention_dim": 1536,
                "projection_class_embeddings_input_dim": 2304,
            }
            unet = UNet2DConditionModel.from_config({**unet.config, **narrow})
        models = {
            "unet": unet,
            "vae": full_size.vae(),
            "text_encoder": CLIPTextModel(clip_l()),
            "text_encoder_2": CLIPTextModelWithProjection(clip_l() if small else clip_big_g()),
        }
    return _whole("StableDiffusionXLInpaintPipeline", models, add_watermarker=False)


def _old() -> Any:
    """Return Stable Diffusion 1.5 inpainting."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextModel

    from benchmarks import full_size

    with torch.device("meta"):
        models = {
            "unet": UNet2DConditionModel(
                sample_size=64, in_channels=9, attention_head_dim=8, cross_attention_dim=768
            ),
            "vae": full_size.vae(),
            "text_encoder": CLIPTextModel(full_size.clip_l()),
        }
    bare = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return _whole("StableDiffusionInpaintPipeline", models, **bare)


def _whole(kind: str, models: Mapping[str, Any], **given: Any) -> Any:
    """Return a pipeline of models that are only described yet, filled with random weights."""
    import diffusers

    from tests.support.tiny import toy_tokenizer

    words = {
        name.replace("text_encoder", "tokenizer"): toy_tokenizer()
        for name in models
        if name.startswith("text_encoder")
    }
    for model in models.values():
        _fill(model)
    scheduler = diffusers.EulerDiscreteScheduler(steps_offset=1, timestep_spacing="leading")
    return getattr(diffusers, kind)(**models, **words, scheduler=scheduler, **given)


def _fill(model: torch.nn.Module) -> None:
    """Give a model weights by chance; a short row of numbers, again and again, is quick to make."""
    model.half().to_empty(device="cpu")
    numbers = torch.rand(1 << 20, generator=torch.Generator().manual_seed(0)).sub(0.5).mul(0.1)
    row = numbers.half()
    with torch.no_grad():
        for weight in model.parameters():
            flat = weight.view(-1)
            for start in range(0, len(flat), len(row)):
                part = flat[start : start + len(row)]
                part.copy_(row[: len(part)])


# ---- the rivals


def load_ours(size: str, folder: str, device: str) -> object:
    """Load with this project's loader; return the painter."""
    from models.catalog import painter_row
    from models.loading import load_painter

    row = painter_row(ROWS.get(size, "sdxl-inpainting"))
    own = replace(row, source=folder, components=(), preview=None, memory=0, memory_offloaded=0)
    place = torch.device(device)
    return load_painter(replace(own, download=0), place, choose_dtype(place), offline=True)


def load_plainly(size: str, folder: str, device: str) -> object:
    """Load as diffusers' documentation shows it; return the pipeline."""
    import diffusers

    old = {"safety_checker": None, "requires_safety_checker": False}
    kind = diffusers.StableDiffusionXLInpaintPipeline
    kind = diffusers.StableDiffusionInpaintPipeline if size == "sd15" else kind
    place = torch.device(device)
    pipeline = kind.from_pretrained(
        folder,
        variant="fp16",
        use_safetensors=True,
        dtype=choose_dtype(place),
        **(old if size == "sd15" else {}),
    )
    return pipeline.to(place)


RIVALS: dict[str, Callable[[str, str, str], object]] = {
    "this project, ready to paint": load_ours,
    "plain from_pretrained": load_plainly,
}


def measured(name: str, size: str, folder: str, device: str) -> Load:
    """Load once, in the process that this is called in."""
    if device != "cpu":
        torch.zeros(1, device=device)  # the driver wakes up, whoever loads
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, worked = time.perf_counter(), time.process_time()
    with quiet():
        kept = RIVALS[name](size, folder, device)
    if device != "cpu":
        torch.cuda.synchronize()
    seconds, spent = time.perf_counter() - started, time.process_time() - worked
    del kept
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    on_device = torch.cuda.max_memory_allocated() if device != "cpu" else 0
    return Load(seconds, spent, (peak - before) * KILO, on_device)


def in_turn(context: BaseContext, rounds: int, *asked: str) -> dict[str, list[Load]]:
    """Load with all rivals in turn, once to fill the cache and then `rounds` times."""
    found: dict[str, list[Load]] = {name: [] for name in RIVALS}
    for number in range(rounds + 1):
        for name, loads in found.items():
            with context.Pool(1) as pool:
                load = pool.apply(measured, (name, *asked))
            loads.extend([load] if number else [])
    return found


def main(arguments: list[str]) -> int:
    """Measure; write the tables."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = options(__doc__, 5)
    parser.add_argument("--size", choices=SIZES, default="small" if device == "cpu" else "sdxl")
    chosen = parser.parse_args(arguments)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, __name__])
    with tempfile.TemporaryDirectory() as folder:
        write(chosen.size, Path(folder))
        files = sum(path.stat().st_size for path in Path(folder).rglob("*.safetensors"))
        say(f"{chosen.size} on {device}: {files / 1e9:.2f} GB of weights in float16\n")
        found = in_turn(context, chosen.rounds, chosen.size, folder, device)
    rows = [_row(name, loads) for name, loads in found.items()]
    peaks = {name: statistics.median(load.host for load in loads) for name, loads in found.items()}
    lines = [(name, f"{peak / 1e9:.2f}", f"{peak / files:.2f}") for name, peak in peaks.items()]
    say(f"{table(rows)}\n")
    say(markdown(("what", "peak of the machine's memory, GB", "x the files"), lines))
    keep(chosen.json, rows, {"size": chosen.size, "files": files, "host_peak": peaks})
    return 0


def _row(name: str, loads: list[Load]) -> Row:
    seconds, worked = (tuple(getattr(load, at) for load in loads) for at in ("seconds", "worked"))
    peak = max(load.device for load in loads)
    return Row(name, seconds, peak / 1e9 if peak else None, worked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
