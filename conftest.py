"""Notebook kernels of the tests leave out what C++ code writes to file descriptor 2.

TensorFlow logs its version of the CPU there while it is imported, with times and process numbers.
What Python writes to stderr, warnings included, is still captured and compared.
"""

import os
import pathlib

KERNELS = pathlib.Path(__file__).resolve().parent / "tests" / "jupyter"
os.environ["JUPYTER_PATH"] = os.pathsep.join(
    filter(None, [str(KERNELS), os.environ.get("JUPYTER_PATH", "")])
)
