"""Painters of other families: Kandinsky 2.2 and the flow-matching models.

Memory is estimated, not measured: two bytes a parameter, all weights together or the largest model
alone, and about a tenth more for what is computed at the native side.
"""

from __future__ import annotations

from inpainting.types import PaintDefaults, Tool
from models.rows.base import DIFFUSION_TOOLS, GB, Component, PainterRow

ANCESTRAL = ("DDPM",)
"""The sampler of Kandinsky's decoder, which it was made for."""

FLOW_EULER = ("Flow Euler",)
"""The sampler of the flow-matching families; theirs cannot be swapped for those of diffusion."""

_HOLES = (Tool.REPAINT, Tool.EXTEND)
_EDITS = (Tool.REPAINT, Tool.EXTEND, Tool.RESTYLE)

_PRIOR = Component(
    name="prior",
    kind="KandinskyV22PriorPipeline",
    source="kandinsky-community/kandinsky-2-2-prior",
    revision="",
)
"""Turns a prompt into what a picture of it would look like to CLIP; shared by both decoders."""

_ANYTHING = "It paints whatever can be said in a sentence."

FLOW: tuple[PainterRow, ...] = (
    PainterRow(
        key="z-image-turbo",
        title="Z-Image-Turbo",
        source="Tongyi-MAI/Z-Image-Turbo",
        revision="f332072aa78be7aecdf3ee76d5c247082da564a6",
        licence="Apache-2.0",
        native_side=1024,
        multiple=16,
        # A transformer of 6 and a text encoder (Qwen3) of 4 billion parameters.
        memory=22 * GB,
        memory_offloaded=14 * GB,
        download=21 * GB,
        # The card: 8 steps; the model was distilled to do without guidance.
        defaults=PaintDefaults(steps=8, guidance=0.0, strength=1.0, scheduler="Flow Euler"),
        world=f"{_ANYTHING} It takes few steps, and reads no negative prompt without guidance.",
        schedulers=FLOW_EULER,
        kind="z-image",
        tools=DIFFUSION_TOOLS,
    ),
    PainterRow(
        key="flux2-klein",
        title="FLUX.2 klein 4B",
        source="black-forest-labs/FLUX.2-klein-4B",
        revision="",
        licence="Apache-2.0",
        native_side=1024,
        multiple=16,
        # A transformer of 4 and a text encoder (Qwen3) of 4 billion parameters.
        memory=18 * GB,
        memory_offloaded=10 * GB,
        download=16 * GB,
        # The card: 4 steps, guidance 1.
        defaults=PaintDefaults(steps=4, guidance=1.0, strength=1.0, scheduler="Flow Euler"),
        world=f"{_ANYTHING} It takes four steps, and neither guidance nor a negative prompt.",
        schedulers=FLOW_EULER,
        kind="flux2-klein",
        tools=DIFFUSION_TOOLS,
    ),
    PainterRow(
        key="sd35-medium",
        title="Stable Diffusion 3.5 medium",
        source="stabilityai/stable-diffusion-3.5-medium",
        revision="b940f670f0eda2d07fbb75229e779da1ad11eb80",
        licence="Stability AI Community License",
        native_side=1024,
        multiple=16,
        # A transformer of 2.5 and text encoders of 4.8 (T5), 0.7 and 0.1 billion parameters.
        memory=18 * GB,
        memory_offloaded=11 * GB,
        download=16_500_000_000,
        # The card: 40 steps, guidance 4.5.
        defaults=PaintDefaults(steps=40, guidance=4.5, strength=1.0, scheduler="Flow Euler"),
        world=(
            f"{_ANYTHING} Its licence is free for those below a million US dollars of revenue a "
            "year."
        ),
        schedulers=FLOW_EULER,
        kind="sd3",
        tools=DIFFUSION_TOOLS,
        gated=True,
    ),
    PainterRow(
        key="flux-fill",
        title="FLUX.1 Fill dev",
        source="black-forest-labs/FLUX.1-Fill-dev",
        revision="",
        licence="FLUX.1 dev Non-Commercial License",
        native_side=1024,
        multiple=16,
        # A transformer of 12 and text encoders of 4.8 (T5) and 0.1 billion parameters.
        memory=37 * GB,
        memory_offloaded=26 * GB,
        download=34 * GB,
        # The card: 50 steps, guidance 30.
        defaults=PaintDefaults(steps=50, guidance=30.0, strength=1.0, scheduler="Flow Euler"),
        world=f"{_ANYTHING} It was trained to fill holes, and takes no negative prompt.",
        schedulers=FLOW_EULER,
        kind="flux-fill",
        tools=_HOLES,
        gated=True,
        commercial=False,
    ),
    PainterRow(
        key="qwen-image-edit",
        title="Qwen-Image-Edit",
        source="Qwen/Qwen-Image-Edit",
        revision="",
        licence="Apache-2.0",
        native_side=1024,
        # Its pipelines work on about a million pixels with sides that are multiples of this.
        multiple=32,
        # A transformer of 20 and a text encoder (Qwen2.5-VL) of 8 billion parameters.
        memory=63 * GB,
        memory_offloaded=45 * GB,
        download=58 * GB,
        # The card: 50 steps, guidance 4.
        defaults=PaintDefaults(steps=50, guidance=4.0, strength=1.0, scheduler="Flow Euler"),
        world="It changes what a sentence tells it to change, such as “make the sky red”.",
        schedulers=FLOW_EULER,
        kind="qwen-edit",
        tools=_EDITS,
    ),
    PainterRow(
        key="kandinsky22-inpainting",
        title="Kandinsky 2.2 inpainting",
        source="kandinsky-community/kandinsky-2-2-decoder-inpaint",
        revision="",
        licence="Apache-2.0",
        native_side=768,
        # Its latents are made for sides that are multiples of this.
        multiple=64,
        # A decoder of 1.2, a prior of 1, and encoders of 1.8 and 0.7 billion parameters.
        memory=11 * GB,
        memory_offloaded=7 * GB,
        download=16 * GB,
        # The card: 768 px, 150 steps; the guidance is that of the pipeline.
        defaults=PaintDefaults(steps=150, guidance=4.0, strength=1.0, scheduler="DDPM"),
        world=f"{_ANYTHING} It fills holes, always at full strength.",
        components=(_PRIOR,),
        schedulers=ANCESTRAL,
        kind="kandinsky-inpaint",
        tools=_HOLES,
    ),
    PainterRow(
        key="kandinsky22",
        title="Kandinsky 2.2",
        source="kandinsky-community/kandinsky-2-2-decoder",
        revision="",
        licence="Apache-2.0",
        native_side=768,
        multiple=64,
        memory=11 * GB,
        memory_offloaded=7 * GB,
        download=16 * GB,
        # Diffusers' guide: 768 px, strength 0.3; guidance and steps are those of the pipeline.
        defaults=PaintDefaults(steps=100, guidance=4.0, strength=0.3, scheduler="DDPM"),
        world=f"{_ANYTHING} It paints whole pictures, from nothing or over another.",
        components=(_PRIOR,),
        schedulers=ANCESTRAL,
        kind="kandinsky",
        tools=(Tool.RESTYLE, Tool.CREATE),
    ),
)
