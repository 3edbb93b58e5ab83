"""Start that many empty Mininet hosts on one bridge, say so, and stay until standard input closes. Debian's Python."""

import sys

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo

network = Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
network.start()
print("ready", flush=True)
sys.stdin.read()
network.stop()
