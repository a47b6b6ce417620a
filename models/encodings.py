"""What a VAE made of the last pictures: the same picture again does not run the encoder."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

_MODE = ("dtype", "use_tiling", "use_slicing", "tile_sample_min_size")
"""What decides, beside the picture, what a VAE makes of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Encoding:
    """What the encoder saw, the state that it was in, and what it gave: a distribution."""

    picture: torch.Tensor
    mode: tuple[object, ...]
    output: Any

    def is_of(self, picture: torch.Tensor, mode: tuple[object, ...]) -> bool:
        """Tell whether this is what the encoder would give again."""
        mine = self.picture
        return (
            mode == self.mode
            and (mine.shape, mine.dtype, mine.device)
            == (picture.shape, picture.dtype, picture.device)
            and torch.equal(mine, picture)
        )


class Encodings:
    """The last `most` encodings by an `AutoencoderKL`, for the thread that uses it.

    Distributions are kept, not samples: each job draws its own, in the same order as ever.
    """

    def __init__(self, vae: Any, most: int = 4) -> None:
        self._vae = vae
        self._found: deque[_Encoding] = deque(maxlen=most)

    def clear(self) -> None:
        """Forget all, and free the memory."""
        self._found.clear()

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Let `vae.encode` look here first, inside; it is as before afterwards."""
        own = vars(self._vae)
        before = own.get("encode")
        own["encode"] = self._looking(self._vae.encode)
        try:
            yield
        finally:
            del own["encode"]
            if before is not None:
                own["encode"] = before

    def _looking(self, encode: Callable[[torch.Tensor], Any]) -> Callable[..., Any]:
        def looked_up(x: torch.Tensor, return_dict: bool = True) -> Any:
            output = self._output(encode, x)
            return output if return_dict else (output.latent_dist,)

        return looked_up

    def _output(self, encode: Callable[[torch.Tensor], Any], picture: torch.Tensor) -> Any:
        mode = tuple(getattr(self._vae, name, None) for name in _MODE)
        for encoding in self._found:
            if encoding.is_of(picture, mode):
                # The one that was used last is forgotten last.
                self._found.remove(encoding)
                self._found.append(encoding)
                return encoding.output
        output = encode(picture)
        self._found.append(_Encoding(picture.detach().clone(), mode, output))
        return output
