"""Count what XLA compiles: a counter of Python calls cannot see it.

With ``jit_compile=True`` TensorFlow traces a model's step a few times, whatever the lengths of the
batches, and hands the traced graph to XLA. XLA compiles it anew for every shape. A ``print`` or a
counter in ``call`` runs while Python traces, so it shows two where XLA compiled eight times.
"""

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER: Path | None = None  # what XLA was told to write to, once in the life of a process


@dataclass(frozen=True)
class Compilations:
    """What XLA compiled since the block began.

    Attributes:
        folder: where XLA writes a file for each module that it compiles.
        earlier: how many there were before.
    """

    folder: Path
    earlier: int = 0

    @property
    def count(self) -> int:
        """Number of modules compiled up to now."""
        return sum(1 for _ in self.folder.glob("*before_optimizations*")) - self.earlier


@contextlib.contextmanager
def xla_compilations() -> Iterator[Compilations]:
    """Count the modules that XLA compiles for TensorFlow inside a ``with`` block.

    XLA reads its options once in a process, when it first compiles. So the first use of this
    function has to come before anything is compiled; it sets the environment variable
    ``XLA_FLAGS`` to make XLA write each module to a temporary folder, and compiles a function of
    one addition to see that this works. Compiled code writes a few files more for each shape; turn
    it on to look, not to train.

    Yields:
        A `Compilations`, whose ``count`` grows inside the block.

    Raises:
        RuntimeError: XLA has compiled something before the first use in this process.

    Source: the option ``xla_dump_to`` of XLA (:cite:t:`xladump`).

    Example:
        >>> with xla_compilations() as compiled:  # doctest: +SKIP
        ...     model.train_on_batch(x, y)
        >>> compiled.count  # doctest: +SKIP
        1
    """
    global _FOLDER
    if _FOLDER is None:
        _FOLDER = _dump_folder()
    yield Compilations(_FOLDER, Compilations(_FOLDER).count)


def _dump_folder() -> Path:
    import tensorflow as tf

    folder = Path(tempfile.mkdtemp(prefix="xla-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_dump_to={folder} --xla_dump_hlo_as_proto".strip()
    try:
        tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1.0))
    finally:
        os.environ["XLA_FLAGS"] = flags
        if not flags:
            del os.environ["XLA_FLAGS"]
    if not Compilations(folder).count:
        raise RuntimeError(
            "XLA compiled something before and no longer reads its options; use xla_compilations "
            "in a fresh process, before anything is compiled"
        )
    return folder
