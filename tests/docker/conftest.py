"""What the tests of containers share: a labs folder, and engines that are theirs alone."""

import gc
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.containers.images import tag
from leaselab.testbed.errors import EngineError

OWN_ENGINE = """
mount -t tmpfs tmpfs /run && ip link set lo up
exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid" --host "unix://$0/sock" >>"$0/log" 2>&1
"""


class OwnEngine:
    """A Docker Engine in namespaces of its own: when its first process dies, the kernel ends all that is in them.

    Its first process dies with this one, however that ends, so nothing is left but a folder.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ll"))  # short: containerd's socket paths have 108 bytes
        self.address = f"unix://{self.folder}/sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL"),
                *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *("sh", "-c", OWN_ENGINE, str(self.folder)),
            ]
        )
        until = time.monotonic() + 60
        while True:
            try:
                Engine.connect(self.address).close()
            except EngineError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """End it as an administrator does: containers are stopped first."""
        assert self._process is not None
        os.kill(int((self._process_children())[0]), signal.SIGTERM)
        self._process.wait(60)

    def remove(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _process_children(self) -> list[str]:
        assert self._process is not None
        pid = self._process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.fixture
def own_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    """An engine with the image, for this test alone; DOCKER_HOST leads to it."""
    usual = Engine.connect()
    engine = OwnEngine()
    try:
        engine.start()
        own = Engine.connect(engine.address)
        own.api.load_image(usual.api.get_image(tag()))
        own.close()
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        yield engine
    finally:
        usual.close()
        engine.remove()
        gc.collect()  # within this test, whose mark says which warnings may come of it


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A labs folder of our own; nothing of its labs is left in the engine."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LEASELAB_HOME", str(folder))
    yield folder
    assert not (folder / "labs").exists() or list((folder / "labs").iterdir()) == [], "a test left a lab behind"
