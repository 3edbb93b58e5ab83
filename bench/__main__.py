"""``./run bench [NAME ...]``: the figures as one JSON object, progress on standard error."""

import importlib
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measure import BenchError
from leaselab.appliance import __version__

FIGURES = (
    *("startup", "memory", "advance", "leases", "fixture", "processes", "containers"),
    *("admin", "consoles", "simulate", "scrape", "swarm"),
)
WRONG_CALL = 2


def main(arguments: list[str]) -> int:
    """Take the figures named, or all, and return 1 where one does not hold or could not be taken."""
    wanted = arguments or list(FIGURES)
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"bench: no figure {', '.join(unknown)}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return WRONG_CALL
    figures: dict[str, Any] = {}
    for name in wanted:
        print(f"bench: {name} ...", file=sys.stderr, flush=True)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="leaselab-bench-") as work:
            try:
                figures[name] = importlib.import_module(f"bench.{name}").take(Path(work))
            except BenchError as error:
                figures[name] = {"failed": str(error)}
        figures[name]["took_seconds"] = time.perf_counter() - began
    print(json.dumps({"machine": machine(), "figures": rounded(figures)}, indent=2))
    return int(not all(figure.get("holds") for figure in figures.values()))


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": memory / 2**30,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "leaselab": __version__,
    }


def rounded(value: Any) -> Any:
    """Return the value with its floats at four significant digits: more would claim what was not measured."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
