"""The running lab: brings a plan up, keeps it, and answers whoever asks over the lab's socket.

One host a lab, in a thread of the program that wants the lab or as a process by itself
(``python -m leaselab.testbed.host``). All it knows is in the lab's folder, so that a new host goes on where a dead one
stopped.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.instants import SECOND, Instant
from leaselab.testbed import journal, processes
from leaselab.testbed.control_server import ControlServer, Emit
from leaselab.testbed.errors import LeaselabError
from leaselab.testbed.files import explained
from leaselab.testbed.journal import Entry, Journal
from leaselab.testbed.labs import Claim, LabFolder, Slot
from leaselab.testbed.raising import RaisedLab
from leaselab.testbed.topology.plan import Plan
from leaselab.testbed.verbs import Verbs

FIRST_REQUEST_SECONDS: Final = 120.0
"""Whoever started the host asks it to bring the lab up; if nobody does, it was killed, and the host clears away."""
