"""Who runs a lab of containers: root, or a user who may use the engine's socket; not an engine without root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leaselab.testbed.containers.engine import DEFAULT_ADDRESS

SOMEBODY = 21234

AS_SOMEBODY = """
import json, os, sys
from leaselab.testbed import Lab
from leaselab.testbed.containers.engine import Engine

with Lab.up(sys.argv[1], runtime="docker", timeout=110) as lab:
    lab.clock.advance(hours=1)
    engine = Engine.connect()
    config = engine.api.inspect_container(f"leaselab-{lab.name}-{lab.plan.slot}-gw1")["Config"]
    engine.close()
    store = os.stat(f"{lab.folder}/nodes/gw1/device.db")
    print(json.dumps([os.geteuid(), config["User"], store.st_uid]))
"""


@pytest.mark.needs("docker", "setpriv")
def test_a_user_of_the_engine_who_is_not_root_has_nodes_of_his_own(home: Path) -> None:
    socket = os.environ.get("DOCKER_HOST", DEFAULT_ADDRESS).removeprefix("unix://")
    group = Path(socket).stat().st_gid
    os.chown(home, SOMEBODY, group)
    reads = "+dac_read_search"  # the interpreter and the checkout may be where only root looks

    said = subprocess.run(
        [
            *("setpriv", f"--reuid={SOMEBODY}", f"--regid={group}", "--clear-groups"),
            *(f"--inh-caps={reads}", f"--ambient-caps={reads}"),
            *(sys.executable, "-c", AS_SOMEBODY, "name: somebodys\nnodes: {gw1: {kind: psa3000}}"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert said.returncode == 0, said.stderr
    assert said.stdout.strip() == f'[{SOMEBODY}, "{SOMEBODY}:{group}", {SOMEBODY}]'
