"""`leaselab web`."""

import asyncio

import click

from leaselab.testbed.cli.options import option


@click.command()
@option(
    "--lab", "-l", default="", envvar="LEASELAB_LAB", metavar="NAME", help="Open this lab's page; all labs by default."
)
@option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0 takes one that is free.")
@option(
    "--open/--no-open",
    "opens",
    default=False,
    envvar="LEASELAB_WEB_OPEN",
    help="Open the page in this machine's browser.",
)
def web(*, lab: str, port: int, opens: bool) -> None:
    """Show the labs in a browser.

    Map, clock, nodes, leases, consoles; until Ctrl-C. The address that is printed carries a token: whoever has it can
    do to your labs what you can.
    """
    import webbrowser
    from urllib.parse import quote

    from leaselab.appliance.adapters.wire.listener import ListenError
    from leaselab.testbed.cli.output import print_line
    from leaselab.testbed.errors import CallError
    from leaselab.testbed.labs import LabFolder
    from leaselab.testbed.web.server import WebServer, serve

    if lab:
        LabFolder(lab).record()  # raises, and names the nearest lab

    def tell(server: WebServer) -> None:
        url = server.url(f"/labs/{quote(lab)}" if lab else "/")
        print_line(url)
        if opens:
            webbrowser.open(url)

    try:
        asyncio.run(serve(port, tell))
    except ListenError as error:
        raise CallError(str(error), hint="leave --port out to take any that is free") from error
