"""Situations that need a process of its own, because they set the number of devices."""

import json
import subprocess
import sys

from helpers.errors import situations

TWO_DEVICES = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
try:
    import tensorflow as tf
except ImportError:
    pass
else:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
"""
INSTEAD = (
    TWO_DEVICES
    + """
from helpers.errors import situations
print("\\n" + repr([[str(each) for each in pair] for pair in situations.of({row!r}).instead()]))
"""
)
AUDITED = (
    TWO_DEVICES
    + """
import json
import sys
sys.path.insert(0, "tests/zoo")
from helpers.auditing import audit
{imports}
said = {{}}
for name, (make, select) in {programs}.items():
    arguments = {{"select": select, **make()}}
    report = audit(arguments.pop("model"), arguments.pop("data"), **arguments)
    undecided = [verdict.rule.code for verdict in report.undecided]
    said[name] = [[finding.code for finding in report.findings], undecided, str(report)]
print("\\n" + json.dumps(said))
"""
)
PROVOKE = """
import json
from helpers.errors import situations
try:
    situations.of({row!r}).provoke()
except Exception as error:
    print("\\n" + json.dumps([type(error).__name__, str(error)]))
else:
    print("\\nnull")
"""


def alone(row: str) -> bool:
    """Whether the situation of a row needs a process of its own."""
    return getattr(situations.of(row), "ALONE", False)


def raised(row: str) -> list[Exception]:
    """Return what `provoke()` raises in a new process, an exception of the same name and words."""
    said = json.loads(_last_line(PROVOKE.format(row=row)))
    return [type(said[0], (Exception,), {})(said[1])] if said else []


def pairs_on_two_devices(row: str) -> str:
    """Return what `instead()` returns in a new process that has two devices, as text."""
    return _last_line(INSTEAD.format(row=row))


def audited_on_two_devices(imports: str, programs: dict[str, str]) -> dict[str, list]:
    """Audit programs in a new process that has two devices.

    Args:
        imports: Code of what the programs need.
        programs: For each name the code of a pair: a function without arguments that returns those
            of `audit`, and the rules to select, or None for all.

    Returns:
        For each name the codes that were found, those of undecided rules, and the report.
    """
    pairs = ", ".join(f"{name!r}: {code}" for name, code in programs.items())
    return json.loads(_last_line(AUDITED.format(imports=imports, programs=f"{{{pairs}}}")))


def _last_line(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]
