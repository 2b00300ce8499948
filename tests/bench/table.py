"""The figures, each beside its target."""

import statistics
import time


class Table:
    """What was measured so far."""

    def __init__(self, repetitions):
        self.repetitions = repetitions
        self.rows = []

    def row(self, name, value, target, unit="", least=False):
        """Adds a figure that may be at most `target`, or has to be at least that."""
        met = value >= target if least else value <= target
        sign = ">=" if least else "<="
        self.rows.append((name, f"{value:.3g}{unit}", f"{sign} {target:.3g}{unit}", "ok" if met else "MISSED"))

    def show(self):
        """Prints all of it; 1 when a target was missed."""
        width = max(len(name) for name, *_ in self.rows)
        print("== result")
        for name, value, target, outcome in self.rows:
            print(f"{name:{width}}  {value:>10}  {target:>12}  {outcome}")
        return 1 if any(outcome == "MISSED" for *_, outcome in self.rows) else 0


def timed(action):
    """Seconds that an action takes."""
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def interleaved(repetitions, *actions):
    """The median seconds of each action; they take turns, so that noise falls on all alike."""
    times = [[timed(action) for action in actions] for _ in range(repetitions)]
    return [statistics.median(column) for column in zip(*times)]
