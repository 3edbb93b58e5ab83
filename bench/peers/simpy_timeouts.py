"""Let SimPy processes do nothing but wait, and print their timeouts a second of processor time.

It is the least that a discrete-event simulation in Python can do. Runs in the peers' own environment.
"""

import sys
import time
from collections.abc import Iterator

import simpy

processes, timeouts = int(sys.argv[1]), int(sys.argv[2])
PERIOD = 6


def clock(environment: simpy.Environment, period: float) -> Iterator[simpy.Timeout]:
    """Wait for ever."""
    while True:
        yield environment.timeout(period)


environment = simpy.Environment()
for number in range(processes):
    environment.process(clock(environment, PERIOD + number / processes))
began = time.process_time()
environment.run(until=PERIOD * timeouts // processes)
print(timeouts / (time.process_time() - began))
