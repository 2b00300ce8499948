"""Models of XGBoost: a booster, in any of the formats that it saves."""

import sys

import xgboost

ENDINGS = (".bst", ".json", ".ubj")
MOST_WORKERS = sys.maxsize
VERSION = f"XGBoost {xgboost.__version__}"


def load(file, threads):
    # As bytes the format is told by the content: older boosters say nothing of theirs in the name.
    return xgboost.Booster(params={"nthread": threads}, model_file=bytearray(file.read_bytes()))


def columns(model):
    return None


def predict(model, asked, threads):
    return model.predict(xgboost.DMatrix(asked, nthread=threads))
