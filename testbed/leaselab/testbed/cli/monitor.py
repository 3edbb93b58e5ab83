"""`leaselab monitor`."""

import click

from leaselab.testbed.cli.options import format_option, option

PORT = 9090


@click.group()
def monitor() -> None:
    """Prometheus and Grafana for the running labs."""


@monitor.command()
@option("--port", type=click.IntRange(0, 65535), default=PORT, help="Port on 127.0.0.1; 0 takes one that is free.")
@option("--interval", type=click.FloatRange(0.1), default=5.0, metavar="SECONDS", help="Between scrapes, in wall time.")
@format_option
def up(*, port: int, interval: float, as_json: bool) -> None:
    """Start Prometheus in the background; it finds every lab that runs."""
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.monitor import Monitor

    state = Monitor().up(port=port, interval_seconds=interval)
    if as_json:
        print_json({"url": state.url, "interval_seconds": state.interval_seconds, "pid": state.prometheus.pid})
    else:
        print_line(f"{state.url}  (scrapes every {state.interval_seconds:g} s; `leaselab monitor down` ends it)")


@monitor.command()
@option("--keep", is_flag=True, help="Leave its data; the next `up` goes on with it.")
def down(*, keep: bool) -> None:
    """End Prometheus and remove its data."""
    from leaselab.testbed.cli.output import print_line
    from leaselab.testbed.monitor import Monitor

    ran = Monitor().down(keep=keep)
    print_line("the monitor is down" if ran else "no monitor was up")
