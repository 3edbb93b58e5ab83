"""Engines that a lab cannot use are refused before anything is made: asked over a real socket."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.errors import EngineError

ONE_NODE = "name: refused\nnodes: {gw1: {kind: psa3000}}"

ServeEngine = Callable[[dict[str, Any]], None]


@pytest.fixture
def serve_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServeEngine]:
    """Something that answers like an engine, as far as being looked at goes; DOCKER_HOST leads to it."""
    monkeypatch.setenv("LEASELAB_HOME", str(tmp_path / "home"))
    with ExitStack() as ends:
        socket = Path(ends.enter_context(TemporaryDirectory(prefix="ll"))) / "sock"  # its path may have 107 bytes

        def serve(answers: dict[str, Any]) -> None:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    answer = answers.get(self.path.rpartition("/")[2])
                    self.send_response(200 if answer is not None else 404)
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.wfile.write(
                        json.dumps(answer if answer is not None else {"message": "no such thing"}).encode()
                    )

                def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
                    """Say nothing."""

            server = ends.enter_context(ThreadingUnixStreamServer(str(socket), Handler))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            ends.callback(thread.join)
            ends.callback(server.shutdown)
            monkeypatch.setenv("DOCKER_HOST", f"unix://{socket}")

        yield serve
    assert not list((tmp_path / "home").glob("labs/*")), "a refusal left something behind"


@pytest.mark.parametrize(
    "info",
    [
        {"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]},
        {"Rootless": True, "SecurityOptions": None},
    ],
    ids=["docker", "podman"],
)
def test_a_rootless_engine_is_refused_by_name(serve_engine: ServeEngine, info: dict[str, Any]) -> None:
    serve_engine({"version": {"ApiVersion": "1.43"}, "info": info})

    with pytest.raises(EngineError, match=r"sock is rootless") as refused:
        Lab.up(ONE_NODE, runtime="docker")

    assert "DOCKER_HOST" in refused.value.hint


def test_an_engine_older_than_what_is_needed_is_refused_with_both_versions(serve_engine: ServeEngine) -> None:
    serve_engine({"version": {"ApiVersion": "1.40"}})

    with pytest.raises(EngineError, match=r"speaks API 1\.40; 1\.41 is needed") as refused:
        Lab.up(ONE_NODE, runtime="docker")

    assert "20.10" in refused.value.hint


def test_an_engine_that_is_not_rootless_is_asked_for_the_image(serve_engine: ServeEngine) -> None:
    serve_engine({"version": {"ApiVersion": "1.41"}, "info": {"SecurityOptions": ["name=seccomp,profile=builtin"]}})

    with pytest.raises(EngineError, match=r"has no image"):
        Lab.up(ONE_NODE, runtime="docker")
