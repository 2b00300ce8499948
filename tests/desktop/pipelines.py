"""Pipelines of one step that runs a shell."""

import json


def write(folder, name, script):
    """The file of a pipeline whose step runs the script."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps({
        "pipelineInfo": {"name": name},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "root": {"dag": {"tasks": {"step": {"taskInfo": {"name": "step"}, "componentRef": {"name": "comp-step"}}}}},
        "components": {"comp-step": {"executorLabel": "exec-step"}},
        "deploymentSpec": {"executors": {"exec-step": {"container": {"image": "python:3.11", "command": ["sh", "-c", script]}}}},
    }))
    return file
