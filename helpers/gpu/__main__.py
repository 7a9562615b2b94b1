"""The command line of the GPU cells."""

import argparse
import sys
from collections.abc import Sequence

import keras

from helpers.gpu.cells import CELLS
from helpers.gpu.record import Cell, record
from helpers.gpu.show import as_text


def main(arguments: Sequence[str] | None = None, cells: Sequence[Cell] = CELLS) -> int:
    """List the GPU cells or record them; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m helpers.devices", description=main.__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--list", action="store_true", help="print the names of the GPU cells")
    action.add_argument("--record", metavar="FILE", help="run every GPU cell and write FILE")
    parser.add_argument("--command", help="the command to record (default: this one)")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(cell.__name__ for cell in cells))
        return 0
    setting = f"KERAS_BACKEND={keras.backend.backend()}"
    typed = f"{setting} python -m helpers.devices --record {options.record}"
    try:
        new = record(cells, options.record, options.command or typed)
    except (RuntimeError, ValueError, OSError) as error:
        print(f"not recorded: {error}", file=sys.stderr)
        return 1
    for run in new:
        print(as_text(run))
    return 0 if len(new) == len(cells) else 1


if __name__ == "__main__":
    sys.exit(main())
