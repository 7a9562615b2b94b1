"""GPU cells: run on a GPU where there is one, else small on the CPU beside the recorded runs.

Most readers, and CI, have no GPU. A *GPU cell* is a function of :mod:`helpers.gpu_cells`.
:func:`gpu_cell` runs it where Keras has a GPU and shows the numbers with the device's name.
Elsewhere it runs a small size on the CPU, says so, and shows the runs in ``helpers/gpu/runs.json``,
each with device, driver, package versions, date and command, or says that there is none yet. Only
a GPU's numbers are among them: the only way into the file is :func:`record`, which refuses to work
without a GPU.

``python -m helpers.devices --record helpers/gpu/runs.json`` (``make gpu``) records every GPU cell.
"""

import sys

from helpers.gpu.__main__ import main
from helpers.gpu.device import Gpu, gpu
from helpers.gpu.record import Cell, record
from helpers.gpu.runs import RUNS, SCHEMA, Run, read_runs
from helpers.gpu.show import Result, gpu_cell

__all__ = [  # noqa: RUF022  (in the order of the API page)
    "Gpu",
    "Run",
    "Result",
    "gpu",
    "gpu_cell",
    "record",
    "read_runs",
    "Cell",
    "RUNS",
    "SCHEMA",
    "main",
]

if __name__ == "__main__":
    sys.exit(main())
