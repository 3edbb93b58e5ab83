"""The front door: a topology file in, running gateways and license servers out.

.. code-block:: python

    with Lab.up("topologies/quickstart.yml") as lab:
        lab["gw1"].users.set(75)
        lab.clock.advance(hours=6)
        assert lab["gw1"].leased("concurrent-users") == 75

Every call here is one request to the lab's host, whether that runs in a thread of this process or by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from leaselab.testbed import labs, processes
from leaselab.testbed.clock import Clock
from leaselab.testbed.errors import CallError, LabGoneError, LeaselabError, UnknownNodeError, nearest
from leaselab.testbed.faults.front import Faults
from leaselab.testbed.hostline import HostLine
from leaselab.testbed.labs import LabFolder
from leaselab.testbed.node import Node
from leaselab.testbed.processes import ProcessId
from leaselab.testbed.views import LabEvent, LabInfo, LabStatus, NodeLogLine, Progress, UpOutcome

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import Report
    from leaselab.testbed.bringup import HostThread
    from leaselab.testbed.checking.plan import Outcome
    from leaselab.testbed.snapshots import SnapshotInfo
    from leaselab.testbed.topology.plan import Plan

DOWN_SECONDS = 60.0
"""For a lab's host to end; removing hundreds of containers takes its time."""

UP_TIMEOUT_SECONDS = 60.0
"""For all nodes to be ready and provisioned."""


class Snapshots:
    """The snapshots of one lab: clock, leases, secrets and all. They outlive it."""

    def __init__(self, lab: str, line: HostLine, *, leave: Callable[[], None]) -> None:
        self._lab = lab
        self._line = line
        self._leave = leave

    def save(self, name: str) -> Path:
        """Save the lab as it is now, while it runs; return the archive, whose mode is 0600.

        Args:
            name: of the snapshot, or a path with a slash in it.

        Raises:
            LabExistsError: there is a snapshot of that name.
        """
        from leaselab.testbed.snapshots import path_of

        path = path_of(self._lab, name)
        self._line.call("snapshot", archive=str(path))
        return path

    def restore(self, name: str, *, timeout: float = UP_TIMEOUT_SECONDS) -> None:
        """Bring the running lab back to a snapshot. One that cannot be taken leaves the lab as it is.

        Raises:
            SnapshotError: the archive is damaged, or of another lab.
            CallError: there is no such snapshot.
        """
        from leaselab.testbed.snapshots import found

        self._leave()  # every console is hung up on
        self._line.call("restore", archive=str(found(self._lab, name)), within=timeout)

    def list(self) -> "list[SnapshotInfo]":
        """Return the snapshots there are, by name."""
        from leaselab.testbed.snapshots import snapshots_of

        return snapshots_of(self._lab)

    def remove(self, name: str) -> None:
        """Remove one.

        Raises:
            CallError: there is no such snapshot.
        """
        from leaselab.testbed.snapshots import remove

        remove(self._lab, name)


