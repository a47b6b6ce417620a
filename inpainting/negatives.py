"""Negative prompts to start from."""

from __future__ import annotations

NEGATIVES: tuple[tuple[str, str], ...] = (
    (
        "Photo",
        "blurry, out of focus, low quality, jpeg artifacts, noise, oversaturated, "
        "drawing, painting, cartoon, 3d render",
    ),
    (
        "People",
        "deformed, bad anatomy, extra fingers, fused fingers, missing limbs, extra limbs, "
        "disfigured face, cross-eyed, plastic skin",
    ),
    (
        "Empty place",
        "people, person, crowd, animal, car, object, clutter",
    ),
    (
        "No writing",
        "text, letters, caption, watermark, signature, logo, border, frame",
    ),
    (
        "Drawing",
        "photo, photorealistic, blurry, low quality, grain, messy lines",
    ),
)
"""Pairs of a name for people and the text to put in the negative prompt."""
