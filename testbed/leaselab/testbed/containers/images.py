"""The appliance's container image: built from this very code, found again by its content.

An image is current when the label ``leaselab.content`` says that it holds what is installed here. So a lab never runs
another state of the code in its containers than in its host, and building twice does nothing.
"""

import contextlib
import gzip
import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

import leaselab.appliance
from leaselab.appliance import __version__
from leaselab.testbed.containers.engine import Engine
from leaselab.testbed.errors import EngineError, GoneError, LeaselabError

REPOSITORY: Final = "leaselab/appliance"
BASE_REPOSITORY: Final = "leaselab/base"
CONTENT: Final = "leaselab.content"
"""Label: what an image was built from."""

STAGE: Final = "leaselab.stage"
"""Label: what is left of a build beside its image, by the Dockerfile."""

USUAL_BASE: Final = "python:3.13-slim"
DEBIAN: Final = "debian"
"""As a base: make one from Debian packages (images/base.sh)."""

NO_REGISTRY: Final = "no registry within reach? --base debian makes one from Debian packages"

OLDEST_PYTHON: Final = (3, 11)
"""Of a base; what the code is written for."""

IMAGE_USER: Final = (10001, 10001)
"""User and group of the image, by number."""

EPOCH: Final = 1_514_764_800
"""Time of every file in the image: 2018-01-01, where labs begin."""

BUILD_SECONDS: Final = 600

LAST_LINES: Final = 5
"""Of a failed build's output, that its error shows."""

_MANYLINUX: Final = ("2_17", "2_24", "2_26", "2_27", "2_28", "2_31", "2_34")
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


class ImageInfo(msgspec.Struct, frozen=True):
    """One image of ours. ``current``: it holds the code that is installed here."""

    name: str
    id: str
    size_bytes: int
    created: str
    current: bool


def folder() -> Path:
    """Return where the Dockerfile, base.sh and the locked requirements are: in the checkout, or in the package."""
    inside = Path(__file__).parents[1] / "image_files"  # a wheel has it, by pyproject.toml
    return inside if inside.exists() else Path(__file__).parents[4] / "images"


def content() -> str:
    """Return what an image of this code and its requirements would be labelled with."""
    digest = hashlib.sha256()
    for name, data in (*_sources(), ("requirements", _requirements().read_bytes()), *_recipe()):
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def tag() -> str:
    """Return the name of this release's image, or the one that ``LEASELAB_IMAGE`` gives."""
    return os.environ.get("LEASELAB_IMAGE") or f"{REPOSITORY}:{__version__}"


def current_image(engine: Engine) -> str:
    """Return the ID of the image to run nodes from.

    Raises:
        EngineError: it is not there, or holds another state of the code.
    """
    name, hint = tag(), "`leaselab images build` builds it"
    try:
        found = engine.do(f"find the image {name}", lambda api: api.inspect_image(name))
    except GoneError:
        raise EngineError(f"the engine at {engine.address} has no image {name}", hint=hint) from None
    if (found["Config"]["Labels"] or {}).get(CONTENT) != content():
        raise EngineError(f"the image {name} holds another state of leaselab than is installed here", hint=hint)
    image_id: str = found["Id"]
    return image_id


def list_images(engine: Engine) -> list[ImageInfo]:
    """Return our images, the newest first."""
    here = content()
    found = engine.do("list images", lambda api: api.images(filters={"label": CONTENT}))
    return [
        ImageInfo(
            name=name,
            id=image["Id"].removeprefix("sha256:")[:12],
            size_bytes=image["Size"],
            created=_day(image["Created"]),
            current=image["Labels"][CONTENT] == here,
        )
        for image in found
        for name in image["RepoTags"] or ["<none>"]
        if name != "<none>:<none>"
    ]


