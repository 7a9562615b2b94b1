"""Execute every notebook in place, each in a clean kernel, and normalise what is stored.

Usage: python tools/run_notebooks.py [NOTEBOOK ...] [--check]

Without names: refreshes the bootstrap cells, generates the labs from their solutions, then runs
all notebooks of book/ and labs/. ``--check`` runs nothing and exits 1 if a notebook is not normal.
"""

import argparse
import pathlib
import sys

import bootstrap
import make_labs
from notebooks import ROOT, all_notebooks, execute, normalise, read, use_quiet_kernels


def main() -> None:
    """Run the notebooks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="run nothing; exit 1 if not normal")
    options = parser.parse_args()
    if options.check:
        stale = [str(p) for p in all_notebooks() if normalise(read(p)) != read(p)]
        sys.exit("not normal, run `make notebooks`: " + ", ".join(stale) if stale else 0)
    use_quiet_kernels()
    if not options.notebooks:
        bootstrap.main([])
        make_labs.main([])
    for path in options.notebooks or all_notebooks():
        print("running", path.resolve().relative_to(ROOT), flush=True)
        execute(path.resolve())


if __name__ == "__main__":
    main()
