"""Runs of 1,000 and 10,000 steps on the engine that does nothing: what planning and recording cost.

Two shapes: layers of a hundred tasks that depend on their like in the layer before, and one loop.
"""

import pipelines
from table import interleaved
from workbench import Workbench

SMALL, LARGE, WIDTH = 1000, 10_000, 100
# Growth may be linear and no more; the rest is noise.
SLACK = 1.3


def measure(folder, table):
    with Workbench(folder / "home", engine="fake") as workbench:
        for shape, make in (("in layers", lambda count: pipelines.layers(count, WIDTH)), ("in a loop", pipelines.loop)):
            small, large = (pipelines.write(folder, f"steps-{count}", make(count)) for count in (SMALL, LARGE))
            workbench.run(small, "--no-cache")
            seconds = interleaved(
                max(2, table.repetitions // 2),
                lambda: workbench.run(small, "--no-cache"),
                lambda: workbench.run(large, "--no-cache"),
            )
            print(f"   {shape}: {SMALL} steps {seconds[0]:.2f} s, {LARGE} steps {seconds[1]:.2f} s")
            table.row(f"1,000 steps {shape}", seconds[0], 2, " s")
            table.row(f"10,000 steps {shape} / ten times 1,000", seconds[1] / seconds[0] / (LARGE / SMALL), SLACK)
