"""The digest of a photo: what embeddings and recipes know it by."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def digest_of(
    pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, profile: bytes | None
) -> str:
    """Return 64 hex digits, a SHA-256 of size, pixels HxWx3, alpha HxW and colour profile.

    Lengths stand first so that no two contents mix.
    """
    sizes = (*pixels.shape, -1 if alpha is None else alpha.size, len(profile or b""))
    digest = hashlib.sha256(repr(sizes).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    if alpha is not None:
        digest.update(np.ascontiguousarray(alpha).data)
    digest.update(profile or b"")
    return digest.hexdigest()
