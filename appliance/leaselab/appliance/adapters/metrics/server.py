"""Plain HTTP on a metrics port: ``/metrics`` as Prometheus text or OpenMetrics, as the scraper prefers."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from prometheus_client import CollectorRegistry

from leaselab.appliance.adapters.metrics.exposition import OPEN_METRICS, TEXT, encode, wants_open_metrics
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener


class MetricsServer:
    """Shows a registry.

    Args:
        registry: of one device, or of the lab.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._listener = Listener(self._handle)
        self._awake = asyncio.Event()
        self._awake.set()

    async def open(self, addresses: Iterable[str], port: int) -> None:
        """Listen.

        Raises:
            ListenError: an address cannot be had.
        """
        await self._listener.open(addresses, port)

    def freeze(self, *, frozen: bool) -> None:
        """Answer nobody while the device is frozen, and all who still wait when it goes on."""
        if frozen:
            self._awake.clear()
        else:
            self._awake.set()

    async def close(self) -> None:
        """Close the port."""
        self._awake.set()
        await self._listener.close()

    def abort(self) -> None:
        """Drop everything at once."""
        self._listener.abort()

    async def _handle(self, request: Request, _connection: Connection) -> Response:
        await self._awake.wait()
        if request.target.partition(b"?")[0] != b"/metrics":
            return Response(HTTPStatus.NOT_FOUND, b"Metrics are at /metrics.\n")
        open_metrics = wants_open_metrics(request.header(b"accept").decode("latin-1"))
        body = encode(self._registry.collect(), open_metrics=open_metrics)
        content_type = OPEN_METRICS if open_metrics else TEXT
        return Response(HTTPStatus.OK, body, f"content-type: {content_type}\r\n".encode())
