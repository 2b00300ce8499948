"""Models of LightGBM: a booster, as text."""

import lightgbm

ENDINGS = (".bst", ".txt")
# Its threads do not outlive a fork.
MOST_WORKERS = 1
VERSION = f"LightGBM {lightgbm.__version__}"


def load(file, threads):
    return lightgbm.Booster(params={"nthread": threads}, model_file=str(file))


def columns(model):
    return model.feature_name()


def predict(model, asked, threads):
    return model.predict(asked, num_threads=threads)
