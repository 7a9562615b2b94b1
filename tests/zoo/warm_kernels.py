"""The process that kernels of notebooks are forked from: it has imported Keras already."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

from notebooks import ROOT

KERNEL = ROOT / "tests" / "jupyter" / "kernels" / "python3"


def start_warm_kernels(*modules: str) -> tuple[Callable[[], None], str]:
    """Start the server of `launch.py`; return what ends it, and its socket or "" without a fork."""
    if not hasattr(os, "fork"):
        return lambda: None, ""
    folder = tempfile.TemporaryDirectory(prefix="kernels-", ignore_cleanup_errors=True)
    socket = os.path.join(folder.name, "socket")
    quiet = json.loads((KERNEL / "kernel.json").read_text("utf-8"))["env"]
    server = subprocess.Popen(
        [sys.executable, KERNEL / "launch.py", "--serve", socket, *modules],
        stdin=subprocess.PIPE,  # it ends when this closes
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | quiet,
        cwd=folder.name,
    )

    def end() -> None:
        server.communicate()  # closes its input
        folder.cleanup()

    return end, socket if server.stdout.readline() == b"ready\n" else ""
