"""`leaselab images`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.options import format_option, option

if TYPE_CHECKING:
    from leaselab.testbed.containers.engine import Engine
    from leaselab.testbed.containers.images import ImageInfo

MIB = 1 << 20


@click.group()
def images() -> None:
    """Build, list, copy and remove the appliance's container image.

    The docker and swarm runtimes run nodes from it. DOCKER_HOST says which engine, as it does for `docker`.
    """


@images.command()
@option(
    "--base",
    default="python:3.13-slim",
    metavar="IMAGE",
    help="An image with Python 3.11 or later, or `debian`: make one from Debian packages, without a registry.",
)
@format_option
def build(base: str, *, as_json: bool) -> None:
    """Build the image of this release, unless it is there."""
    from leaselab.testbed.containers.images import build as build_image

    with _engine() as engine:
        _print([build_image(engine, base=base, say=lambda text: click.echo(text, err=True))], as_json=as_json)


@images.command(name="list")
@format_option
def list_all(*, as_json: bool) -> None:
    """List the images; a current one holds the code that is installed here."""
    from leaselab.testbed.containers.images import list_images

    with _engine() as engine:
        _print(list_images(engine), as_json=as_json)


@images.command()
@click.argument("engines", nargs=-1, required=True, metavar="ENGINE...", envvar="LEASELAB_SWARM_ENGINES")
def copy(engines: tuple[str, ...]) -> None:
    """Copy the image to other engines, for example ssh://host2: each machine of a swarm needs it."""
    from leaselab.testbed.containers.images import copy as copy_image

    with _engine() as engine:
        for address in engines:
            with _engine(address) as other:
                done = "copied" if copy_image(engine, other) else "there already"
                click.echo(f"{address}: {done}")


@images.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def rm(names: tuple[str, ...]) -> None:
    """Remove images by name."""
    from leaselab.testbed.containers.images import remove

    with _engine() as engine:
        for name in names:
            remove(engine, name)


@contextmanager
def _engine(address: str = "") -> "Iterator[Engine]":
    from leaselab.testbed.containers.engine import Engine

    engine = Engine.connect(address)
    try:
        yield engine
    finally:
        engine.close()


def _print(found: "list[ImageInfo]", *, as_json: bool) -> None:
    from leaselab.testbed.cli.output import print_json, print_table

    if as_json:
        print_json({"images": found})
        return
    rows = [
        (image.name, image.id, f"{image.size_bytes / MIB:.0f} MiB", image.created, "yes" if image.current else "no")
        for image in found
    ]
    print_table(
        ["image", "id", "#size", "created", "current"], rows, empty="no image; `leaselab images build` builds one"
    )
