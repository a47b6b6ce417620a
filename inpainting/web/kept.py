"""Files that the page makes: where gradio serves them and clears them, apart from uploads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inpainting.files import save_atomically
from inpainting.types import Photo
from inpainting.web.actions import KEPT
from inpainting.web.display import display_copy


def served(path: str) -> dict[str, Any]:
    """Return the form of a file in which gradio gives it a URL; an empty path stays unserved."""
    return gr.FileData(path=path).model_dump() if path else {}


def kept_folder(name: str) -> Path:
    """Return a folder of that name, made if need be, for files that gradio serves and clears."""
    folder = Path(get_upload_folder()).resolve() / KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(data: bytes, name: str) -> str:
    """Write a file where gradio serves and clears it, apart from uploads; return its path.

    The path is that of its content, and the same file may be on its way to a browser: it is put in
    place whole.
    """
    path = kept_folder(hashlib.sha256(data).hexdigest()) / name
    save_atomically({path: data})
    return str(path)


def keep_display(photo: Photo) -> str:
    """Write the copy of a photo that the browser shows; return its path."""
    return keep(display_copy(photo.rgb), "photo.jpg")
