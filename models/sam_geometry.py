"""Between a photo and the square that a model of the Segment Anything family sees.

SAM and SAM-HQ scale the photo so that its longer side equals the model's side, and pad right and
bottom (Kirillov et al. 2023, "Segment Anything", and the code published with it). SAM 2, EdgeTAM
and SAM 3 stretch it to the whole square (Ravi et al. 2024, "SAM 2", and its code).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpainting.types import Box, Mask, Point, Prompts, Rgb, Size
from models.mask_scaling import above_zero

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION: Triple = (0.229, 0.224, 0.225)
HALF: Triple = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Square:
    """How photos lie in the square of `side` pixels that a model sees.

    `stretched` to the whole of it, else in proportion and padded right and below with zeros;
    `mean` and `deviation` of red, green and blue, 0-1, are taken out of the pixels.
    """

    side: int
    stretched: bool = False
    mean: Triple = IMAGENET_MEAN
    deviation: Triple = IMAGENET_DEVIATION

    def scaled(self, size: Size) -> Size:
        """Return the (width, height) that a photo of `size` has in the square."""
        return (self.side, self.side) if self.stretched else scaled_size(size, self.side)

    def part(self, size: Size, side: int) -> tuple[int, int]:
        """Return how many rows and columns of `side`-square logits show a photo of `size`."""
        width, height = (side, side) if self.stretched else scaled_size(size, side)
        return height, width

    def place(self, coordinates: NDArray[np.float64], size: Size) -> NDArray[np.float32]:
        """Return photo coordinates (Nx2, x y) in the square's pixels, as models were trained.

        The prompt encoders add the half pixel to the centre themselves.
        """
        scale = np.array(self.scaled(size)) / np.array(size)
        return np.asarray(coordinates * scale, np.float32)

    def pixels(self, rgb: Rgb) -> NDArray[np.float32]:
        """Return the encoder's input, 3 x side x side float32, from HxWx3 uint8 sRGB.

        Bilinear scaling, with averaging where the photo is larger.
        """
        size = self.scaled((rgb.shape[1], rgb.shape[0]))
        scaled = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))
        mean, deviation = np.array((self.mean, self.deviation), np.float32)
        square = np.zeros((3, self.side, self.side), np.float32)
        normal = (scaled.astype(np.float32) / 255 - mean) / deviation
        square[:, : size[1], : size[0]] = normal.transpose(2, 0, 1)
        return square

    def mask(self, logits: NDArray[np.float32], size: Size) -> Mask:
        """Return low-resolution logits (square, float32) as a mask of a photo of `size`.

        The logits are scaled and thresholded at 0 last: thresholding first gives stairs.
        """
        if not self.stretched:
            width, height = self.scaled(size)
            whole = (self.side, self.side)
            square = cv2.resize(logits, whole, interpolation=cv2.INTER_LINEAR)
            logits = np.asarray(square[:height, :width], np.float32)
        return above_zero(logits, size)


def scaled_size(size: Size, side: int) -> Size:
    """Return the (width, height) of a photo of `size` whose longer side was scaled to `side`."""
    scale = side / max(size)
    return _scaled(size[0], scale), _scaled(size[1], scale)


def _scaled(length: int, scale: float) -> int:
    return max(1, int(length * scale + 0.5))


def pixel_values(rgb: Rgb, side: int) -> NDArray[np.float32]:
    """Return the input of SAM's encoder, 3 x side x side float32, from HxWx3 uint8 sRGB."""
    return Square(side).pixels(rgb)


def prompt_arrays(prompts: Prompts, size: Size, square: Square) -> dict[str, NDArray[np.float32]]:
    """Return prompts on a photo of `size` by the names of the models' arguments.

    `input_points` 1x1xNx2 and `input_boxes` 1x1x4 in the square's pixels, `input_labels` 1x1xN with
    1 for include and 0 for exclude; only those that there are.
    """
    arrays: dict[str, NDArray[np.float32]] = {}
    if prompts.points:
        arrays["input_points"] = square.place(_xy(prompts.points), size)[None, None]
        labels = [[[int(point.include) for point in prompts.points]]]
        arrays["input_labels"] = np.array(labels, np.float32)
    if prompts.box is not None:
        arrays["input_boxes"] = square.place(_corners(prompts.box), size).reshape(1, 1, 4)
    return arrays


def _xy(points: tuple[Point, ...]) -> NDArray[np.float64]:
    return np.array([(point.x, point.y) for point in points], np.float64)


def _corners(box: Box) -> NDArray[np.float64]:
    return np.array([(box.x0, box.y0), (box.x1, box.y1)], np.float64)
