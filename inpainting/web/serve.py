"""How the page is served: on loopback, for itself alone, with bounds on everything that grows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import gradio as gr

from inpainting.errors import BadRequest
from inpainting.settings import Settings
from inpainting.web.parts import part
from inpainting.web.texts import head, i18n
from inpainting.web.theme import page_theme
from inpainting.web.tooling import tool_css

DELETE_EVERY, DELETE_AFTER = 1800, 24 * 3600
"""Seconds between two clearings, and the age of a desk that is cleared; its files live twice as
long, for they are not renewed with it."""


class Page(gr.Blocks):
    """Blocks that know how they are to be served; `launch` takes the options of `settings`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings  # gradio's own beginning calls `queue`
        super().__init__(
            title="Point & Paint",
            analytics_enabled=False,
            delete_cache=(DELETE_EVERY, 2 * DELETE_AFTER),
        )

    def queue(self, *args: Any, **options: Any) -> Any:
        """Make the queue, and the server with it: once, with the settings' options, is enough."""
        bounds = {"api_open": False, "max_size": self.settings.queue_size}
        return super().queue(*args, **{**bounds, **options})

    def launch(self, *args: Any, **options: Any) -> Any:
        """Serve the page; `options` take the place of those in `launch_options`."""
        return super().launch(*args, **{**launch_options(self.settings), **options})


def launch_options(settings: Settings) -> dict[str, Any]:
    """Return the options of `Blocks.launch`; every one that opens a door is closed by name."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": False,
        "inbrowser": False,
        "quiet": True,
        "show_error": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "run_history": False,
        "pwa": False,
        "ssr_mode": False,
        "strict_cors": True,
        "footer_links": [],
        "max_file_size": settings.max_file_mb * 1_000_000,
        "state_session_capacity": settings.sessions,
        "theme": page_theme(),
        "css": part("page.css") + tool_css(),
        "head": head(),
        "i18n": i18n(),
    }


def serve(page: gr.Blocks, settings: Settings, once_up: Callable[[], object] | None = None) -> None:
    """Serve the page until the process is told to stop; raises BadRequest for a taken port.

    `once_up` is called as soon as the page answers: what it begins does not hold the page up.
    """
    try:
        _, url, _ = page.launch(prevent_thread_lock=True)
    except OSError as error:
        raise BadRequest(
            f"Port {settings.port} of {settings.host} cannot be used; choose another with --port."
        ) from error
    if once_up is not None:
        once_up()
    sys.stdout.write(f"Point & Paint is at {url}\n")
    sys.stdout.flush()
    page.block_thread()
