"""A photo on the desk and a finished picture, without their pixels: those are in files."""

from __future__ import annotations

from dataclasses import dataclass, field

from inpainting.records import Recipe
from inpainting.types import Size


@dataclass(frozen=True, slots=True)
class Sheet:
    """The photo that is worked on, without its pixels: the desk holds those under `digest`.

    `display` is the path of the copy that the browser shows; `path` the PNG file to read the pixels
    from again, empty for the photo that was opened, which is never put away; `recipe` came with a
    picture that was made here.
    """

    digest: str
    size: Size
    name: str
    display: str
    path: str = ""
    recipe: Recipe | None = field(default=None, compare=False, repr=False)

    def is_made_from(self, digest: str) -> bool:
        """Whether the picture's recipe names the photo with that digest."""
        return self.recipe is not None and self.recipe.photo_digest == digest


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished picture: `id` counts from 1 within a session, `before` is the path of what it was
    painted on, as the browser shows it and of the picture's size, empty for nothing, and `sheet`
    the picture itself, its PNG with the recipe inside at `sheet.path`; `file_name` is the name it
    is downloaded under, `thumb` a small copy. `source` is what lay on the desk, by its path, empty
    for nothing; `recipe` and `film` are the paths of the recipe alone and of the filmstrip, empty
    for none; `created` tells that it started from nothing.
    """

    id: int
    sheet: Sheet
    before: str
    thumb: str
    file_name: str
    seed: int
    seconds: float
    notes: tuple[str, ...] = ()
    source: str = ""
    recipe: str = ""
    film: str = ""
    created: bool = False
