"""A bucket of a real S3-compatible store, which pods of the cluster reach, for suites."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from cluster import SCRIPTS

# What the bucket holds, in MiB.
ROOMY, TIGHT = 256, 24
KEYS = {"accesskey": "tests", "secretkey": "tests-secret"}


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Bucket:
    """The store, whose objects are files here."""

    def __init__(self):
        self.endpoint = self.up(ROOMY)
        name = os.environ.get("CORACLE_CLUSTER", "tests")
        self.folder = pathlib.Path(tempfile.gettempdir()) / f"coracle-cluster-{os.getuid()}-{name}" / "bucket" / "runs"

    @staticmethod
    def up(mebibytes):
        begun = subprocess.run([SCRIPTS / "bucket", "up", str(mebibytes)], capture_output=True, text=True, timeout=1800)
        assert begun.returncode == 0, begun.stderr
        return begun.stdout.strip()

    @staticmethod
    def down():
        subprocess.run([SCRIPTS / "bucket", "down"], check=True, capture_output=True, timeout=60)

    def clear(self):
        """Removes all objects: the store cannot be made to hold less than it does."""
        for place in self.folder.iterdir():
            shutil.rmtree(place)

    def objects(self, prefix):
        """The SHA-256 of each object below a prefix, by what its key has behind it."""
        folder = self.folder / prefix
        return {str(file.relative_to(folder)): digest(file.read_bytes()) for file in folder.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def bucket(argo_cluster):
    store = Bucket()
    yield store
    store.down()
