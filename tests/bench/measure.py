"""Measures steps, plans, events, start-up and logs, each beside a peer in the same run.

Machines are noisy, so a figure is a ratio wherever there is a peer: what Coracle takes over what the peer takes,
medians of interleaved repetitions. A target that is missed is marked, and the exit status says so.
"""

import argparse
import pathlib
import sys
import tempfile

import api
import events
import idle
import logs
import notebooks
import objects
import onnx_models
import plans
import pushes
import serving
import steps
from table import Table

PARTS = {"steps": steps.measure, "plans": plans.measure, "events": events.measure, "api": api.measure, "objects": objects.measure, "notebooks": notebooks.measure, "serving": serving.measure, "idle": idle.measure, "logs": logs.measure, "onnx": onnx_models.measure, "pushes": pushes.measure}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part, not all")
    options = parser.parse_args()
    table = Table(repetitions=2 if options.quick else 5)
    for name, measure in PARTS.items():
        if options.only and name not in options.only:
            continue
        print(f"== {name}: {sys.modules[measure.__module__].__doc__.splitlines()[0]}", flush=True)
        with tempfile.TemporaryDirectory(prefix="coracle-bench-", ignore_cleanup_errors=True) as folder:
            measure(pathlib.Path(folder), table)
    return table.show()


if __name__ == "__main__":
    sys.exit(main())
