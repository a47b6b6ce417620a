"""One table of settings: defaults, then the environment, then options, make `Settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from inpainting.errors import BadRequest

ENV_PREFIX = "POINTPAINT_"


@dataclass(frozen=True, slots=True)
class Setting:
    """A row: its name (option `--name`, variable `POINTPAINT_NAME`), default, range and sentence.

    `low` and `high` bound numbers, both inclusive; `choices` bound words.
    """

    name: str
    default: str | int
    help: str
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def option(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment spelling."""
        return ENV_PREFIX + self.name.upper()


SETTINGS: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", "Address to listen on. 0.0.0.0 opens the page to your network."),
    Setting("port", 8080, "Port of the page.", 1, 65535),
    Setting(
        "preset",
        "auto",
        "Segmenter and painter that fit one kind of machine; auto takes sdxl where CUDA is.",
        choices=("auto", "sdxl", "light", "embedded"),
    ),
    Setting("segmenter", "", "Catalogue row of the segmenter, instead of the preset's."),
    Setting("painter", "", "Catalogue row of the painter, instead of the preset's."),
    Setting("loras", "", "Folder of LoRA files (safetensors) that can be added to a painter."),
    Setting("device", "auto", "Device of SAM and SDXL: auto, cpu, cuda, cuda:1 or mps."),
    Setting(
        "memory",
        "auto",
        "How a painter shares the GPU's memory: resident (12 GB and up), offload (its models take "
        "turns, 8 GB), groups (its layers take turns, 6 GB); auto takes what fits.",
        choices=("auto", "resident", "offload", "groups"),
    ),
    Setting("eight_bit", 0, "1: keep the painter's weights in 8 bits, for small GPUs.", 0, 1),
    Setting(
        "compile", 0, "1: compile the painter when it is loaded: quicker steps on a GPU.", 0, 1
    ),
    Setting("batch", 1, "Pictures that are painted at a time, where the GPU has room.", 1, 8),
    Setting("max_megapixels", 50, "Largest photo, in millions of pixels.", 1, 178),
    Setting("max_file_mb", 200, "Largest file, in megabytes.", 1, 500),
    Setting("embedding_cache_mb", 512, "Memory for embeddings of photos, in megabytes.", 16, 65536),
    Setting("queue_size", 16, "Repaints that may wait; the next one is refused.", 1, 1000),
    Setting("sessions", 64, "Browser sessions kept in memory at a time.", 1, 10000),
    Setting("offline", 0, "1: never ask the model hub, use what is on disk.", 0, 1),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their values; the fields are the rows of `SETTINGS`, in their order."""

    host: str = "127.0.0.1"
    port: int = 8080
    preset: str = "auto"
    segmenter: str = ""
    painter: str = ""
    loras: str = ""
    device: str = "auto"
    memory: str = "auto"
    eight_bit: int = 0
    compile: int = 0
    batch: int = 1
    max_megapixels: int = 50
    max_file_mb: int = 200
    embedding_cache_mb: int = 512
    queue_size: int = 16
    sessions: int = 64
    offline: int = 0


def read_settings(
    environment: Mapping[str, str], options: Mapping[str, str | int | None] | None = None
) -> Settings:
    """Build `Settings` from defaults, overridden by `environment`, overridden by `options`.

    Options that are None are not given. Raises BadRequest naming the setting, the value and what
    would be right.
    """
    chosen = {row.name: environment.get(row.variable) or None for row in SETTINGS}
    given = {name: value for name, value in (options or {}).items() if value is not None}
    values = {row.name: _cast(row, {**chosen, **given}.get(row.name)) for row in SETTINGS}
    return Settings(**{f.name: values[f.name] for f in fields(Settings)})  # type: ignore[arg-type]


def _cast(row: Setting, value: str | int | None) -> str | int:
    """Return `value` as the type of the row's default, inside its range; None gives the default."""
    if value is None:
        return row.default
    if isinstance(row.default, str):
        return _word(row, str(value))
    return _number(row, value)


def _word(row: Setting, value: str) -> str:
    if row.choices and value not in row.choices:
        raise BadRequest(f"{row.name} is {value!r}; it must be one of {', '.join(row.choices)}.")
    return value


def _number(row: Setting, value: str | int) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise BadRequest(f"{row.name} is {value!r}; it must be a whole number.") from error
    low, high = row.low, row.high
    if (low is not None and number < low) or (high is not None and number > high):
        raise BadRequest(f"{row.name} is {number}; it must be from {low} to {high}.")
    return number
