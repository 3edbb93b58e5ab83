"""The same file and the same commands give the same history, byte for byte, whatever the nodes run in.

But for the lab's block of loopback addresses, 127.BLOCK.x.y, which is another one while some other lab has it.
"""

import json
import re

import pytest

from leaselab.appliance.instants import HOUR
from leaselab.appliance.licensing.commands import PullState, SetServerRole
from leaselab.testbed import Lab

TOPOLOGY = """
name: same
release: 8.3R1
cloud:
  auth-codes:
    Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}
defaults:
  boot: {accept-license: true, virtual-license-server: false, admin: {name: admin, password: admin123}}
nodes:
  vls1:
    kind: va-spe
    boot: {virtual-license-server: true}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]
    license-server:
      clients:
        GW{n}:
          count: 3
          node: gw{n}
          password: secret{n}
          features: {concurrent-users: {reserved: 20, increment: 25, maximum: 200}}
  gw{n}: {count: 3, kind: psa3000, license-client: {server: vls1, id: "GW{n}"}, users: 5}
"""


def live(runtime: str) -> tuple[dict[str, str], list[str]]:
    """Live through one story; return the nodes' histories and the lab's log."""
    with Lab.up(TOPOLOGY, runtime=runtime) as lab:
        lab["gw1"].users.set(60)
        lab.clock.advance(hours=7)
        lab["vls1"].command(SetServerRole(renewal_interval=HOUR))
        lab["gw2"].users.set(30)
        lab["gw3"].command(PullState())
        lab["vls1"].kill()
        lab.clock.advance(days=2)
        lab["gw1"].users.set(90)
        lab["vls1"].start()
        lab.clock.advance(days=2)
        lab["gw1"].users.set(0)
        lab.clock.advance(days=10)
        histories = {node.name: json.dumps([[at, event] for _, at, event in node.history()]) for node in lab}
        return {node: _anywhere(text) for node, text in histories.items()}, [
            _anywhere(each.text) for each in lab.logs()
        ]


def _anywhere(text: str) -> str:
    return re.sub(r"\b127\.\d+\.(?=\d+\.\d+\b)", "127.BLOCK.", text)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], list[str]]:
    """The story once, embedded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEASELAB_HOME", str(tmp_path_factory.mktemp("first")))
        return live("embedded")


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_the_story_told_again_is_the_same_story(runtime: str, first: tuple[dict[str, str], list[str]]) -> None:
    histories, log = live(runtime)

    assert set(histories) == {"cloud", "vls1", "gw1", "gw2", "gw3"}
    for node, history in histories.items():
        assert history == first[0][node], node
    assert log == first[1]
    assert len(log) > 200
