"""The page stays light: its own scripts, as they stand, are all that a browser has to read."""

from __future__ import annotations

from inpainting.web.parts import FOLDER

MAX_BYTES = 40_000


def test_the_scripts_of_the_page_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.glob("*.js")}
    assert sum(sizes.values()) < MAX_BYTES, sizes
