"""The keeper of `leaselab monitor`: runs Prometheus, and tells it which labs run.

A process of its own, ``python -m leaselab.testbed.prometheus.discovery FOLDER``. The targets are worked out from the
labs folder each time that Prometheus asks, so none outlives its lab. It ends with Prometheus, and Prometheus with it.
"""

import asyncio
import contextlib
import os
import signal
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec

from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.monitoring.provisioning import prometheus_config
from leaselab.monitoring.rules import rules
from leaselab.testbed import processes
from leaselab.testbed.files import write_whole
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.prometheus.programs import Programs
from leaselab.testbed.prometheus.targets import targets_of_running_labs

ADDRESS: Final = "127.0.0.1"
RETENTION: Final = "100y"
"""A lab's time may lie years back, and what is older than this is dropped."""

LOOK_BACK: Final = "1h"
"""How far a query looks for the latest sample: as far as samples of history are apart (:mod:`.backfill`)."""

END_SECONDS: Final = 20.0


class Order(msgspec.Struct, frozen=True):
    """``order.json``: what is to be run."""

    programs: Programs
    port: int
    interval_seconds: float


class State(msgspec.Struct, frozen=True):
    """``state.json``: what runs."""

    url: str
    interval_seconds: float
    keeper: ProcessId
    prometheus: ProcessId


async def _discover(request: Request, _connection: Connection) -> Response:
    if request.target != b"/targets":
        return Response(HTTPStatus.NOT_FOUND, b"Targets are at /targets.\n")
    body = msgspec.json.encode(targets_of_running_labs())
    return Response(HTTPStatus.OK, body, b"content-type: application/json\r\n")


async def keep(folder: Path, order: Order) -> None:
    """Run Prometheus until it ends or we are told to end."""
    listener = Listener(_discover)
    await listener.open([ADDRESS], 0)
    (port,) = listener.ports
    config = prometheus_config(
        interval_seconds=order.interval_seconds,
        discovery_url=f"http://{ADDRESS}:{port}/targets",
        rule_file=str(folder / "rules.yml"),
    )
    write_whole(folder / "rules.yml", msgspec.yaml.encode(rules()), sync=False)
    write_whole(folder / "prometheus.yml", msgspec.yaml.encode(config), sync=False)
    started = await order.programs.start(
        [
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--query.lookback-delta={LOOK_BACK}",
            f"--web.listen-address={ADDRESS}:{order.port}",
        ],
        folder,
    )
    prometheus, keeper = processes.identify(started.pid), processes.identify(os.getpid())
    if prometheus and keeper:  # one that has ended already is not written down
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, processes.send, prometheus, signal.SIGTERM)
        state = State(f"http://{ADDRESS}:{order.port}", order.interval_seconds, keeper, prometheus)
        write_whole(folder / "state.json", msgspec.json.encode(state), sync=False)
    await started.ended()
    await listener.close()


def main() -> None:
    """Keep what the folder's ``order.json`` asks for."""
    folder = Path(sys.argv[1])
    order = msgspec.json.decode((folder / "order.json").read_bytes(), type=Order)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(keep(folder, order))


if __name__ == "__main__":
    main()
