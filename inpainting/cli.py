"""The command line: the same Studio without a browser. Its options and exit codes are kept stable.

Exit codes: 0 done; 1 a model could not do it; 2 bad input; 130 stopped. Whatever goes wrong is one
sentence on stderr. Progress goes to stderr; the last line of stdout is `seed N`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from inpainting.arguments import MODEL_OPTIONS, build_parser
from inpainting.cli_paint import run_paint
from inpainting.cli_repeat import run_repeat
from inpainting.cli_select import run_select
from inpainting.console import Narrator, Run, StudioMaker
from inpainting.errors import BadPhoto, BadRequest, PointPaintError
from inpainting.settings import read_settings

DONE, FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130


def main(
    arguments: Sequence[str],
    make_studio: StudioMaker,
    environment: Mapping[str, str],
    out: TextIO,
    err: TextIO,
) -> int:
    """Run one command and return its exit code; never raises what a user could cause."""
    say = Narrator(err)
    try:
        options = build_parser().parse_args(arguments)
        chosen = {name: getattr(options, name, None) for name in MODEL_OPTIONS}
        settings = read_settings(environment, chosen)
        commands = {"select": run_select, "paint": run_paint, "repeat": run_repeat}
        commands[options.command](Run(options, settings, make_studio, say, out))
    except (BadRequest, BadPhoto) as error:
        return _end(say, str(error), BAD_INPUT)
    except PointPaintError as error:
        return _end(say, str(error), FAILED)
    except KeyboardInterrupt:
        return _end(say, "Stopped; nothing was written.", STOPPED)
    except OSError as error:
        return _end(say, f"A file could not be read or written: {error.strerror}.", BAD_INPUT)
    except Exception as error:
        return _end(say, f"The program failed inside ({type(error).__name__}).", FAILED)
    return DONE


def _end(say: Narrator, sentence: str, code: int) -> int:
    say.line(sentence)
    return code