def copy(engine: Engine, other: Engine) -> bool:
    """Bring the current image to another engine, as each machine of a swarm needs it; tell whether it lacked it.

    Raises:
        EngineError: the first engine has no current image, or one of the two refuses.
    """
    image_id, name = current_image(engine), tag()
    with contextlib.suppress(GoneError):
        if other.do(f"find {name}", lambda api: api.inspect_image(name))["Id"] == image_id:
            return False
    data = engine.do(f"read the image {name}", lambda api: api.get_image(name))
    other.do(f"load the image {name} into {other.address}", lambda api: list(api.load_image(data)))
    return True


def remove(engine: Engine, name: str) -> None:
    """Remove one of our images by name.

    Raises:
        EngineError: there is no such image, it is not ours, or a container uses it.
    """
    found = engine.do(f"remove the image {name}", lambda api: api.inspect_image(name))
    if CONTENT not in (found["Config"]["Labels"] or {}):
        raise EngineError(f"{name} is no image of leaselab's", hint="`leaselab images list` lists them")
    engine.do(f"remove the image {name}", lambda api: api.remove_image(name))


def build(engine: Engine, *, base: str = USUAL_BASE, say: Callable[[str], None] = lambda _text: None) -> ImageInfo:
    """Build this release's image, unless it is there.

    Args:
        engine: where.
        base: an image with Python 3.11 or later as ``python3``, or :data:`DEBIAN`.
        say: told of each step.

    Raises:
        LeaselabError: a step failed; says which and why.
    """
    present = [image for image in list_images(engine) if image.current and image.name == tag()]
    if present:
        return present[0]
    if importlib.util.find_spec("pip") is None:  # uv's environments have none
        raise LeaselabError(
            f"building the image takes pip, and {sys.executable} has none", hint=f"{sys.executable} -m ensurepip"
        )
    with tempfile.TemporaryDirectory(prefix="leaselab-image-") as work:
        base_name = (
            _debian_base(engine, Path(work), say) if base == DEBIAN else pulled(engine, base, hint=NO_REGISTRY, say=say)
        )
        python, machine = _python_of(engine, base_name)
        say(f"resolving what an appliance imports, for Python {python} on {machine}")
        site = Path(work) / "site"
        _install(site, python, machine)
        say(f"building {tag()} on {base_name}")
        _build(engine, _context(site), base_name)
    return next(image for image in list_images(engine) if image.name == tag())


def pulled(engine: Engine, name: str, *, hint: str, say: Callable[[str], None] = lambda _text: None) -> str:
    """Get an image from its registry, unless it is there; return its name.

    Raises:
        EngineError: it cannot be had; with our hint.
    """
    try:
        engine.do(f"find {name}", lambda api: api.inspect_image(name))
    except GoneError:
        say(f"pulling {name}")
        try:
            engine.do(f"pull {name}", lambda api: (api.pull(name), api.inspect_image(name)))
        except EngineError as error:
            raise EngineError(error.message, hint=hint) from error
    return name


