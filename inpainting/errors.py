"""Every refusal of the program, as one tree; the text of each is a sentence that a user can read.

PointPaintError          anything that is told to the user
|-- BadPhoto             the file cannot be used as a photo
|-- BadRequest           a value is missing, of the wrong kind or out of its range
|   `-- NothingSelected  the selection is empty, or leaves nothing to repaint
|-- ModelUnavailable     a model cannot be loaded: no weights, no network, no memory for it
|-- OutOfMemory          a job did not fit, even after every smaller way was tried
|-- BadOutput            the painter returned something that is not a picture
`-- Cancelled            the user stopped the job
"""

from __future__ import annotations


class PointPaintError(Exception):
    """Base of all refusals; `str(error)` is the sentence to show."""


class BadPhoto(PointPaintError):
    """Raised by `photo.open_photo` when a file is no photo, is damaged, or passes a limit."""


class BadRequest(PointPaintError):
    """Raised when a value that came from a user or a caller cannot be worked with."""


class NothingSelected(BadRequest):
    """Raised before any model runs when the hole would be empty."""


class ModelUnavailable(PointPaintError):
    """Raised by `models.loading` when a model cannot be had; says why and what to do."""


class OutOfMemory(PointPaintError):
    """Raised by a painter or segmenter when the device has too little memory for the job."""


class BadOutput(PointPaintError):
    """Raised by a painter whose picture is not finite or is one flat colour, also in fp32."""


class Cancelled(PointPaintError):
    """Raised inside a job that was told to stop."""
