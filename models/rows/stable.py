"""Painters of the Stable Diffusion families 1.x and XL.

`memory` is estimated: the weights in half precision (SDXL 6.9 GB, 1.5 2.1 GB, and what LoRA files
add) and about 2 GB at 1024 pixels or 1 GB at 512 to work in. Defaults are those of the model cards;
where a card has none, those of diffusers.
"""

from __future__ import annotations

from inpainting.types import PaintDefaults
from models.rows.base import EMBEDDED_FOLDER, FREE_TOOLS, GB, Component, LoraPart, PainterRow

FP16_VAE = Component(
    name="vae",
    kind="AutoencoderKL",
    source="madebyollin/sdxl-vae-fp16-fix",
    revision="207b116dae70ace3637169f1ddd2434b91b3a8cd",
)

TINY_XL = Component(
    name="preview",
    kind="AutoencoderTiny",
    source="madebyollin/taesdxl",
    revision="b20258aaef75ef61e659c1e0f14f251cf0ad153e",
)
TINY_15 = Component(
    name="preview",
    kind="AutoencoderTiny",
    source="madebyollin/taesd",
    revision="614f76814bbe30edbe2e627ace1c2234c81a2c0e",
)
"""The decoders of previews, 10 MB each."""

OPENRAIL_XL = "CreativeML Open RAIL++-M"
OPENRAIL = "CreativeML Open RAIL-M"

ANYTHING = "It paints whatever can be said in a sentence."

HYPER_12_STEPS = LoraPart(
    source="ByteDance/Hyper-SD",
    revision="f8e06e4398019b571c5798d20f36e74c092c67d9",
    file="Hyper-SDXL-12steps-CFG-lora.safetensors",
    spacing="trailing",
)
LCM_XL = LoraPart(
    source="latent-consistency/lcm-lora-sdxl",
    revision="a18548dd4956b174ec5b0d78d340c8dae0a129cd",
    file="pytorch_lora_weights.safetensors",
)
LCM_15 = LoraPart(
    source="latent-consistency/lcm-lora-sdv1-5",
    revision="cf2fced511dbe7e26c8d1d397e728fbab875db4b",
    file="pytorch_lora_weights.safetensors",
)

SDXL_INPAINTING = PainterRow(
    key="sdxl-inpainting",
    title="Stable Diffusion XL inpainting 0.1",
    source="diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
    revision="115134f363124c53c7d878647567d04daf26e41e",
    licence=OPENRAIL_XL,
    native_side=1024,
    multiple=8,
    memory=9 * GB,
    memory_offloaded=6_500_000_000,
    download=7_300_000_000,
    # The model card: 1024 px, guidance 8, 15-30 steps, strength below 1.
    defaults=PaintDefaults(steps=25, guidance=8.0, strength=0.99, scheduler="Euler"),
    world=ANYTHING,
    variant="fp16",
    components=(FP16_VAE,),
    base="sdxl",
    soft=True,
    shortcuts=True,
    preview=TINY_XL,
)

SD15_INPAINTING = PainterRow(
    key="sd15-inpainting",
    title="Stable Diffusion 1.5 inpainting",
    source="stable-diffusion-v1-5/stable-diffusion-inpainting",
    revision="8a4288a76071f7280aedbdb3253bdb9e9d5d84bb",
    licence=OPENRAIL,
    native_side=512,
    multiple=8,
    memory=3_200_000_000,
    memory_offloaded=2_800_000_000,
    download=2_200_000_000,
    defaults=PaintDefaults(steps=30, guidance=7.5, strength=1.0, scheduler="DPM++ 2M"),
    world=ANYTHING,
    variant="fp16",
    kind="stable-1",
    base="sd15",
    soft=True,
    shortcuts=True,
    preview=TINY_15,
)

