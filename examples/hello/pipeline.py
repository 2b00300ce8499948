"""The smallest pipeline: one step that takes a parameter, returns a value and prints a line."""

from pathlib import Path

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def greet(name: str) -> str:
    greeting = f"hello, {name}"
    print(greeting)
    return greeting


@dsl.pipeline(name="hello", description="Greets somebody.")
def hello(name: str = "world") -> str:
    return greet(name=name).output


if __name__ == "__main__":
    compiler.Compiler().compile(hello, str(Path(__file__).with_suffix(".yaml")))
