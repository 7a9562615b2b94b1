"""Counting XLA's compilations, in a process of its own: XLA reads its options once."""

import os
import subprocess
import sys
import tempfile

import pytest
import tensorflow as tf

from helpers import compiling

pytestmark = pytest.mark.slow

GOOD = """
import os
import tensorflow as tf
from helpers.compiling import xla_compilations

traced = []

@tf.function(jit_compile=True, reduce_retracing=True)
def double(x):
    traced.append(1)
    return 2 * x

with xla_compilations() as first:
    for size in (3, 4, 5, 6, 3, 4):
        double(tf.ones(size))
    print(len(traced), first.count)
with xla_compilations() as second:
    print(second.count)
    double(tf.ones(4))
    double(tf.ones(7))
    print(first.count, second.count)
print(os.environ.get("XLA_FLAGS"), first.folder.is_dir(), first.folder.parent)
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Run GOOD; return the lines it prints and the folder for temporary files."""
    folder = tmp_path_factory.mktemp("tmp")
    environment = {
        "TMPDIR": str(folder),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "XLA_FLAGS": "--xla_cpu_enable_fast_math=false",
    }
    done = subprocess.run(
        [sys.executable, "-c", GOOD],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), folder


def test_compilations_are_counted_where_traces_are_not(good):
    assert good[0][0] == "2 4"


def test_a_second_block_counts_from_its_own_beginning(good):
    assert good[0][1:3] == ["0", "5 1"]


def test_the_environment_and_the_folder_are_left_as_they_were(good):
    lines, folder = good
    assert lines[3] == f"--xla_cpu_enable_fast_math=false True {folder}"
    assert not list(folder.glob("xla-*"))


def test_too_late_is_an_error_not_a_zero(monkeypatch, tmp_path):
    tf.function(lambda x: 2 * x, jit_compile=True)(tf.ones(3))
    monkeypatch.setattr(compiling, "_FOLDER", None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    message = "^XLA compiled something before and no longer reads its options"
    with pytest.raises(RuntimeError, match=message), compiling.xla_compilations():
        pass
    assert "XLA_FLAGS" not in os.environ
