"""Start that many FakeNOS devices, say so, and stay until standard input closes. Runs in FakeNOS's own environment."""

import sys

from fakenos import FakeNOS

devices, first_port = int(sys.argv[1]), int(sys.argv[2])
network = FakeNOS(
    inventory={
        "default": {
            "username": "user",
            "password": "user",
            "server": {"plugin": "ParamikoSshServer", "configuration": {"address": "127.0.0.1", "timeout": 1}},
            "shell": {"plugin": "CMDShell", "configuration": {}},
            "nos": {"plugin": "cisco_ios", "configuration": {}},
        },
        "hosts": {f"device{n}": {"port": first_port + n, "platform": "cisco_ios"} for n in range(devices)},
    }
)
network.start()
print("ready", flush=True)
sys.stdin.read()
network.stop()
