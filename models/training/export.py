"""From trained networks to a pipeline folder that diffusers loads."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionXLInpaintPipeline,
)
from transformers import CLIPTokenizer

from models.training.networks import Networks, build_noise_schedule


def assemble(
    networks: Networks, tokenizer: CLIPTokenizer, vae: AutoencoderKL
) -> StableDiffusionXLInpaintPipeline:
    """The SDXL inpainting pipeline of these networks; they are used as they are, not copied.

    An empty or missing negative prompt is encoded as "", which a tenth of the training had.
    """
    return StableDiffusionXLInpaintPipeline(
        vae=vae,
        text_encoder=networks.text_encoder,
        text_encoder_2=networks.text_encoder_2,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=networks.unet,
        scheduler=DPMSolverMultistepScheduler.from_config(build_noise_schedule().config),
        requires_aesthetics_score=False,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def export(networks: Networks, tokenizer: CLIPTokenizer, vae: AutoencoderKL, folder: Path) -> None:
    """Write the pipeline in fp16 safetensors to `folder`; a reader never sees half a file."""
    pipeline = assemble(copy.deepcopy(networks).cpu(), tokenizer, copy.deepcopy(vae).cpu())
    pipeline.to(dtype=torch.float16)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as scratch:
        pipeline.save_pretrained(scratch, safe_serialization=True)
        for source in sorted(Path(scratch).rglob("*")):
            target = folder / source.relative_to(scratch)
            if source.is_dir():
                target.mkdir(exist_ok=True)
            else:
                source.replace(target)
