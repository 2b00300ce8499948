"""Pipelines of container steps, written as the compiler writes them."""

import json


def write(folder, name, root, command=("echo", "hello")):
    """Writes a pipeline with this root, in which every `step` runs this command."""
    component = {
        "executorLabel": "exec-step",
        "inputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_INTEGER", "isOptional": True}}},
    }
    document = {
        "pipelineInfo": {"name": "many"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "deploymentSpec": {"executors": {"exec-step": {"container": {"image": "python:3.11", "command": list(command)}}}},
        "components": {"comp-step": component, **root.get("components", {})},
        "root": {"dag": root["dag"]},
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(document))
    return path


def step(name, after=(), cache=False):
    """A task that runs the command, after others."""
    task = {"taskInfo": {"name": name}, "componentRef": {"name": "comp-step"}, "cachingOptions": {"enableCache": cache}}
    return {**task, "dependentTasks": list(after)} if after else task


def layers(count, width, cache=False):
    """Layers of tasks that each depend on their like in the layer before."""
    names = [f"step-{index}" for index in range(count)]
    before = [[]] * width + [[name] for name in names]
    return {"dag": {"tasks": {name: step(name, after, cache) for name, after in zip(names, before)}}}


def loop(count):
    """One loop over as many numbers."""
    item = "pipelinechannel--loop-item-param-1"
    body = {
        "inputDefinitions": {"parameters": {item: {"parameterType": "NUMBER_INTEGER"}}},
        "dag": {"tasks": {"step": {**step("step"), "inputs": {"parameters": {"x": {"componentInputParameter": item}}}}}},
    }
    task = {
        "taskInfo": {"name": "for-loop-1"},
        "componentRef": {"name": "comp-for-loop-1"},
        "parameterIterator": {"itemInput": item, "items": {"raw": json.dumps(list(range(count)))}},
    }
    return {"components": {"comp-for-loop-1": body}, "dag": {"tasks": {"for-loop-1": task}}}
