"""LaMa, run by opencv.

Source: Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions (2022);
the file is that of opencv's model zoo. It takes pictures of 512 x 512 pixels alone: "image"
1x3x512x512, RGB 0-1; "mask" 1x1x512x512, 1 = fill; and gives RGB 0-255.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inpainting.errors import BadOutput, ModelUnavailable
from inpainting.types import Mask, ModelInfo, Painted, PaintSettings, Progress, Rgb
from models.filling import emptied_of, require_fillable, small
from models.worker import Emit, StopSignal, Worker

FILE = "inpainting_lama_2025jan.onnx"
SIDE = 512

Event = Progress | Painted
Floats = NDArray[np.float32]


class LamaPainter:
    """A `Painter` on LaMa's network; one job at a time, on a thread of its own."""

    def __init__(self, net: cv2.dnn.Net, info: ModelInfo) -> None:
        self._net = net
        self._info = info
        self._worker = Worker("lama")

    @property
    def info(self) -> ModelInfo:
        """What this is, with `defaults` and `schedulers` set."""
        return self._info

    def paint(self, rgb: Rgb, hole: Mask, settings: PaintSettings) -> Generator[Event, None, None]:
        """Fill where `hole`, HxW bool, is True in `rgb`, HxWx3 uint8 of any size; see `Painter`.

        No setting counts. Kept pixels stay as they are, what the hole holds is not looked at, and
        the same arguments give the same bytes. Raises BadRequest, NothingSelected, BadOutput.
        """
        del settings
        require_fillable(rgb, hole)

        def job(emit: Emit[Event], stop: StopSignal) -> None:
            self._run(rgb, hole, emit, stop)

        yield from self._worker.stream(job)

    def _run(self, rgb: Rgb, hole: Mask, emit: Emit[Event], stop: StopSignal) -> None:
        image, mask = squared(emptied_of(rgb, hole), hole)
        self._net.setInput(_planes(image / np.float32(255)), "image")
        self._net.setInput(_planes(mask.astype(np.float32)), "mask")
        output = np.asarray(self._net.forward())
        stop.check()
        filling = unsquared(_picture(output), (rgb.shape[1], rgb.shape[0]))
        result = np.where(hole[..., None], filling, rgb)
        emit(Progress(1, 1, small(result)))
        emit(Painted(result))


def read_net(path: Path) -> cv2.dnn.Net:
    """Return the network of an ONNX file; raises ModelUnavailable when it cannot be read."""
    try:
        net = cv2.dnn.readNetFromONNX(str(path))
    except cv2.error as error:
        raise ModelUnavailable(
            "The file of LaMa is damaged or of another kind; delete it from the model cache and "
            "try again, or choose another method."
        ) from error
    return net


def squared(rgb: Rgb, hole: Mask) -> tuple[Rgb, Mask]:
    """Return a picture, HxWx3, and its hole, HxW, at SIDE x SIDE with their proportions kept.

    Sides that are longer are scaled down; what is missing on the right and below is mirrored.
    """
    width, height = _fitted((rgb.shape[1], rgb.shape[0]))
    picture = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    share = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    rest = ((0, SIDE - height), (0, SIDE - width))
    mask = np.pad(np.asarray(share) > 0, rest, mode="symmetric")
    return np.pad(picture, (*rest, (0, 0)), mode="symmetric"), mask


def unsquared(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Return a picture, SIDE x SIDE x3, at the size (width, height) that it was squared from."""
    width, height = _fitted(size)
    part = np.ascontiguousarray(rgb[:height, :width])
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def _fitted(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1.0, SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _planes(array: NDArray[np.float32]) -> Floats:
    """Return HxW or HxWxC as 1xCxHxW."""
    deep = array.reshape(*array.shape[:2], -1)
    return np.ascontiguousarray(deep.transpose(2, 0, 1)[None])


def _picture(output: NDArray[np.generic]) -> Rgb:
    """Return the network's output, 1x3x512x512, as a picture; raises BadOutput for another."""
    if output.shape != (1, 3, SIDE, SIDE) or not np.isfinite(output).all():
        raise BadOutput("LaMa gave no picture; try again, or choose another method.")
    picture = np.clip(output[0].transpose(1, 2, 0), 0, 255)
    return np.asarray(np.rint(picture), np.uint8)
