"""`leaselab monitor`."""

import click

from leaselab.testbed.cli.options import format_option, lab_argument, option

PORT = 9090


@click.group()
def monitor() -> None:
    """Prometheus and Grafana for the running labs."""


@monitor.command()
@option("--port", type=click.IntRange(0, 65535), default=PORT, help="Port on 127.0.0.1; 0 takes one that is free.")
@option("--interval", type=click.FloatRange(0.1), default=5.0, metavar="SECONDS", help="Between scrapes, in wall time.")
@option("--image", default="", metavar="IMAGE", help="Run it in a container, as prom/prometheus; pulled if need be.")
@format_option
def up(*, port: int, interval: float, image: str, as_json: bool) -> None:
    """Start Prometheus in the background; it finds every lab that runs."""
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.prometheus.monitor import Monitor

    state = Monitor().up(port=port, interval_seconds=interval, image=image)
    if as_json:
        print_json({"url": state.url, "interval_seconds": state.interval_seconds, "pid": state.prometheus.pid})
    else:
        print_line(f"{state.url}  (scrapes every {state.interval_seconds:g} s; `leaselab monitor down` ends it)")


@monitor.command()
@option("--keep", is_flag=True, help="Leave its data; the next `up` goes on with it.")
def down(*, keep: bool) -> None:
    """End Prometheus and remove its data."""
    from leaselab.testbed.cli.output import print_line
    from leaselab.testbed.prometheus.monitor import Monitor

    ran = Monitor().down(keep=keep)
    print_line("the monitor is down" if ran else "no monitor was up")


@monitor.command()
@lab_argument
@option("--step", default="1h", metavar="DURATION", help="Of lab time, between samples; at most 1h.")
@format_option
def backfill(lab: str, *, step: str, as_json: bool) -> None:
    """Write a lab's past into Prometheus, at the lab's own instants.

    Ten days that were advanced in seconds then show as ten days. A Prometheus that runs is started anew.
    """
    from leaselab.appliance.instants import parse_duration
    from leaselab.testbed.cli.choice import chosen_lab
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.errors import CallError
    from leaselab.testbed.prometheus.backfill import history_texts
    from leaselab.testbed.prometheus.monitor import Monitor

    try:
        step_duration = parse_duration(step)
    except ValueError as error:
        raise CallError(f"--step: {error}") from error
    chosen = chosen_lab(lab)
    samples = Monitor().backfill(history_texts(chosen, step=step_duration))
    if as_json:
        print_json({"lab": chosen.name, "samples": samples})
    else:
        print_line(f"{samples} samples of {chosen.name} written; set the dashboards' time range to the lab's own dates")


@monitor.command()
@option("--url", required=True, metavar="URL", help="Where Grafana is.")
@option("--token", required=True, metavar="TOKEN", help="Of a service account; better given by the variable.")
@option(
    "--prometheus-url",
    default="",
    metavar="URL",
    help="Where Grafana reaches Prometheus; the running monitor by default.",
)
@format_option
def push(*, url: str, token: str, prometheus_url: str, as_json: bool) -> None:
    """Bring folder, data source and dashboards to a Grafana; a second call changes nothing."""
    from leaselab.monitoring.grafana import Grafana, GrafanaError
    from leaselab.testbed.cli.output import print_json, print_line
    from leaselab.testbed.prometheus.monitor import Monitor
    from leaselab.testbed.prometheus.programs import MonitorError

    state = Monitor().state()
    source = prometheus_url or (state.url if state else f"http://127.0.0.1:{PORT}")
    try:
        grafana = Grafana(url, token)
        try:
            pushed = grafana.push(source)
        finally:
            grafana.close()
    except GrafanaError as error:
        raise MonitorError(error.message, hint=error.hint) from error
    if as_json:
        print_json(pushed)
        return
    for what in ("created", "updated", "unchanged"):
        for title in getattr(pushed, what):
            print_line(f"{what}: {title}")
