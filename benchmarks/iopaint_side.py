"""IOPaint's half of `benchmarks.peer_iopaint`, for a Python that has IOPaint, and knows no more.

Arguments: a folder with a pipeline, a photo and its hole as .npy files. Answers each line of JSON
on stdin, `{"steps": 20, "blur": 11, "box": [x, y, width, height], "out": FILE}`, by one on stdout.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np


def model(folder: str) -> Any:
    """Return IOPaint's own model on a pipeline of a folder, on the CPU, in 32 bits."""
    import torch
    from diffusers import AutoencoderKL

    iopaint, schema = import_module("iopaint.model"), import_module("iopaint.schema")
    # Else it would ask the hub for a VAE.
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", variant="fp16")
    kind = schema.ModelType.DIFFUSERS_SDXL_INPAINT
    return iopaint.SDXL(
        torch.device("cpu"),
        model_info=schema.ModelInfo(name="folder", path=folder, model_type=kind),
        pipe_components={"vae": vae},
        no_half=True,
        sd_cpu_textencoder=False,
        local_files_only=True,
    )


def painter(folder: str, photo: str, hole: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what answers a line: it paints as IOPaint's server does, without PNG and HTTP."""
    ask = import_module("iopaint.schema").InpaintRequest
    painting = model(folder)
    rgb, mask = np.load(photo), np.load(hole).astype(np.uint8) * 255

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        left, top, width, height = asked["box"]
        request = ask(
            prompt="a beach at sunset",
            sd_steps=asked["steps"],
            sd_sampler="Euler",
            sd_guidance_scale=2.5,
            sd_seed=7,
            sd_mask_blur=asked["blur"],
            use_croper=True,
            croper_x=left,
            croper_y=top,
            croper_width=width,
            croper_height=height,
        )
        # It paints into the array that it is given.
        given = rgb.copy()
        started, worked = time.perf_counter(), time.process_time()
        found = painting(given, mask.copy(), request)
        seconds, work = time.perf_counter() - started, time.process_time() - worked
        np.save(asked["out"], found[:, :, ::-1])
        return {"seconds": seconds, "worked": work}

    return answer


def main(arguments: list[str]) -> None:
    """Answer until stdin ends; all that libraries write goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf8")
    os.dup2(2, 1)
    answer = painter(*arguments)
    answers.write(f"{json.dumps({'version': version('iopaint')})}\n")
    for line in sys.stdin:
        answers.write(f"{json.dumps(answer(json.loads(line)))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
