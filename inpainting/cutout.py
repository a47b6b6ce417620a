"""The subject cut out of its photo, as a photo with transparency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inpainting.masks import as_mask
from inpainting.photo import with_pixels
from inpainting.types import Mask, Photo


def cutout(photo: Photo, mask: Mask) -> Photo:
    """Return the photo with all but the subject transparent: `alpha` is 0 where `mask` is False.

    Where it is True pixels and alpha are those of the photo bit for bit. The rest is black under
    its transparency: what was cut away cannot be brought back from the file. Size, profile, name
    and notes stay. Raises BadRequest for a mask of another size or dtype.
    """
    selected = as_mask(mask, photo.size)
    own = np.uint8(255) if photo.alpha is None else photo.alpha
    alpha = np.where(selected, own, np.uint8(0))
    pixels = np.where(selected[..., None], photo.pixels, np.uint8(0))
    return with_pixels(replace(photo, alpha=alpha), pixels, photo.notes)
