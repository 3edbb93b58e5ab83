"""What the appliance's image is built from is wherever leaselab is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from leaselab.testbed.containers import images
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.errors import LeaselabError

ROOT = Path(__file__).parents[3]

SAY = "from leaselab.testbed.containers import images; print(images.folder(), images.content())"


def test_a_wheel_has_what_the_image_is_built_from_and_names_the_same_content(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
        script = packed.getinfo("leaselab/testbed/image_files/base.sh")

    said = subprocess.run(
        [sys.executable, "-c", SAY],
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(site)},
    )

    assert said.stdout.split() == [str(site / "leaselab/testbed/image_files"), images.content()]
    assert script.external_attr >> 16 & 0o111, "an installer makes executable what is so in the wheel"


class EngineWithBase:
    """Has no image of ours, and one base, which tells which Python it has; whoever asks for more fails."""

    def __init__(self, python: str) -> None:
        self._answers = {"list images": [], "find it": {}, "look at it": {"Architecture": "amd64"}}
        self._answers["ask it for its Python"] = python

    def do(self, what: str, _call: object) -> object:
        return self._answers[what]


def build(python: str) -> None:
    engine: Engine = EngineWithBase(python)  # type: ignore[assignment]  # it does all that `build` asks of it here
    images.build(engine, base="it")


@pytest.mark.parametrize("python", ["3.9", "2.7", ""])
def test_a_base_whose_python_is_too_old_is_refused(python: str) -> None:
    with pytest.raises(LeaselabError, match=rf"^it has Python {python}.*; 3\.11 or later is needed") as refused:
        build(python)

    assert images.USUAL_BASE in refused.value.hint


def test_an_interpreter_without_pip_is_said_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)

    with pytest.raises(LeaselabError, match=r"takes pip") as refused:
        build("3.13")

    assert "ensurepip" in refused.value.hint
