"""What is shown of a repaint under way: a sentence, a bar and a picture."""

from __future__ import annotations

from typing import Any

import gradio as gr

from inpainting.types import Progress
from inpainting.web.display import jpeg_url
from inpainting.web.parts import component

PREVIEW_SIDE = 512

View = dict[str, Any]

IDLE: View = {"state": "idle"}
WAITING: View = {"state": "painting", "text": "Waiting for the painter."}
STOPPED: View = {"state": "done", "text": "Stopped. Photo, points and prompt are still there."}
LEFT: View = {
    "state": "done",
    "text": "The repaint was stopped when the page was closed or loaded again.",
}
ELSEWHERE: View = {"state": "done", "text": "A repaint goes on in the window that it was begun in."}
OVER: View = {"state": "done", "text": "The repaint is over. What it painted is in the list."}


def progress_card() -> gr.HTML:
    """Return the card that shows one of the values of this module."""
    return component("progress", IDLE)


def painting(progress: Progress, number: int = 1, count: int = 1) -> View:
    """Return what to show after a step of the picture `number` of `count`."""
    preview = "" if progress.preview is None else jpeg_url(progress.preview, PREVIEW_SIDE)
    text = progress.note or _step(progress, number, count)
    return {
        "state": "painting",
        "text": text,
        "step": progress.step,
        "total": progress.total,
        "preview": preview,
    }


def waiting(before: int) -> View:
    """Return what to show while `before` other repaints come first."""
    texts = (WAITING["text"], "Waiting for another repaint to finish.")
    text = texts[before] if before < len(texts) else f"Waiting: {before} other repaints come first."
    return {**WAITING, "text": text}


def done(text: str) -> View:
    """Return a closing sentence."""
    return {"state": "done", "text": text}


def failed(sentence: str) -> View:
    """Return why there is no picture."""
    return {"state": "failed", "text": sentence}


def _step(progress: Progress, number: int, count: int) -> str:
    if not progress.total:
        return "Preparing the painter."
    if count > 1:
        return f"Picture {number} of {count}: step {progress.step} of {progress.total}"
    return f"Painting: step {progress.step} of {progress.total}"
