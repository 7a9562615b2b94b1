"""Start a kernel: a fork of a process that has imported Keras, or else a new process.

``python launch.py ARGUMENTS`` is what `kernel.json` calls. Where the variable WARM_KERNELS names
the socket of a server, this process asks it for a fork and stands for it: it hands its signals on
and ends when the fork ends. ``python launch.py --serve SOCKET MODULES`` is that server. It imports
the modules and does nothing with them, so that a fork is as new as a process of its own. It ends
with whoever started it, when its standard input closes. `conftest.py` starts one for each process
that tests notebooks, which saves each notebook the import of TensorFlow.
"""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import threading
import warnings

MOST = 2**20  # bytes of a request: the environment and the arguments


def main(arguments: list[str]) -> None:
    """Serve, or start one kernel."""
    if arguments[:1] == ["--serve"]:
        serve(arguments[1], arguments[2:])
    elif (path := os.environ.get("WARM_KERNELS")) and not cold():
        sys.exit(ask(path, arguments))
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])


def cold() -> bool:
    """Whether the kernel wants another backend than the server has imported."""
    return os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow"


def ask(path: str, arguments: list[str]) -> int:
    """Have a kernel forked and wait for its end; return its exit status."""
    request = {"argv": arguments, "env": dict(os.environ), "cwd": os.getcwd()}
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
        answers = server.makefile()
        pid = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        return int(answers.readline() or 1)


def serve(path: str, modules: list[str]) -> None:
    """Import what kernels need, say so, and fork one for each request."""
    for name in ("ipykernel.kernelapp", *modules):
        importlib.import_module(name)
    warnings.filterwarnings("ignore", "This process", DeprecationWarning)  # fork beside threads
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    threading.Thread(target=end_with_parent, daemon=True).start()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                os._exit(run(client))
            client.close()


def end_with_parent() -> None:
    """End this process when the one that started it has closed the pipe, or has ended."""
    while os.read(0, 1024):
        pass
    os._exit(0)


def run(client: socket.socket) -> int:
    """Be the kernel that a request asks for; return the exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files, _, _ = socket.recv_fds(client, MOST, 3)
    while not request.endswith(b"\n"):
        request += client.recv(MOST)
    asked = json.loads(request)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher", parent, *asked["argv"]]
    del sys.path[0]  # the folder of this file
    client.sendall(f"{os.getpid()}\n".encode())
    threading.Thread(target=end_with_client, args=(client,), daemon=True).start()
    status = 0
    try:
        importlib.import_module("ipykernel.kernelapp").launch_new_instance()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    with contextlib.suppress(OSError):
        client.sendall(f"{status}\n".encode())
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def end_with_client(client: socket.socket) -> None:
    """End this kernel when the process that stands for it has gone."""
    with contextlib.suppress(OSError):
        client.recv(1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
