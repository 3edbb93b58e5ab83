"""The script at the root: what it says when it cannot go on."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a copy of what ``run`` reads before it has a virtual environment."""
    for name in ("run", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def call(checkout: Path, *arguments: str, python: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the script as a person would."""
    environment = os.environ | ({"PYTHON": str(python)} if python else {})
    return subprocess.run(
        ["sh", "run", *arguments], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


def interpreter(folder: Path, script: str) -> Path:
    """Write a stand-in for python3: called as ``python -c CODE``, it answers by what the code asks for."""
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_without_a_verb_it_lists_its_verbs(checkout: Path) -> None:
    called = call(checkout)

    assert called.returncode == 0
    for verb in ("setup", "quickstart", "test", "coverage", "lint", "audit", "bench", "lock"):
        assert f"./run {verb}" in called.stdout


def test_an_unknown_verb_is_a_wrong_call(checkout: Path) -> None:
    called = call(checkout, "tets")

    assert (called.returncode, called.stdout) == (2, "")
    assert "./run test" in called.stderr


def test_a_python_that_is_too_old_is_named_with_what_to_install(checkout: Path) -> None:
    called = call(checkout, "setup", python=interpreter(checkout, "exit 1"))

    assert called.returncode == 2
    assert called.stderr.startswith("run: Python 3.11 or later is needed, and ")
    assert "apt-get install python3 python3-venv" in called.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_its_venv_module_names_the_package(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$2" in *ensurepip*) exit 1;; esac')

    called = call(checkout, "setup", python=python)

    assert called.returncode == 2
    assert called.stderr == f"run: {python} cannot make virtual environments; on Debian: apt-get install python3-venv\n"
    assert not (checkout / ".venv").exists()
