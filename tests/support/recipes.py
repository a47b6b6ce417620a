"""Recipes for tests: one that is written out, and any that is valid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from inpainting.packing import PackedMask, pack_mask
from inpainting.records import FrameUsed, ModelUsed, PartUsed, Recipe, SelectionUsed
from inpainting.types import (
    PREFILLS,
    Box,
    Combine,
    Edges,
    LoraUse,
    PaintSettings,
    Point,
    Prompts,
    Region,
    Sides,
    Stroke,
    Tool,
)

MODEL = ModelUsed("tiny", "some/where", "a" * 40, "float32")
MASK = pack_mask(np.eye(16, 20, dtype=np.bool_))
PROMPTS = Prompts((Point(3, 4), Point(5, 6, include=False)), Box(1, 2, 9, 9))
STROKE = Stroke(((1.5, 2.0), (-30.25, 4.0)), 6.5, erase=True)

RECIPE = Recipe(
    photo_digest="0" * 64,
    photo_size=(20, 16),
    segmenter=MODEL,
    painter=replace(MODEL, device="cuda:0"),
    prompts=PROMPTS,
    mask=MASK,
    region=Region.SUBJECT,
    settings=PaintSettings(
        "a sea", "", 7, 20, 7.5, 1.0, "Euler", 4, (LoraUse("ink.safetensors", 0.8),)
    ),
    feather=3,
    frames=(FrameUsed(Box(0, 0, 20, 16), (512, 512)), FrameUsed(Box(4, 0, 9, 16), (256, 512))),
    context=0.25,
    separate=True,
    prefill="noise",
    match_colour=True,
    selection=SelectionUsed(
        (
            PartUsed(Combine.ADD, PROMPTS, (STROKE,), MASK),
            PartUsed(Combine.SUBTRACT, Prompts(), (), None),
        ),
        Edges(-3, 2, 4, 5, 6),
    ),
    lora_digests={"ink.safetensors": "e" * 64},
    libraries={"torch": "2.0"},
)
"""A photo repainted in two pieces, with everything that a recipe can hold but sides and size."""

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
wholes = st.integers(0, 65_535)
sizes = st.tuples(st.integers(1, 65_535), st.integers(1, 65_535))
boxes = st.builds(Box, wholes, wholes, wholes, wholes)
models = st.builds(ModelUsed, texts, texts, texts, texts, texts)
floats = st.floats(allow_nan=False, allow_infinity=False)
masks = st.none() | st.builds(PackedMask, sizes, texts)
prompts = st.builds(
    Prompts,
    st.lists(st.builds(Point, wholes, wholes, st.booleans()), max_size=5).map(tuple),
    st.none() | boxes,
)
corners = st.tuples(st.floats(-70_000, 140_000), st.floats(-70_000, 140_000))
strokes = st.builds(
    Stroke,
    st.lists(corners, min_size=1, max_size=4).map(tuple),
    st.floats(1, 2000),
    st.booleans(),
)
edges = st.builds(
    Edges, st.integers(-64, 64), st.integers(0, 64), wholes, wholes, st.none() | wholes
)
parts = st.builds(
    PartUsed,
    st.sampled_from(Combine),
    prompts,
    st.lists(strokes, max_size=2).map(tuple),
    masks,
)
selections = st.builds(SelectionUsed, st.lists(parts, max_size=2).map(tuple), edges)
loras = st.lists(st.builds(LoraUse, texts, floats), max_size=2).map(tuple)
used_settings = st.builds(
    PaintSettings,
    prompt=texts,
    negative_prompt=texts,
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 150),
    guidance=floats,
    strength=floats,
    scheduler=texts,
    softness=wholes,
    loras=loras,
    guidance_until=floats,
    reuse=st.integers(1, 10_000),
)
frames = st.lists(st.builds(FrameUsed, boxes, sizes), min_size=1, max_size=3).map(tuple)
pixels = st.integers(0, 4096)
recipes = st.builds(
    Recipe,
    photo_digest=texts,
    photo_size=sizes,
    segmenter=models,
    painter=models,
    prompts=prompts,
    mask=masks,
    region=st.sampled_from(Region),
    settings=used_settings,
    feather=st.none() | wholes,
    frames=frames,
    tool=st.sampled_from(Tool),
    sides=st.builds(Sides, pixels, pixels, pixels, pixels),
    size=st.none() | sizes,
    context=st.none() | floats,
    separate=st.booleans(),
    prefill=st.sampled_from(PREFILLS[1:]),
    match_colour=st.booleans(),
    selection=st.none() | selections,
    app_version=texts.map(lambda text: text[:40]),
    libraries=st.dictionaries(texts, texts, max_size=4),
)
"""Any recipe that can be written."""
