"""The appliance's image comes out the same on any base that has Python, and a base that lacks it is named."""

import contextlib
import io
import os
import tarfile
from collections.abc import Iterator

import pytest
from docker.errors import NotFound

from leaselab.appliance import __version__
from leaselab.testbed.containers import images
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.errors import EngineError

pytestmark = pytest.mark.needs("docker")

# A worker's own: each test removes what carries these names, also while another worker builds.
OTHER_BASE = f"lltest/python:{os.getpid()}"
EMPTY_BASE = f"lltest/empty:{os.getpid()}"
OTHER_IMAGE = f"lltest/appliance:{os.getpid()}"

CLEAR = "import shutil; shutil.rmtree('/opt/leaselab')"

LIST = """
import hashlib, os
for folder, folders, files in os.walk("/opt/leaselab"):
    folders.sort()
    for name in sorted(files):
        path = os.path.join(folder, name)
        found = os.stat(path)
        print(path, oct(found.st_mode), int(found.st_mtime), hashlib.sha256(open(path, "rb").read()).hexdigest())
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = Engine.connect()
    try:
        yield found
    finally:
        for image in reversed(of_this_test(found)):
            with contextlib.suppress(NotFound):  # gone with one that stood on it
                found.api.remove_image(image, force=True)
        found.close()


def of_this_test(engine: Engine) -> list[str]:
    """Return the images that carry our names, and what was built on them, each after what it stands on."""
    every = engine.api.images(all=True)
    found = [
        image["Id"] for image in every if any(name in (OTHER_BASE, EMPTY_BASE) for name in image["RepoTags"] or ())
    ]
    for below in found:  # grows meanwhile
        found += [image["Id"] for image in every if image["ParentId"] == below]
    return found


def run(engine: Engine, image: str, script: str, *, export: bool = False) -> bytes:
    """Run a Python script in a new container; return its output, or its file system as it is then."""
    made = engine.api.create_container(image, ["-c", script], entrypoint=["python3"], user="0:0")["Id"]
    try:
        engine.api.start(made)
        assert engine.api.wait(made, timeout=100)["StatusCode"] == 0, engine.api.logs(made)
        said: bytes = b"".join(engine.api.export(made)) if export else engine.api.logs(made)
        return said
    finally:
        engine.api.remove_container(made, force=True, v=True)


@pytest.mark.timeout(400)
def test_on_another_base_the_same_code_and_requirements_come_out_byte_for_byte(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = images.current_image(engine)
    repository, _, version = OTHER_BASE.partition(":")
    engine.api.import_image_from_data(run(engine, usual, CLEAR, export=True), repository=repository, tag=version)
    monkeypatch.setenv("LEASELAB_IMAGE", OTHER_IMAGE)

    built = images.build(engine, base=OTHER_BASE)

    assert (built.name, built.current) == (OTHER_IMAGE, True)
    listed = run(engine, OTHER_IMAGE, LIST)
    assert b"/opt/leaselab/leaselab/appliance/main.py" in listed
    assert listed == run(engine, usual, LIST)
    config = engine.api.inspect_image(OTHER_IMAGE)["Config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "Leaselab appliance"
    assert labels["org.opencontainers.image.version"] == __version__
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert engine.api.images(filters={"dangling": True, "label": images.STAGE}) == [], "nothing is left of the build"


def test_a_base_without_python_is_named_and_nothing_is_built(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("nothing"))
    repository, _, version = EMPTY_BASE.partition(":")
    engine.api.import_image_from_data(empty.getvalue(), repository=repository, tag=version)
    monkeypatch.setenv("LEASELAB_IMAGE", OTHER_IMAGE)

    with pytest.raises(EngineError, match=rf"{EMPTY_BASE} for its Python: .*python3") as refused:
        images.build(engine, base=EMPTY_BASE)

    assert images.USUAL_BASE in refused.value.hint
    assert engine.api.images(OTHER_IMAGE) == []