def _sources() -> Iterator[tuple[str, bytes]]:
    """Yield the files of the appliance's package, by name."""
    root = Path(leaselab.appliance.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            yield f"leaselab/appliance/{path.relative_to(root)}", path.read_bytes()


def _recipe() -> Iterator[tuple[str, bytes]]:
    for name in ("Dockerfile", "prepare.py"):
        yield name, (folder() / name).read_bytes()


def _requirements() -> Path:
    inside = folder() / "image.txt"
    return inside if inside.exists() else folder().parent / "requirements" / "image.txt"


def _debian_base(engine: Engine, work: Path, say: Callable[[str], None]) -> str:
    """Make the base from Debian packages, unless this very script has made it here before."""
    script = folder() / "base.sh"
    name = f"{BASE_REPOSITORY}:{hashlib.sha256(script.read_bytes()).hexdigest()[:12]}"
    try:
        engine.do(f"find {name}", lambda api: api.inspect_image(name))
    except GoneError:
        say("making a base from Debian packages")
        tar = work / "base.tar"
        _run([str(script), str(tar)], "make a base from Debian packages")
        repository, _, version = name.partition(":")
        engine.do(
            "import the base", lambda api: api.import_image_from_file(str(tar), repository=repository, tag=version)
        )
    return name


def _python_of(engine: Engine, base: str) -> tuple[str, str]:
    """Ask a base which Python it has; return that and its machine, as wheels call it."""
    architecture = engine.do(f"look at {base}", lambda api: api.inspect_image(base))["Architecture"]

    def ask(api: Any) -> str:
        made = api.create_container(base, ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])["Id"]
        try:
            api.start(made)
            api.wait(made, timeout=BUILD_SECONDS)
            said: bytes = api.logs(made, stderr=False)
            return said.decode().strip()
        finally:
            api.remove_container(made, force=True, v=True)

    hint = f"use a base like {USUAL_BASE}"
    try:
        version = engine.do(f"ask {base} for its Python", ask)
    except EngineError as error:
        raise EngineError(error.message, hint=error.hint or hint) from error
    if not version or tuple(int(part) for part in version.split(".")) < OLDEST_PYTHON:
        raise LeaselabError(f"{base} has Python {version or 'of no version'}; 3.11 or later is needed", hint=hint)
    return version, _MACHINES.get(architecture, architecture)


def _install(site: Path, python: str, machine: str) -> None:
    """Put the locked requirements, as wheels for the base, and the appliance into a folder."""
    platforms = [f"--platform=manylinux_{version}_{machine}" for version in _MANYLINUX]
    _run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile"),
            *("--no-deps", "--only-binary=:all:", "--require-hashes", f"--requirement={_requirements()}"),
            *(f"--target={site}", f"--python-version={python}", "--implementation=cp", *platforms),
            f"--platform=manylinux2014_{machine}",
        ],
        "get the appliance's requirements",
    )
    shutil.rmtree(site / "bin", ignore_errors=True)
    for name, data in _sources():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _context(site: Path) -> bytes:
    """Return the build context; same files in, same bytes out."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in _recipe():
            _add(tar, name, data)
        for path in sorted(site.rglob("*")):
            _add(tar, f"site/{path.relative_to(site)}", path)
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)


def _add(tar: tarfile.TarFile, name: str, data: bytes | Path) -> None:
    info = tarfile.TarInfo(name)
    info.mtime = EPOCH
    if isinstance(data, Path) and data.is_dir():
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(info)
        return
    content = data.read_bytes() if isinstance(data, Path) else data
    info.size, info.mode = len(content), 0o644
    tar.addfile(info, io.BytesIO(content))


def _build(engine: Engine, context: bytes, base: str) -> None:
    arguments = {"BASE": base, "VERSION": __version__, "CONTENT": content()}

    def run(api: Any) -> None:
        answer = api.build(
            fileobj=io.BytesIO(context),
            custom_context=True,
            encoding="gzip",
            tag=tag(),
            buildargs=arguments,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=BUILD_SECONDS,
        )
        said: deque[str] = deque(maxlen=LAST_LINES)
        for line in answer:
            if "error" in line:
                raise LeaselabError(f"cannot build {tag()}: {line['error'].strip()}", hint=" / ".join(said))
            said.extend(text for text in line.get("stream", "").splitlines() if text.strip())

    engine.do(f"build {tag()}", run)
    engine.do("remove what the build left", lambda api: api.prune_images({"dangling": True, "label": STAGE}))


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own script or interpreter, arguments of our own
            command, check=False, capture_output=True, text=True, timeout=BUILD_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise LeaselabError(f"cannot {what} within {BUILD_SECONDS} s", hint="is the mirror within reach?") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        why = words[-1] if words else f"exit status {done.returncode}"
        raise LeaselabError(f"cannot {what}: {why}", hint="is the mirror within reach?")


def _day(created: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(created, tz=UTC).isoformat(timespec="seconds")