class Lab:
    """A running lab. Made by :meth:`up` or :meth:`attach`.

    As a context it is taken down on leaving, unless its host runs in the background.
    """

    def __init__(
        self, folder: LabFolder, *, thread: "HostThread | None" = None, outcome: UpOutcome | None = None
    ) -> None:
        self.name = folder.name
        self.folder = folder.path
        self.outcome = outcome or UpOutcome(steps=())
        self.line = HostLine(folder.name, folder.socket)
        self.clock = Clock(self.line)
        self.snapshots = Snapshots(self.name, self.line, leave=self._leave)
        self.faults = Faults(self.line)
        self._folder = folder
        self._thread = thread
        self._nodes: dict[str, Node] = {}

    @classmethod
    def up(
        cls,
        file: str | Path,
        *,
        name: str | None = None,
        runtime: str = "embedded",
        variables: Mapping[str, str] | None = None,
        timeout: float = UP_TIMEOUT_SECONDS,
        background: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Self:
        """Bring a lab to what its file says; a lab that is up already is changed only where the file differs.

        Returns when all nodes are ready and provisioned and the file's users are signed in, or when what is left
        waits at a console prompt (``lab.outcome.waiting`` names it). Interrupted, it takes back what it made.

        Args:
            file: the topology.
            name: of the lab; the file's own name by default.
            runtime: ``embedded`` (all nodes in one process), ``process`` (one each), ``docker`` or ``swarm``.
            variables: values for the file's ``${NAME}``.
            timeout: seconds for all of it.
            background: the host is a process of its own and outlives this one; otherwise a thread of this process.
            on_progress: called with each step of each node.

        Raises:
            TopologyError: the file is wrong; has every problem.
            LabExistsError: the lab is up already in another process (with ``background=False``).
            NodeFailedError: a node did not come up in time.
        """
        from leaselab.testbed.bringup import bring_up

        folder, thread, outcome = bring_up(
            file,
            name=name,
            runtime=runtime,
            variables=variables or {},
            timeout=timeout,
            background=background,
            on_progress=on_progress or (lambda _progress: None),
        )
        return cls(folder, thread=thread, outcome=outcome)

    @classmethod
    def from_snapshot(
        cls,
        archive: str | Path,
        *,
        timeout: float = UP_TIMEOUT_SECONDS,
        background: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Self:
        """Bring a lab that is not there back as it was when it was saved. One that runs: ``lab.snapshots.restore``.

        Args:
            archive: the snapshot's file.
            timeout: seconds for all of it.
            background: the host is a process of its own and outlives this one; otherwise a thread of this process.
            on_progress: called with each step of each node.

        Raises:
            SnapshotError: the archive is damaged, or another version's.
            LabExistsError: there is a lab of that name.
        """
        from leaselab.testbed.bringup import bring_back

        folder, thread, outcome = bring_back(
            Path(archive),
            timeout=timeout,
            background=background,
            on_progress=on_progress or (lambda _progress: None),
        )
        return cls(folder, thread=thread, outcome=outcome)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Return a lab by name, running or not.

        Raises:
            UnknownLabError: there is none.
        """
        folder = LabFolder(name)
        if not folder.exists():
            folder.record()  # raises, and names the nearest lab
        return cls(folder)

    @staticmethod
    def list() -> list[LabInfo]:
        """Return this user's labs, by name."""
        return labs.all_labs()

    @cached_property
    def plan(self) -> "Plan":
        """The plan that the lab was last brought to. It holds the lab's secrets."""
        plan = self._folder.read_plan()
        if plan is None:
            raise LeaselabError(f"the lab {self.name} is only being made", hint="`leaselab status` shows how far it is")
        return plan

    def __getitem__(self, name: str) -> Node:
        """Return a node by name.

        Raises:
            UnknownNodeError: there is none.
        """
        names = self.names()
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(names)}"
            raise UnknownNodeError(f"the lab {self.name} has no node {name}", hint=hint)
        if name not in self._nodes:
            self._nodes[name] = Node(name, self.line, self._folder.keys)
        return self._nodes[name]

    def __iter__(self) -> Iterator[Node]:
        """Yield the nodes in the file's order, the cloud first."""
        return (self[name] for name in self.names())

    def __len__(self) -> int:
        """Return how many nodes there are."""
        return len(self.names())

    def names(self) -> tuple[str, ...]:
        """Return the nodes' names in the file's order, the cloud first."""
        return tuple(self.line.call("names"))

    def status(self) -> LabStatus:
        """Return how the lab and its nodes stand."""
        return msgspec.convert(self.line.call("status"), LabStatus)

    def reports(self, names: Iterable[str] = (), *, status: LabStatus | None = None) -> "dict[str, Report]":
        """Return the reports of the nodes named, or of all, that are appliances and on.

        Args:
            names: of nodes; all by default.
            status: how the lab stands, if the caller has just asked.

        Raises:
            CallError: a node that is named has none to give.
        """
        wanted = {self[name].name for name in names}
        found = {}
        for node in (status or self.status()).nodes:
            if wanted and node.name not in wanted:
                continue
            if node.kind != "cloud" and node.phase not in ("off", "booting"):
                found[node.name] = self[node.name].report()
            elif wanted:
                what = "the vendor's cloud" if node.kind == "cloud" else node.phase
                raise CallError(
                    f"{node.name} has nothing to report: it is {what}", hint="`leaselab status` shows all nodes"
                )
        return found

    def events(self, after: int = 0, *, follow: bool = False) -> Iterator[LabEvent]:
        """Yield what the testbed did, from after event number ``after``; with ``follow`` go on as it happens."""
        for item in self.line.stream("events", after=after, follow=follow):
            yield msgspec.convert(item, LabEvent)

    def logs(self, nodes: Iterable[str] = (), *, follow: bool = False) -> Iterator[NodeLogLine]:
        """Yield the appliances' own log lines, merged in order of the lab's time; of all nodes by default."""
        for item in self.line.stream("logs", nodes=list(nodes), follow=follow):
            yield msgspec.convert(item, NodeLogLine)

    def check(self, *, on_outcome: "Callable[[Outcome], None]" = lambda _outcome: None) -> "tuple[Outcome, ...]":
        """Carry out the checks of the lab's file, in order; return what became of each.

        Args:
            on_outcome: called with each as soon as it is through.

        Raises:
            CallError: the file has none.
        """
        from leaselab.testbed.checking.runner import Runner

        return Runner(self, on_outcome).run(self.plan.checks)

    def inventory(self, tool: str, *, folder: Path | None = None) -> dict[str, str]:
        """Return the lab as files that another tool reads, by name, the main one first.

        Args:
            tool: ``ssh``, ``ansible`` or ``prometheus``.
            folder: where the files are going to be, for those that name each other.
        """
        from leaselab.testbed.inventory import files

        return files(self.plan, tool, keys=self._folder.keys, folder=folder)

    def down(self, *, keep: bool = False) -> None:
        """Take the lab down: no process, socket or file is left of it.

        Args:
            keep: leave the folder, so that `up` goes on where the lab was.
        """
        self._leave()
        if self._folder.is_hosted():
            host = self._host()
            self.line.call("down", keep=keep)
            if self._thread:
                self._thread.join()
            elif host is None:
                self._folder.await_end(DOWN_SECONDS, kept=keep)
            elif not processes.gone_within(host, DOWN_SECONDS):
                raise LabGoneError(
                    f"the host of lab {self.name}, process {host.pid}, does not end",
                    hint=f"look at it, end it, and call `leaselab down {self.name}` again",
                )
        if not keep and self._folder.exists():
            self._folder.remove()  # nobody hosted it, or its host could not remove everything

    def _host(self) -> ProcessId | None:
        """Return the process that hosts the lab, unless its record cannot be read: `down` works all the same."""
        try:
            return self._folder.record().host
        except LeaselabError:
            return None

    def close(self) -> None:
        """Leave the lab. One whose host is a thread of this process is taken down."""
        if self._thread:
            self.down()
        self._leave()

    def __enter__(self) -> Self:
        """Return the lab."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _leave(self) -> None:
        for node in self._nodes.values():
            node.close()
