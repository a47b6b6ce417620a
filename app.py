"""Composition root: options to settings, to models, to the Studio, to the page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpainting.errors import PointPaintError
from inpainting.settings import SETTINGS, Settings, read_settings

if TYPE_CHECKING:
    import gradio

    from inpainting.ports import Painter, Segmenter

EXAMPLES = Path(__file__).resolve().parent / "assets" / "photos"


def generate_app(
    get_processed_inputs: Segmenter | Callable[..., Any],
    inpaint: Painter | Callable[..., Any],
    settings: Settings | None = None,
) -> gradio.Blocks:
    """Return the page for a segmenter and a painter, not launched.

    Takes a `Segmenter` and a `Painter`, or the notebook's two plain functions:
    `get_processed_inputs(photo, [[[x, y], ...]]) -> background HxW` and `inpaint(photo, hole,
    prompt, negative_prompt, seed, cfgs) -> picture`.
    """
    from inpainting.adapters import as_painter, as_segmenter
    from inpainting.studio import Studio
    from inpainting.web.stubs import without_stubs
    from models.filling import embedded_fillers

    with without_stubs():
        from inpainting.web.page import build_page
    chosen, models = (
        settings or Settings(),
        (as_segmenter(get_processed_inputs), as_painter(inpaint)),
    )
    studio = Studio(*models, chosen, fillers=embedded_fillers())
    return build_page(studio, chosen, examples())


def examples() -> list[Path]:
    """The photos that the page offers to begin with."""
    return sorted(EXAMPLES.glob("*.jpg"))


def read_options(arguments: Sequence[str]) -> dict[str, str | None]:
    """Parse one option for each row of the settings table; None where it is not given."""
    parser = argparse.ArgumentParser(description="Serve Point & Paint in the browser.")
    for row in SETTINGS:
        metavar = "|".join(row.choices) or row.name.upper()
        text = row.help if row.default == "" else f"{row.help} Default: {row.default}."
        parser.add_argument(row.option, dest=row.name, metavar=metavar, help=text)
    return vars(parser.parse_args(arguments))


def main(arguments: Sequence[str]) -> int:
    """Serve the page until it is stopped; return the exit code."""
    # The model hub's client reports on its use unless it is told not to.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        settings = read_settings(os.environ, read_options(arguments))
        serve_page(settings)
    except PointPaintError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def serve_page(settings: Settings) -> None:
    """Put the embedded models up at once and load what the preset asks for behind the page."""
    from inpainting.studio import Studio
    from inpainting.web.stubs import without_stubs
    from models.bringup import bring_up, embedded_models
    from models.filling import embedded_fillers
    from models.switching import Switcher
    from models.workers import Workers

    with without_stubs():
        from inpainting.web.page import build_page
        from inpainting.web.serve import serve

    segmenter, painter = embedded_models()
    studio = Studio(segmenter, painter, settings, fillers=embedded_fillers())
    workers = Workers()
    switcher = Switcher(studio, settings, workers=workers)
    page = build_page(studio, settings, examples(), switcher)
    serve(page, settings, once_up=bring_up(settings, studio, painter, workers=workers).start)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
