from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from inpainting.errors import BadRequest
from inpainting.settings import Settings
from inpainting.web.page import build_page
from inpainting.web.serve import launch_options, serve
from tests.support.photos import fake_studio
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("GRADIO_SHARE", "True")
        patch.setenv("GRADIO_MCP_SERVER", "True")
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
        settings = Settings(port=free_port(), max_file_mb=1)
        page = build_page(fake_studio(), settings, ())
        _, address, share = page.launch(prevent_thread_lock=True)
        assert share is None
        assert not page.analytics_enabled
        yield address
        page.close(verbose=False)


def ask(url: str, data: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a request."""
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_every_door_is_closed_by_name() -> None:
    options = launch_options(Settings(host="127.0.0.1", port=8123, max_file_mb=7, sessions=5))
    assert (options["server_name"], options["server_port"]) == ("127.0.0.1", 8123)
    assert options["max_file_size"] == 7_000_000
    assert options["state_session_capacity"] == 5
    for door in ("share", "enable_monitoring", "mcp_server", "run_history", "show_error", "pwa"):
        assert options[door] is False


def test_the_page_is_on_the_loopback_alone(url: str) -> None:
    assert url.startswith("http://127.0.0.1:")
    status, _, body = ask(url)
    assert status == 200
    assert b"Point & Paint" in body or b"Point \\u0026 Paint" in body


@pytest.mark.parametrize("path", ["monitoring", "gradio_api/mcp/sse", "gradio_api/mcp/"])
def test_what_is_not_needed_is_not_served(url: str, path: str) -> None:
    assert ask(url + path)[0] in (403, 404, 405)


@pytest.mark.parametrize(
    "path",
    [
        str(Path(__file__).parents[2] / "app.py"),
        "/etc/passwd",
        "../../../etc/passwd",
        "http://169.254.169.254/latest",
    ],
)
def test_no_file_of_the_machine_is_served(url: str, path: str) -> None:
    assert ask(f"{url}gradio_api/file={path}")[0] in (400, 403, 404)


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_other_site_may_read_the_answers(url: str, origin: str) -> None:
    assert "access-control-allow-origin" not in {key.lower() for key in ask(url, Origin=origin)[1]}


def test_an_upload_beyond_the_limit_is_refused(url: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    body += bytes(1_100_000) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    assert ask(f"{url}gradio_api/upload", body, **{"Content-Type": kind})[0] == 413


def test_nothing_is_offered_as_an_api(url: str) -> None:
    info = json.loads(ask(f"{url}gradio_api/info")[2])
    assert info == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_a_taken_port_is_a_sentence(url: str) -> None:
    port = int(url.rstrip("/").rsplit(":", 1)[1])
    settings = Settings(port=port)
    with gr.Blocks(analytics_enabled=False):
        page = build_page(fake_studio(), settings, ())
    with pytest.raises(BadRequest, match="--port"):
        serve(page, settings)


def test_a_served_page_says_where_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(port=free_port())
    page = build_page(fake_studio(), settings, ())
    monkeypatch.setattr(page, "block_thread", lambda: page.close(verbose=False))
    serve(page, settings)
    assert f"http://127.0.0.1:{settings.port}" in capsys.readouterr().out


def test_what_waits_for_the_page_begins_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(port=free_port())
    page = build_page(fake_studio(), settings, ())
    monkeypatch.setattr(page, "block_thread", lambda: page.close(verbose=False))
    answers: list[int] = []
    serve(page, settings, lambda: answers.append(ask(f"http://127.0.0.1:{settings.port}/")[0]))
    assert answers == [200]


def test_the_queue_is_bounded_and_closed_however_the_page_is_served() -> None:
    page = build_page(fake_studio(), Settings(queue_size=3), ())
    assert (page._queue.max_size, page.api_open) == (3, False)
    page.queue(max_size=7)
    assert (page._queue.max_size, page.api_open) == (7, False)
