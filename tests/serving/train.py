"""Trains a model of the irises with each framework, below a directory, and prints what the models say of two flowers."""

import json
import pathlib
import sys

import joblib
import lightgbm
import mlflow.sklearn
import pandas
import xgboost
from sklearn import datasets, linear_model, svm

ASKED = [[6.8, 2.8, 4.8, 1.4], [6.0, 3.4, 4.5, 1.6]]

home = pathlib.Path(sys.argv[1])
irises = datasets.load_iris()


def place(name):
    directory = home / name
    directory.mkdir()
    return directory


machine = svm.SVC(gamma="scale").fit(irises.data, irises.target)
joblib.dump(machine, place("sklearn") / "model.joblib")

likely = svm.SVC(gamma="scale", probability=True, random_state=7).fit(irises.data, irises.target)
joblib.dump(likely, place("sklearn-proba") / "model.pkl")

trees = xgboost.train({"objective": "multi:softmax", "num_class": 3}, xgboost.DMatrix(irises.data, irises.target), 10)
trees.save_model(place("xgboost") / "model.ubj")

names = [name.replace(" ", "_") for name in irises.feature_names]
leaves = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1},
                        lightgbm.Dataset(irises.data, irises.target, feature_name=names), 50)
leaves.save_model(place("lightgbm") / "model.bst")

columns = pandas.DataFrame(irises.data, columns=names)
mlflow.sklearn.save_model(linear_model.LogisticRegression(max_iter=1000).fit(columns, irises.target), home / "mlflow")

print(json.dumps({
    "sklearn": machine.predict(ASKED).tolist(),
    "sklearn-proba": likely.predict_proba(ASKED).tolist(),
    "xgboost": trees.predict(xgboost.DMatrix(ASKED)).tolist(),
    "lightgbm": leaves.predict(ASKED).tolist(),
    "mlflow": None,
}))
