"""How each family of diffusers pipelines is called: classes, arguments, what its prompts allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.flow_latents import (
    Spread,
    as_they_are,
    encode_flux2,
    encode_kl,
    encode_movq,
    encode_qwen,
    laid_out,
    unfolded,
)
from models.preview import Encode


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to paint: the diffusers class by name, and which of these arguments it takes.

    `takes` holds some of "image", "mask_image", "strength", "height" (and width); `options` go
    along with every call of it.
    """

    pipeline: str
    takes: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """A prompt argument and the tokenizers that must be able to read it whole.

    `limit` in tokens, None for the tokenizers' own; `chat` keyword arguments of the chat template
    that the prompt is put in before, None for a bare prompt.
    """

    argument: str
    tokenizers: tuple[str, ...]
    limit: int | None = None
    chat: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A family: `text` paints from the prompt alone, `image` over a picture, `hole` in a hole.

    A mode that is None is not there. `guidance` is the name of that argument, None where the model
    takes none; a negative prompt is read at a guidance above `negative_above`, never where that is
    None, and `empty_negative` stands for none where the class wants a text. `prior` components come
    from a pipeline of their own. `floors`: steps x strength is rounded down to the steps that run,
    else up. `options` go along with every call. `vae` is the decoder's name; `encode` and `spread`
    make previews. `half` is the precision in place of float16.
    """

    text: Mode
    image: Mode | None
    hole: Mode
    readers: tuple[Reader, ...]
    encode: Encode
    spread: Spread = as_they_are
    guidance: str | None = "guidance_scale"
    negative_above: float | None = 1.0
    empty_negative: str | None = None
    prior: bool = False
    floors: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    vae: str = "vae"
    half: str = "bfloat16"

    @property
    def modes(self) -> tuple[Mode, ...]:
        """All modes there are."""
        return tuple(mode for mode in (self.text, self.image, self.hole) if mode is not None)


_SIZE = ("height",)
_PICTURE = ("image", "strength", "height")
_HOLE = ("image", "mask_image", "strength", "height")

_KANDINSKY_READERS = (Reader("prompt", ("prior_tokenizer",)),)
_KANDINSKY_HOLE = Mode("KandinskyV22InpaintCombinedPipeline", ("image", "mask_image", "height"))
_KANDINSKY_PICTURE = Mode("KandinskyV22Img2ImgCombinedPipeline", _PICTURE)
_KLEIN_HOLE = Mode("Flux2KleinInpaintPipeline", _HOLE)
_FILL = Mode("FluxFillPipeline", _HOLE)
_QWEN_HOLE = Mode("QwenImageEditInpaintPipeline", _HOLE)

FAMILIES: Mapping[str, Family] = {
    "kandinsky": Family(
        # The guidance of the prior is that of diffusers' guide, "Kandinsky".
        text=Mode("KandinskyV22CombinedPipeline", _SIZE, {"prior_guidance_scale": 1.0}),
        image=_KANDINSKY_PICTURE,
        hole=_KANDINSKY_PICTURE,
        readers=_KANDINSKY_READERS,
        encode=encode_movq,
        prior=True,
        floors=True,
        # The older way to listen, which both classes warn of unless told that it is not wanted.
        options={"callback_steps": None},
        vae="movq",
        half="float16",
    ),
    "kandinsky-inpaint": Family(
        text=_KANDINSKY_HOLE,
        image=None,
        hole=_KANDINSKY_HOLE,
        readers=_KANDINSKY_READERS,
        encode=encode_movq,
        prior=True,
        vae="movq",
        half="float16",
    ),
    "sd3": Family(
        text=Mode("StableDiffusion3Pipeline", _SIZE),
        image=Mode("StableDiffusion3Img2ImgPipeline", _PICTURE),
        hole=Mode("StableDiffusion3InpaintPipeline", _HOLE),
        # The first is cut to what CLIP reads; the whole of it is read by T5. The card of 3.5 medium
        # warns of artifacts beyond 256 tokens.
        readers=(
            Reader("prompt", ("tokenizer", "tokenizer_2")),
            Reader("prompt_3", ("tokenizer_3",), limit=256),
        ),
        encode=encode_kl,
        options={"max_sequence_length": 256},
    ),
    "z-image": Family(
        text=Mode("ZImagePipeline", _SIZE),
        image=Mode("ZImageImg2ImgPipeline", _PICTURE),
        hole=Mode("ZImageInpaintPipeline", _HOLE),
        readers=(Reader("prompt", ("tokenizer",), limit=512, chat={"enable_thinking": True}),),
        encode=encode_kl,
        negative_above=0.0,
        options={"max_sequence_length": 512},
    ),
    "flux2-klein": Family(
        text=Mode("Flux2KleinPipeline", _SIZE),
        image=_KLEIN_HOLE,
        hole=_KLEIN_HOLE,
        readers=(Reader("prompt", ("tokenizer",), limit=512, chat={"enable_thinking": False}),),
        encode=encode_flux2,
        spread=laid_out,
        # Distilled: the pipeline ignores any other guidance, and takes no negative prompt.
        guidance=None,
        negative_above=None,
        options={"max_sequence_length": 512, "guidance_scale": 1.0},
    ),
    "flux-fill": Family(
        text=_FILL,
        image=_FILL,
        hole=_FILL,
        readers=(
            Reader("prompt", ("tokenizer",)),
            Reader("prompt_2", ("tokenizer_2",), limit=512),
        ),
        encode=encode_kl,
        spread=unfolded,
        negative_above=None,
        options={"max_sequence_length": 512},
    ),
    "qwen-edit": Family(
        text=Mode("QwenImageEditPipeline", ("image", "height")),
        image=_QWEN_HOLE,
        hole=_QWEN_HOLE,
        # Read whole: the pipeline has no limit of its own, and 2,000 characters are few for it.
        readers=(Reader("prompt", ()),),
        encode=encode_qwen,
        spread=unfolded,
        guidance="true_cfg_scale",
        # Without one the pipeline does not guide at all.
        empty_negative=" ",
    ),
}
"""By the `kind` of a catalogue row."""
