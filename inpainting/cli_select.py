"""The command `select`: clicks, a proposal or a text to a mask."""

from __future__ import annotations

from inpainting.console import Run, edges_of, opened, prompts_of, require_different
from inpainting.cutout import cutout
from inpainting.errors import BadRequest
from inpainting.files import save_atomically
from inpainting.photo import encode_mask, encode_png
from inpainting.requests import check_words
from inpainting.selection import refine
from inpainting.studio import Studio
from inpainting.types import Candidates, Photo, Region


def run_select(run: Run) -> None:
    """Write the best mask, 8-bit, 255 = subject, at the photo's size, and the cut-out subject."""
    options = run.options
    cut = [] if options.cutout is None else [("cutout", options.cutout)]
    require_different([("output", options.output), *cut])
    edges = edges_of(options)
    _require_one_way(run)
    photo = opened(run, options.photo)
    studio = run.make_studio(run.settings, run.say.line, segment=True, paint=False)
    mask = refine(_found(run, studio, photo).masks[0], edges, Region.SUBJECT)
    files = {options.output: encode_mask(mask)}
    if options.cutout:
        files[options.cutout] = encode_png(cutout(photo, mask))
    save_atomically(files)
    run.out.writelines(f"{path}\n" for path in files)


def _require_one_way(run: Run) -> None:
    options = run.options
    clicks = "clicks (--at, --not-at, --box)"
    given = {
        "--subject": options.subject,
        "--find": options.find is not None,
        clicks: bool(prompts_of(options)),
    }
    named = [name for name, there in given.items() if there]
    if len(named) > 1:
        raise BadRequest(f"Give either {named[0]} or {named[1]}, not both.")
    if options.find is not None:
        check_words(options.find)


def _found(run: Run, studio: Studio, photo: Photo) -> Candidates:
    options = run.options
    if options.subject:
        return studio.propose(photo)
    if options.find is not None:
        return studio.find(photo, options.find)
    return studio.select(photo, prompts_of(options))
