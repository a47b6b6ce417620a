"""The command `paint`: every tool, in one picture or in many."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from inpainting.checks import check_paint, selects
from inpainting.console import (
    Narrator,
    Run,
    edges_of,
    opened,
    prompts_of,
    require_different,
)
from inpainting.errors import PointPaintError
from inpainting.files import save_atomically
from inpainting.grids import Axis, cells, parse_axis
from inpainting.outputs import (
    Made,
    film_files,
    numbered,
    picture_files,
    recipe_files,
    sheet_file,
)
from inpainting.photo import encode_mask, open_mask
from inpainting.recipe import PartUsed, SelectionUsed, pack_mask
from inpainting.requests import resolve
from inpainting.selection import refine
from inpainting.studio import Studio
from inpainting.tiles import captioned, contact_sheet
from inpainting.tools import blank_photo
from inpainting.types import (
    Combine,
    LoraUse,
    Mask,
    PaintRequest,
    PaintResult,
    Photo,
    Region,
    Rgb,
    Sides,
    Tool,
)

NO_PHOTO = (16, 16)
"""Size of the photo for a tool that looks at none."""

SHEET_COLUMNS = 4
"""Variations in a row of a sheet."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The axes of a grid; neither is there for plain variations."""

    x: Axis | None
    y: Axis | None

    def requests(self, request: PaintRequest) -> tuple[tuple[PaintRequest, ...], ...]:
        """Return the rows of requests to run."""
        return ((request,),) if self.x is None else cells(request, self.x, self.y)

    def count(self, variations: int) -> int:
        """Return how many pictures there will be."""
        if self.x is None:
            return variations
        return len(self.x.values) * (1 if self.y is None else len(self.y.values))


def run_paint(run: Run) -> None:
    """Do what the tool does, then write the pictures and what was asked for beside them."""
    options = run.options
    tool, edges = Tool(options.tool), edges_of(options)
    check_paint(options)
    grid = _grid(options)
    _require_room(options, grid.count(options.variations))
    photo = blank_photo(NO_PHOTO) if tool is Tool.CREATE else opened(run, options.photo)
    given = None if options.mask is None else open_mask(options.mask, photo.size)
    rows = grid.requests(_request(options, photo))
    clicked = selects(options) and given is None
    paints = tool is not Tool.REMOVE
    studio = run.make_studio(run.settings, run.say.line, segment=clicked, paint=paints)
    if clicked:
        given = studio.select(photo, prompts_of(options)).masks[0]
    used = None if given is None else refine(given, edges, _side(options))
    chosen = None if given is None else _chosen(options, given)
    requests = [
        replace(r, mask=used, selection=chosen, size=_size(options, studio)) for r in chain(*rows)
    ]
    made = paint_all(studio, requests, run.say)
    save_atomically({**_extras(options, made, grid, used), **picture_files(options.output, made)})
    _tell(run, made)


def paint_all(studio: Studio, requests: Sequence[PaintRequest], say: Narrator) -> list[Made]:
    """Paint each request; all are checked before the first is begun."""
    if len(requests) > 1:
        for request in requests:
            resolve(request, studio.painter.info)
    return list(chain.from_iterable(_paint(studio, request, say) for request in requests))


def _paint(studio: Studio, request: PaintRequest, say: Narrator) -> Iterable[Made]:
    steps, made = 0, list[Made]()
    with closing(studio.paint(request)) as events:
        for event in events:
            if isinstance(event, PaintResult):
                made.append(Made(event, steps))
            else:
                steps = event.total
                say.progress(event)
    if not made:
        raise PointPaintError("The painter stopped without a picture. Please try again.")
    return made


def _grid(options: argparse.Namespace) -> Grid:
    def axis(given: tuple[str, str] | None) -> Axis | None:
        return None if given is None else parse_axis(*given)

    return Grid(axis(options.grid_x), axis(options.grid_y))


def _require_room(options: argparse.Namespace, count: int) -> None:
    """Refuse files that would overwrite each other, before the work."""
    named = [
        (name, numbered(path, n))
        for name, path in (
            ("output", options.output),
            ("recipe", options.recipe),
            ("film", options.film),
        )
        if path is not None
        for n in range(1, count + 1)
    ]
    once = (("mask-out", options.mask_out), ("sheet", options.sheet))
    require_different([*named, *((name, path) for name, path in once if path is not None)])


def _side(options: argparse.Namespace) -> Region:
    """Return which side of the mask is painted over."""
    removes = options.tool == Tool.REMOVE.value
    return Region.SUBJECT if removes else Region(options.region)


def _chosen(options: argparse.Namespace, mask: Mask) -> SelectionUsed:
    part = PartUsed(Combine.ADD, prompts_of(options), (), pack_mask(mask))
    return SelectionUsed((part,), edges_of(options))


def _size(options: argparse.Namespace, studio: Studio) -> tuple[int, int] | None:
    """Return the size of a picture to create: the painter's own where none is given."""
    if options.tool != Tool.CREATE.value:
        return None
    side = studio.painter.info.native_side
    return options.size or (side, side)


def _request(options: argparse.Namespace, photo: Photo) -> PaintRequest:
    """Return the request without its mask."""
    return PaintRequest(
        photo,
        None,
        region=Region(options.region),
        prompt=options.prompt or "",
        negative_prompt=options.negative,
        seed=options.seed,
        steps=options.steps,
        guidance=options.guidance,
        strength=options.strength,
        scheduler=options.scheduler,
        variations=options.variations,
        feather=options.feather,
        prompts=prompts_of(options),
        tool=Tool(options.tool),
        sides=options.extend or Sides(),
        size=options.size,
        method=options.method,
        context=options.context,
        separate=options.separate,
        prefill=options.prefill,
        match_colour=options.match_colour,
        softness=options.softness,
        guidance_until=options.guidance_until,
        reuse=options.reuse,
        loras=tuple(LoraUse(name, weight) for name, weight in options.lora),
        film=options.film is not None,
    )


def _extras(
    options: argparse.Namespace, made: Sequence[Made], grid: Grid, mask: Mask | None
) -> dict[Path, bytes]:
    """Return the files beside the pictures."""
    files: dict[Path, bytes] = {}
    if options.mask_out is not None and mask is not None:
        files[options.mask_out] = encode_mask(mask)
    if options.recipe is not None:
        files |= recipe_files(options.recipe, made)
    if options.film is not None:
        files |= film_files(options.film, made)
    if options.sheet is not None:
        files[options.sheet] = sheet_file(_sheet(made, grid), made[0])
    return files


def _sheet(made: Sequence[Made], grid: Grid) -> Rgb:
    if grid.x is None:
        tiles = [captioned(m.result.photo.rgb, f"seed {m.result.seed}") for m in made]
        return contact_sheet(_rows(tiles, SHEET_COLUMNS))
    rows = _rows([m.result.photo.rgb for m in made], len(grid.x.values))
    return contact_sheet(rows, grid.x.labels, () if grid.y is None else grid.y.labels)


def _rows(pictures: Sequence[Rgb], columns: int) -> list[Sequence[Rgb]]:
    return [pictures[n : n + columns] for n in range(0, len(pictures), columns)]


def _tell(run: Run, made: Sequence[Made]) -> None:
    """Write each picture's path and seed, and each note once."""
    for note in dict.fromkeys(chain.from_iterable(m.result.notes for m in made)):
        run.say.line(note)
    for number, m in enumerate(made, 1):
        run.out.write(f"{numbered(run.options.output, number)}\nseed {m.result.seed}\n")
