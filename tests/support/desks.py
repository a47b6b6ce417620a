"""What the tests of the page do on a desk: files that arrive, clicks, and finished pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from inpainting.photo import encode_png
from inpainting.studio import Studio
from inpainting.web import editing, handlers
from inpainting.web.desk import Desk
from inpainting.web.finished import Finished, Sheet
from tests.support.photos import noise, photo, png


def upload(tmp_path: Path, data: bytes, name: str = "my photo.png") -> dict[str, object]:
    path = tmp_path / name
    path.write_bytes(data)
    return {"path": str(path), "name": name, "seq": 7}


def opened(tmp_path: Path, studio: Studio, desk: Desk, data: bytes = b"") -> dict[str, Any]:
    sent = upload(tmp_path, data or png(noise()))
    acted, restored = handlers.open_upload(studio, desk, sent, tmp_path)
    assert restored is None
    return acted.view


def click(view: dict[str, Any], **fields: object) -> dict[str, object]:
    """An action of a page that shows `view`."""
    return {"action": "include", "desk": view["desk"], "photo": view["serial"], **fields}


def painted(tmp_path: Path, desk: Desk, number: int = 1) -> Finished:
    """A result of the photo on the desk, put there."""
    made, sheet = photo(seed=40 + number), desk.session.now.sheet
    path = tmp_path / f"result-{number}.png"
    path.write_bytes(encode_png(made))
    before = "" if sheet is None else sheet.display
    result = Finished(
        number,
        Sheet(made.digest, made.size, made.name, f"{number}.jpg", str(path)),
        before,
        "thumb.jpg",
        path.name,
        number,
        1.0,
        source=before,
    )
    desk.change(partial(editing.finished, result=result))
    return result
