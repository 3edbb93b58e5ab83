"""Prometheus for this user's labs: started in the background, told of every lab that runs, gone without a trace."""

import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Final

import msgspec

from leaselab.testbed import processes
from leaselab.testbed.errors import CallError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.labs import labs_folder
from leaselab.testbed.prometheus.discovery import ADDRESS, END_SECONDS, Order, State
from leaselab.testbed.prometheus.programs import MonitorError, OfImage, OfMachine, Programs

DEFAULT_PORT: Final = 9090
DEFAULT_INTERVAL_SECONDS: Final = 5.0
START_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_LOG_LINES: Final = 3


class Monitor:
    """The one Prometheus of this user.

    Its folder is beside the labs folder: configuration, rules, log and data.
    """

    def __init__(self) -> None:
        self.folder = labs_folder().parent / "monitor"

    def state(self) -> State | None:
        """Return what runs; nothing if it does not, or one of its two processes has gone."""
        try:
            state = msgspec.json.decode((self.folder / "state.json").read_bytes(), type=State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        return state if processes.lives(state.prometheus) and processes.lives(state.keeper) else None

    def up(
        self, *, port: int = DEFAULT_PORT, interval_seconds: float = DEFAULT_INTERVAL_SECONDS, image: str = ""
    ) -> State:
        """Start it, or leave the one that runs; return when it answers.

        Args:
            port: on 127.0.0.1; 0 for any that is free.
            interval_seconds: between scrapes, and between looks which labs run.
            image: run it in a container of this image; by default it is this machine's program.

        Raises:
            MonitorError: Prometheus is not installed, or does not start.
            EngineError: no container engine answers, or it cannot get the image.
            CallError: the port is taken, or another Prometheus of ours runs with other settings.
        """
        return self._up(OfImage.of(image) if image else OfMachine(), port, interval_seconds)

    def _up(self, programs: Programs, port: int, interval_seconds: float) -> State:
        running = self.state()
        if running is not None:
            return self._must_be_as_asked(running, programs, port, interval_seconds)
        self._end_processes()
        programs.check()
        order = Order(programs, _free_port(port), interval_seconds)
        with explained("make the monitor's folder"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.folder / "order.json", msgspec.json.encode(order), sync=False)
            with (self.folder / "prometheus.log").open("wb") as log:
                keeper = subprocess.Popen(  # noqa: S603 - this very interpreter, and words of our own
                    [sys.executable, "-m", "leaselab.testbed.prometheus.discovery", str(self.folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd="/",
                )
        threading.Thread(target=keeper.wait, name="leaselab-reaper", daemon=True).start()
        try:
            return self._await_ready(keeper)
        except BaseException:
            keeper.terminate()
            self._end_processes()
            raise

    def down(self, *, keep: bool = False) -> bool:
        """End it and remove its folder; tell whether it ran.

        Args:
            keep: leave the folder, so that the next start goes on with its data.
        """
        ran = self.state() is not None
        self._end_processes()
        if not keep and self.folder.exists():
            with explained("remove the monitor's folder"):
                shutil.rmtree(self.folder)
        return ran

    def backfill(self, texts: Iterator[str]) -> int:
        """Write history into the data; a Prometheus that runs is started anew to show it. Return the samples written.

        Args:
            texts: OpenMetrics with timestamps, one file each, all of them in the past.

        Raises:
            MonitorError: promtool is not installed, or refuses.
            EngineError: the monitor is one in a container, and its engine does not answer.
        """
        programs = self._programs()
        programs.check()
        running = self.state()
        written = 0
        with explained("write the history"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if running is not None:
                self.down(keep=True)
            try:
                for text in texts:
                    self._create_blocks(programs, text)
                    written += sum(1 for line in text.splitlines() if not line.startswith("#"))
            finally:
                (self.folder / "history.om").unlink(missing_ok=True)
                if running is not None:
                    self._up(programs, _port_of(running), running.interval_seconds)
        return written

    def _programs(self) -> Programs:
        """Return the programs that the folder's data was last written with, or else this machine's."""
        try:
            return msgspec.json.decode((self.folder / "order.json").read_bytes(), type=Order).programs
        except (FileNotFoundError, msgspec.MsgspecError):
            return OfMachine()

    def _create_blocks(self, programs: Programs, text: str) -> None:
        source = self.folder / "history.om"
        write_whole(source, text.encode(), sync=False)
        how = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h"]
        if why := programs.promtool([*how, str(source), str(self.folder / "data")], self.folder):
            raise MonitorError(f"promtool cannot write the history: {why}")

    def _await_ready(self, keeper: "subprocess.Popen[bytes]") -> State:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            state = self.state()
            if state is not None and _answers(f"{state.url}/-/ready"):
                return state
            if keeper.poll() is not None:
                raise MonitorError(f"Prometheus does not start: {self._last_words()}", hint=self._hint())
            time.sleep(_POLL_SECONDS)
        raise MonitorError(f"Prometheus was not ready within {START_SECONDS:g} s", hint=self._hint())

    def _last_words(self) -> str:
        lines = (self.folder / "prometheus.log").read_text(errors="replace").strip().splitlines()
        return "; ".join(lines[-_LOG_LINES:]) or "it said nothing"

    def _hint(self) -> str:
        return f"its log is {self.folder / 'prometheus.log'}"

    def _must_be_as_asked(self, running: State, programs: Programs, port: int, interval_seconds: float) -> State:
        as_asked = port in {0, _port_of(running)} and interval_seconds == running.interval_seconds
        if not as_asked or programs != self._programs():
            raise CallError(
                f"a monitor runs already, at {running.url} every {running.interval_seconds:g} s",
                hint="`leaselab monitor down --keep` first; its data is then kept",
            )
        return running

    def _end_processes(self) -> None:
        """End what the state names, whichever of the two still lives."""
        path = self.folder / "state.json"
        try:
            state = msgspec.json.decode(path.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.MsgspecError):
            return
        processes.end(state.keeper, grace=END_SECONDS)
        processes.end(state.prometheus, grace=END_SECONDS)
        path.unlink(missing_ok=True)


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Prometheus does; a closed one may linger
        try:
            probe.bind((ADDRESS, wanted))
        except OSError as error:
            raise CallError(
                f"port {wanted} of {ADDRESS} cannot be had: {error.strerror}",
                hint="`--port 0` takes one that is free; `ss -ltnp` shows who has this one",
            ) from error
        return int(probe.getsockname()[1])


def _port_of(state: State) -> int:
    return int(state.url.rpartition(":")[2])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http, on loopback
            return True
    except (urllib.error.URLError, OSError):
        return False