STABLE: tuple[PainterRow, ...] = (
    SDXL_INPAINTING,
    PainterRow(
        key="sdxl-fast",
        title="Stable Diffusion XL inpainting in 12 steps (Hyper-SD)",
        source=SDXL_INPAINTING.source,
        revision=SDXL_INPAINTING.revision,
        licence=OPENRAIL_XL,
        native_side=1024,
        multiple=8,
        memory=9_800_000_000,
        memory_offloaded=7_300_000_000,
        download=8_100_000_000,
        # Hyper-SD's card: DDIM, trailing steps, guidance 5 to 8. Of 12 steps 11 run at 0.99.
        defaults=PaintDefaults(steps=12, guidance=6.0, strength=0.99, scheduler="DDIM"),
        world=f"{ANYTHING} Twice as fast; guidance and negative prompt work.",
        variant="fp16",
        components=(FP16_VAE,),
        base="sdxl",
        loras=(HYPER_12_STEPS,),
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
    ),
    PainterRow(
        key="sdxl-lcm",
        title="Stable Diffusion XL inpainting in 8 steps (LCM)",
        source=SDXL_INPAINTING.source,
        revision=SDXL_INPAINTING.revision,
        licence=OPENRAIL_XL,
        native_side=1024,
        multiple=8,
        memory=9_400_000_000,
        memory_offloaded=6_900_000_000,
        download=7_700_000_000,
        # The card of LCM-LoRA: 2 to 8 steps, guidance 1 to 2. Of 8 steps 7 run at 0.99.
        defaults=PaintDefaults(steps=8, guidance=1.5, strength=0.99, scheduler="LCM"),
        world=f"{ANYTHING} Four times as fast, with less detail; keep the guidance below 2.",
        variant="fp16",
        components=(FP16_VAE,),
        base="sdxl",
        loras=(LCM_XL,),
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
    ),
    PainterRow(
        key="sdxl-base",
        title="Stable Diffusion XL base 1.0",
        source="stabilityai/stable-diffusion-xl-base-1.0",
        revision="462165984030d82259a11f4367a4eed129e94a7b",
        licence=OPENRAIL_XL,
        native_side=1024,
        multiple=8,
        memory=9 * GB,
        memory_offloaded=6_500_000_000,
        download=7_300_000_000,
        defaults=PaintDefaults(steps=30, guidance=5.0, strength=1.0, scheduler="Euler"),
        world=f"{ANYTHING} Best at whole pictures; it sees a hole's surroundings less well.",
        variant="fp16",
        components=(FP16_VAE,),
        base="sdxl",
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
    ),
    PainterRow(
        key="realvis-xl",
        title="RealVisXL 5.0",
        source="SG161222/RealVisXL_V5.0",
        revision="",
        licence=OPENRAIL_XL,
        native_side=1024,
        multiple=8,
        memory=9 * GB,
        memory_offloaded=6_500_000_000,
        download=7_300_000_000,
        defaults=PaintDefaults(steps=30, guidance=5.0, strength=1.0, scheduler="DPM++ 2M Karras"),
        world=f"{ANYTHING} A fine-tune of SDXL for pictures that look like photos.",
        variant="fp16",
        components=(FP16_VAE,),
        base="sdxl",
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
    ),
    PainterRow(
        key="playground-v2",
        title="Playground v2, 1024 px aesthetic",
        source="playgroundai/playground-v2-1024px-aesthetic",
        revision="a4f5151b5ffa547374d026a70982483765eb8070",
        licence="Playground v2 Community License",
        native_side=1024,
        multiple=8,
        memory=9 * GB,
        memory_offloaded=6_500_000_000,
        download=7_300_000_000,
        # The model card: guidance 3; its own scheduler is Euler a.
        defaults=PaintDefaults(steps=50, guidance=3.0, strength=1.0, scheduler="Euler a"),
        world=f"{ANYTHING} It likes glossy, composed pictures.",
        variant="fp16",
        components=(FP16_VAE,),
        base="sdxl",
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
    ),
    PainterRow(
        key="sdxl-turbo",
        title="SDXL Turbo",
        source="stabilityai/sdxl-turbo",
        revision="71153311d3dbb46851df1931d3ca6e939de83304",
        licence="Stability AI Non-Commercial Research Community License",
        native_side=512,
        multiple=8,
        memory=8 * GB,
        memory_offloaded=6 * GB,
        download=7_300_000_000,
        # The model card: 1 to 4 steps, no guidance, no negative prompt, 512 px.
        defaults=PaintDefaults(steps=4, guidance=0.0, strength=1.0, scheduler="Euler a"),
        world=f"{ANYTHING} In 1 to 4 steps; guidance and negative prompt have no effect.",
        variant="fp16",
        components=(FP16_VAE,),
        tools=FREE_TOOLS,
        base="sdxl",
        soft=True,
        shortcuts=True,
        preview=TINY_XL,
        commercial=False,
    ),
    SD15_INPAINTING,
    PainterRow(
        key="sd15-lcm",
        title="Stable Diffusion 1.5 inpainting in 6 steps (LCM)",
        source=SD15_INPAINTING.source,
        revision=SD15_INPAINTING.revision,
        licence=OPENRAIL,
        native_side=512,
        multiple=8,
        memory=3_400_000_000,
        memory_offloaded=3 * GB,
        download=2_400_000_000,
        # No guidance: half the work of a step, which counts on a CPU. Its card: 2 to 8 steps.
        defaults=PaintDefaults(steps=6, guidance=1.0, strength=1.0, scheduler="LCM"),
        world=f"{ANYTHING} Small and quick, also without a GPU; keep the guidance below 2.",
        variant="fp16",
        kind="stable-1",
        base="sd15",
        loras=(LCM_15,),
        soft=True,
        shortcuts=True,
        preview=TINY_15,
    ),
    PainterRow(
        key="sd15",
        title="Stable Diffusion 1.5",
        source="stable-diffusion-v1-5/stable-diffusion-v1-5",
        revision="451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        licence=OPENRAIL,
        native_side=512,
        multiple=8,
        memory=3_200_000_000,
        memory_offloaded=2_800_000_000,
        download=2_200_000_000,
        defaults=PaintDefaults(steps=30, guidance=7.5, strength=1.0, scheduler="DPM++ 2M"),
        world=f"{ANYTHING} Best at whole pictures; it sees a hole's surroundings less well.",
        variant="fp16",
        kind="stable-1",
        base="sd15",
        soft=True,
        shortcuts=True,
        preview=TINY_15,
    ),
    PainterRow(
        key="pokemon",
        title="Pokémon Stable Diffusion",
        source="lambdalabs/sd-pokemon-diffusers",
        # The only safetensors of this repository are those of an open proposal, this commit.
        revision="b62b7d5fe37862f30a88297fbc89da8ec754cb5b",
        licence=OPENRAIL,
        native_side=512,
        multiple=8,
        memory=3_200_000_000,
        memory_offloaded=2_800_000_000,
        download=4_300_000_000,
        defaults=PaintDefaults(steps=30, guidance=10.0, strength=1.0, scheduler="DPM++ 2M"),
        world="It turns whatever a sentence says into a creature of the Pokémon kind.",
        kind="stable-1",
        base="sd15",
        soft=True,
        shortcuts=True,
        preview=TINY_15,
    ),
    PainterRow(
        key="embedded",
        title="Embedded painter",
        source=EMBEDDED_FOLDER.as_posix(),
        revision="1",
        licence="Apache-2.0",
        native_side=256,
        multiple=8,
        memory=GB // 2,
        memory_offloaded=GB // 2,
        download=0,
        defaults=PaintDefaults(
            steps=20, guidance=2.5, strength=1.0, scheduler="DPM++ 2M", restyle=0.45
        ),
        world=(
            "It paints a small world: day, sunset, night or storm over sea, meadow, desert, snow, "
            "mountains, city or forest, and plain textures in ten colours."
        ),
        local=True,
        soft=True,
        shortcuts=True,
    ),
)
