"""Reads handwritten digits: two kinds of model are trained side by side, and the better one is kept.

    load -> split -> train-svm    -> evaluate -> if the first is as good or better: keep -> register
                  -> train-forest             -> else:                              keep

The data are the 1,797 pictures of 8 x 8 pixels that scikit-learn carries with it, so that nothing is
downloaded but the package itself. To compile this file: `python pipeline.py`.
"""

from pathlib import Path
from typing import NamedTuple

from kfp import compiler, dsl
from kfp.dsl import HTML, ClassificationMetrics, Dataset, Input, Metrics, Model, Output

# Every step uses the same image and the same packages. They are installed when the first step needs
# them; the others start in what that one prepared. The version is that of KServe's server for such models.
IMAGE = "python:3.11"
PACKAGES = ["scikit-learn==1.5.2"]


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def load(digits: Output[Dataset]):
    """Writes one line a picture: 64 pixels from 0 to 16, then the digit it shows."""
    import numpy
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    numpy.savetxt(digits.path, numpy.column_stack([pixels, labels]), fmt="%d", delimiter=",")
    digits.metadata["rows"] = len(labels)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def split(
    digits: Input[Dataset],
    test_size: float,
    seed: int,
    training: Output[Dataset],
    test: Output[Dataset],
):
    """Scales pixels to 0..1 and keeps a part of each digit's pictures back for the test."""
    import numpy
    from sklearn.model_selection import train_test_split

    table = numpy.loadtxt(digits.path, delimiter=",")
    table[:, :-1] /= 16
    parts = train_test_split(table, test_size=test_size, random_state=seed, stratify=table[:, -1])
    for dataset, rows in zip([training, test], parts):
        numpy.savetxt(dataset.path, rows, fmt="%g", delimiter=",")
        dataset.metadata["rows"] = len(rows)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train_svm(training: Input[Dataset], penalty: float, model: Output[Model]):
    """Trains a support vector machine."""
    import joblib
    import numpy
    from sklearn.svm import SVC

    table = numpy.loadtxt(training.path, delimiter=",")
    joblib.dump(SVC(C=penalty).fit(table[:, :-1], table[:, -1]), model.path)
    model.metadata.update(family="support vector machine", penalty=penalty)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def train_forest(training: Input[Dataset], trees: int, seed: int, model: Output[Model]):
    """Trains a random forest."""
    import joblib
    import numpy
    from sklearn.ensemble import RandomForestClassifier

    table = numpy.loadtxt(training.path, delimiter=",")
    forest = RandomForestClassifier(n_estimators=trees, random_state=seed)
    joblib.dump(forest.fit(table[:, :-1], table[:, -1]), model.path)
    model.metadata.update(family="random forest", trees=trees)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def evaluate(
    svm: Input[Model],
    forest: Input[Model],
    test: Input[Dataset],
    metrics: Output[Metrics],
) -> NamedTuple("Accuracies", [("svm", float), ("forest", float)]):
    """Has both models read the test pictures and returns the share that each reads right."""
    import joblib
    import numpy

    table = numpy.loadtxt(test.path, delimiter=",")
    accuracies = []
    for name, model in [("svm", svm), ("forest", forest)]:
        accuracy = float(joblib.load(model.path).score(table[:, :-1], table[:, -1]))
        print(f"the {model.metadata['family']} reads {accuracy:.2%} of {len(table)} pictures right")
        metrics.log_metric(f"{name}_accuracy", accuracy)
        accuracies.append(accuracy)
    return tuple(accuracies)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def keep(candidate: Input[Model], kept: Output[Model]):
    """Hands a model on; a condition decides which one gets this far."""
    import shutil

    shutil.copyfile(candidate.path, kept.path)
    kept.metadata.update(candidate.metadata)


@dsl.component(base_image=IMAGE, packages_to_install=PACKAGES)
def register(
    chosen: Input[Model],
    test: Input[Dataset],
    model: Output[Model],
    metrics: Output[Metrics],
    confusion: Output[ClassificationMetrics],
    report: Output[HTML],
) -> NamedTuple("Registered", [("family", str), ("accuracy", float)]):
    """Keeps the chosen model with all that is known of it: numbers, confusion matrix and a page to read."""
    import shutil

    import joblib
    import numpy
    import sklearn
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

    table = numpy.loadtxt(test.path, delimiter=",")
    truth, answers = table[:, -1], joblib.load(chosen.path).predict(table[:, :-1])
    accuracy = float(accuracy_score(truth, answers))
    matrix = confusion_matrix(truth, answers, labels=range(10)).tolist()
    digits = [str(digit) for digit in range(10)]
    family = chosen.metadata["family"]

    shutil.copyfile(chosen.path, model.path)
    model.framework = f"scikit-learn {sklearn.__version__}"
    model.metadata.update(chosen.metadata, accuracy=accuracy)

    metrics.log_metric("accuracy", accuracy)
    metrics.log_metric("f1", float(f1_score(truth, answers, average="macro")))
    confusion.log_confusion_matrix(digits, matrix)

    def row(cell: str, cells: list) -> str:
        return "<tr>" + "".join(f"<{cell}>{value}</{cell}>" for value in cells) + "</tr>"

    rows = [row("th", ["", *digits])] + [row("td", [digit, *counts]) for digit, counts in zip(digits, matrix)]
    with open(report.path, "w") as page:
        page.write(f"<h1>{family}: {accuracy:.2%} of {len(truth)} pictures read right</h1>\n")
        page.write("<p>Each row is the digit shown, each column the digit read.</p>\n")
        page.write("<table>\n" + "\n".join(rows) + "\n</table>\n")
    return (family, accuracy)


class Result(NamedTuple):
    """What a run ends with."""

    family: str
    accuracy: float
    model: Model


@dsl.pipeline(name="digits", description="Trains two kinds of model on handwritten digits and keeps the better one.")
def digits(
    test_size: float = 0.25,
    seed: int = 7,
    svm_penalty: float = 1.0,
    trees: int = 100,
) -> Result:
    data = load()
    parts = split(digits=data.outputs["digits"], test_size=test_size, seed=seed)
    test = parts.outputs["test"]

    # Neither of the two needs the other, so they are trained at the same time.
    svm = train_svm(training=parts.outputs["training"], penalty=svm_penalty)
    forest = train_forest(training=parts.outputs["training"], trees=trees, seed=seed)
    accuracies = evaluate(svm=svm.output, forest=forest.output, test=test)

    with dsl.If(accuracies.outputs["svm"] >= accuracies.outputs["forest"], name="svm-is-better"):
        kept_svm = keep(candidate=svm.output).set_display_name("keep-svm")
    with dsl.Else(name="forest-is-better"):
        kept_forest = keep(candidate=forest.output).set_display_name("keep-forest")
    better = dsl.OneOf(kept_svm.outputs["kept"], kept_forest.outputs["kept"])

    registered = register(chosen=better, test=test)
    return Result(registered.outputs["family"], registered.outputs["accuracy"], registered.outputs["model"])


if __name__ == "__main__":
    compiler.Compiler().compile(digits, str(Path(__file__).with_suffix(".yaml")))
