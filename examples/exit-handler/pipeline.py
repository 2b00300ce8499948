"""An exit handler: one step runs last whatever happens before it, and learns how that ended.

With `fail=true` the work fails; the last step runs all the same, and the run ends as failed.
"""

from pathlib import Path

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def work(fail: bool):
    if fail:
        raise RuntimeError("asked to fail")
    print("the work is done")


@dsl.component(base_image="python:3.11")
def report(status: dsl.PipelineTaskFinalStatus) -> str:
    # Its value is filled in when the work has ended; nobody passes it.
    print(f"{status.pipeline_task_name} ended as {status.state}")
    return status.state


@dsl.pipeline(name="exit-handler", description="Does some work, and reports on it even when it fails.")
def exit_handler(fail: bool = False):
    with dsl.ExitHandler(report(), name="guarded-work"):
        work(fail=fail)


if __name__ == "__main__":
    compiler.Compiler().compile(exit_handler, str(Path(__file__).with_suffix(".yaml")))
