"""Painters that need no prompt: they fill a hole from what is round it."""

from __future__ import annotations

from inpainting.types import PaintDefaults, Tool
from models.rows.base import GB, PainterRow

_PLAIN = PaintDefaults(steps=1, guidance=0.0, strength=1.0, scheduler="as it is")

FILLERS: tuple[PainterRow, ...] = (
    PainterRow(
        key="patchmatch",
        title="Patches from round it",
        kind="patchmatch",
        source="",
        revision="1",
        licence="Apache-2.0",
        native_side=512,
        multiple=1,
        memory=GB // 2,
        memory_offloaded=GB // 2,
        download=0,
        defaults=_PLAIN,
        schedulers=(_PLAIN.scheduler,),
        tools=(Tool.REMOVE,),
        world=(
            "It continues textures and edges with pieces of the photo round the hole: grass, sky, "
            "sand, walls, fabric. It cannot make up what the photo does not show."
        ),
    ),
    PainterRow(
        key="telea",
        title="Quick fill (Telea)",
        kind="opencv",
        source="",
        revision="1",
        licence="Apache-2.0",
        native_side=1024,
        multiple=1,
        memory=GB // 4,
        memory_offloaded=GB // 4,
        download=0,
        defaults=_PLAIN,
        schedulers=(_PLAIN.scheduler,),
        tools=(Tool.REMOVE,),
        world="It carries colours inwards: for scratches, dust and wires; wide holes get blurred.",
    ),
    PainterRow(
        key="navier-stokes",
        title="Quick fill (Navier-Stokes)",
        kind="opencv",
        source="",
        revision="1",
        licence="Apache-2.0",
        native_side=1024,
        multiple=1,
        memory=GB // 4,
        memory_offloaded=GB // 4,
        download=0,
        defaults=_PLAIN,
        schedulers=(_PLAIN.scheduler,),
        tools=(Tool.REMOVE,),
        world="It carries edges inwards: for scratches, dust and wires; wide holes get blurred.",
    ),
    PainterRow(
        key="lama",
        title="LaMa",
        kind="lama",
        source="opencv/inpainting_lama",
        revision="aee6d22f0a13e5e35af1c9a1c3afd62841fc6f3f",
        licence="Apache-2.0",
        native_side=512,
        multiple=1,
        memory=GB,
        memory_offloaded=GB,
        download=92_591_623,
        defaults=_PLAIN,
        schedulers=(_PLAIN.scheduler,),
        tools=(Tool.REMOVE,),
        world="It removes things of any size and continues structures such as walls and horizons.",
    ),
)
"""What serves Remove, the default first."""
