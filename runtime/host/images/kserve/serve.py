"""Serves the one model of a directory by KServe's protocols, v1 and v2, over HTTP and gRPC.

What kind of model it is stands in `framework.py` beside this file.
"""

import argparse
import os
import pathlib
import sys

import framework
import kserve
from kserve.errors import InferenceError
from kserve.utils.utils import get_predict_input, get_predict_response


class Refusal(Exception):
    """Why there is nothing to serve, said to whoever gave the directory."""


class ServedModel(kserve.Model):
    """A model in memory."""

    def __init__(self, name, directory, threads):
        super().__init__(name)
        self.file = model_file(directory)
        self.threads = threads
        self.model = None

    def load(self):
        try:
            self.model = framework.load(self.file, self.threads)
        # Whatever a library finds wrong with a file that somebody made elsewhere.
        except Exception as error:
            raise Refusal(f"{self.file} cannot be loaded with {framework.VERSION}: {error}") from error
        self.ready = True
        return True

    def predict(self, payload, headers=None, response_headers=None):
        try:
            asked = get_predict_input(payload, columns=framework.columns(self.model))
            result = framework.predict(self.model, asked, self.threads)
            return get_predict_response(payload, result, self.name)
        except Exception as error:
            raise InferenceError(str(error)) from error


def model_file(directory):
    """The one file in it that may be a model."""
    endings = ", ".join(framework.ENDINGS)
    try:
        found = sorted(path for path in directory.iterdir() if path.is_file() and path.name.endswith(framework.ENDINGS))
    except OSError as error:
        raise Refusal(f"{directory} cannot be read: {error.strerror}") from error
    if not found:
        there = ", ".join(sorted(path.name for path in directory.iterdir())) or "nothing"
        raise Refusal(f"there is no model in {directory}: looked for a file that ends in {endings}, found {there}")
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise Refusal(f"there is more than one model in {directory}: {names}")
    return found[0]


def tell(text):
    """Says why the server ends, also where Kubernetes looks for it."""
    print(text, file=sys.stderr)
    place = pathlib.Path("/dev/termination-log")
    if place.exists() and os.access(place, os.W_OK):
        place.write_text(text)


def main():
    parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
    parser.add_argument("--model_dir", required=True, type=pathlib.Path, help="The directory of the model.")
    parser.add_argument("--nthread", default=1, type=int, help="How many threads a prediction takes.")
    asked, _ = parser.parse_known_args()
    if asked.configure_logging:
        kserve.logging.configure_logging(asked.log_config_file)
    try:
        model = ServedModel(asked.model_name, asked.model_dir, asked.nthread)
        model.load()
    except Refusal as refusal:
        tell(str(refusal))
        return 1
    kserve.ModelServer(workers=min(asked.workers, framework.MOST_WORKERS)).start([model])
    return 0


if __name__ == "__main__":
    sys.exit(main())
