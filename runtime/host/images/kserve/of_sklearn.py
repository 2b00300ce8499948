"""Models of scikit-learn: an estimator or a pipeline, as joblib or pickle wrote it."""

import os
import sys

import joblib
import sklearn

ENDINGS = (".joblib", ".pkl", ".pickle")
MOST_WORKERS = sys.maxsize
VERSION = f"scikit-learn {sklearn.__version__}"


def load(file, threads):
    return joblib.load(file)


def columns(model):
    return None


def predict(model, asked, threads):
    wants_probabilities = os.environ.get("PREDICT_PROBA", "").lower() == "true"
    if wants_probabilities and hasattr(model, "predict_proba"):
        return model.predict_proba(asked)
    return model.predict(asked)
