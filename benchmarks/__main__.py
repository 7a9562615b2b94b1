"""Run every benchmark, print its table, and write ``results.json``.

``NAME --store`` measures one table anew and leaves the others as they are.
"""

import argparse
import importlib
import json
import pathlib
import time

from benchmarks import MODULES, measure

RESULTS = pathlib.Path(__file__).parent / "results.json"


def main() -> None:
    """Run all tables, or those named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TABLE", help=f"of {', '.join(MODULES)}")
    parser.add_argument("--quick", action="store_true", help="a small size; writes nothing")
    parser.add_argument("--store", action="store_true", help="write the named tables, dated")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MODULES):
        parser.error(f"no table {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    began = time.monotonic()
    results = {}
    for name in options.names or MODULES:
        module = importlib.import_module(f"benchmarks.{name}")
        results[name] = module.measured(quick=options.quick)
        print(measure.show(module, results[name]), end="\n\n", flush=True)
    print(f"{time.monotonic() - began:.0f} s")
    if not options.quick and (options.store or not options.names):
        found = {"machine": measure.machine(), "tables": results}
        if options.names:
            where = f"{found['machine']['date']}, {found['machine']['processor']}"
            dated = {name: {**result, "measured": where} for name, result in results.items()}
            found = json.loads(RESULTS.read_text("utf-8"))
            found["tables"] |= dated
        RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"{RESULTS.relative_to(pathlib.Path.cwd())} is written")


if __name__ == "__main__":
    main()
