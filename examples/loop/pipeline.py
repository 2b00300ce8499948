"""A loop: one step makes a list, its items are worked on side by side, and the results come together.

    words -> for each word: length -> longest
"""

from pathlib import Path

from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def words(sentence: str) -> list:
    return sentence.split()


@dsl.component(base_image="python:3.11")
def length(word: str) -> int:
    print(f"{word}: {len(word)}")
    return len(word)


@dsl.component(base_image="python:3.11")
def longest(lengths: list) -> int:
    return max(lengths, default=0)


@dsl.pipeline(name="loop", description="Measures the words of a sentence, at most two at a time.")
def loop(sentence: str = "every boat needs one oar at least") -> int:
    split = words(sentence=sentence)
    with dsl.ParallelFor(items=split.output, parallelism=2) as word:
        measured = length(word=word)
    # `Collected` gathers what the iterations returned, in the order of the items.
    return longest(lengths=dsl.Collected(measured.output)).output


if __name__ == "__main__":
    compiler.Compiler().compile(loop, str(Path(__file__).with_suffix(".yaml")))
