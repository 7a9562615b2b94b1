"""Kernels of notebooks are forked from one process, know nothing of each other, and end with it."""

import os
import time

import pytest
from jupyter_client.manager import start_new_kernel
from warm_kernels import start_warm_kernels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork there are no warm kernels"),
]


@pytest.fixture
def server(monkeypatch):
    """A server that has imported one module, for the kernels of this test."""
    end, socket = start_warm_kernels("fractions")
    monkeypatch.setenv("WARM_KERNELS", socket)
    yield end
    end()


def said(client, code):
    """What a kernel prints."""
    lines = []
    client.execute_interactive(
        code, timeout=60, output_hook=lambda m: lines.append(m["content"].get("text", ""))
    )
    return "".join(lines).strip()


def interrupted(manager, client):
    """The name of the error that ends a cell when its kernel is interrupted."""
    cell = client.execute(
        "print('asleep', flush=True); import time; time.sleep(60)", stop_on_error=False
    )
    while client.get_iopub_msg(timeout=60)["content"].get("text", "").strip() != "asleep":
        pass  # an interrupt between two cells may meet the kernel where it cannot go on
    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != cell:
        pass
    return reply["content"].get("ename")


def gone(pid):
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_kernel_is_warm_quiet_and_independent_of_others(server):
    one, first = start_new_kernel(kernel_name="python3")
    two, second = start_new_kernel(kernel_name="python3")
    try:
        assert said(first, "import sys; print('fractions' in sys.modules)") == "True"
        assert said(first, "print('keras' in sys.modules)") == "False"
        assert said(first, "import fractions; fractions.left = 1; print(fractions.left)") == "1"
        assert said(second, "import fractions; print(hasattr(fractions, 'left'))") == "False"
        assert said(second, "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])") == "-1"
        assert said(second, "import sys; print('' in sys.path)") == "True"
        assert said(second, "print([p for p in sys.path if 'kernels' in p])") == "[]"
        pids = [int(said(client, "import os; print(os.getpid())")) for client in (first, second)]
        assert interrupted(one, first) == "KeyboardInterrupt"
        assert said(first, "print('still here')") == "still here"
        first.stop_channels()
        one.shutdown_kernel()
        assert gone(pids[0])
        assert said(second, "print('here too')") == "here too"
    finally:
        second.stop_channels()
        two.shutdown_kernel(now=True)  # kills the process that stands for the kernel
    assert gone(pids[1])


def test_kernels_end_with_the_server(server):
    manager, client = start_new_kernel(kernel_name="python3")
    pid = int(said(client, "import os; print(os.getpid())"))
    server()
    assert gone(pid)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_without_a_server_a_kernel_is_a_process_of_its_own(monkeypatch):
    monkeypatch.delenv("WARM_KERNELS", raising=False)
    manager, client = start_new_kernel(kernel_name="python3")
    assert said(client, "import sys; print('fractions' in sys.modules)") in ("True", "False")
    assert int(said(client, "import os; print(os.getpid())")) == manager.provisioner.pid
    client.stop_channels()
    manager.shutdown_kernel(now=True)
