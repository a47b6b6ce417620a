"""What is loaded, why, and what is still on its way: words for page and command line."""

from __future__ import annotations

from dataclasses import dataclass

from inpainting.types import ModelInfo


@dataclass(frozen=True, slots=True)
class Status:
    """A snapshot of the models at hand.

    `reason` says why these models and not others; `loading` is a sentence while others are being
    loaded, else empty, and `fraction` 0-1 of that where it is known; `failure` is the sentence of
    the last load that failed, else empty; `advice` the one command that loads better models.
    """

    segmenter: ModelInfo
    painter: ModelInfo
    reason: str = ""
    loading: str = ""
    fraction: float | None = None
    failure: str = ""
    advice: str = ""
