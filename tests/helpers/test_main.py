"""The command line: what comes in is passed on and explained, with an exit status."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers import __main__ as shell

MESSAGE = "ValueError: The PyDataset has length 0"


def run(*arguments, given=b"", **options):
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "helpers", *arguments]
    return subprocess.run(command, input=given, capture_output=True, timeout=60, **options)


@pytest.mark.slow
def test_what_comes_in_is_passed_on_as_it_is_and_explained():
    given = f"epoch 1\xff\n{MESSAGE}\n".encode("latin-1")
    done = run("explain", given=given)
    assert done.stdout.startswith(given)
    assert "Cause: `__len__` returned 0." in done.stdout[len(given) :].decode()
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.slow
def test_it_comes_out_before_the_program_has_ended():
    command = [sys.executable, "-m", "helpers", "explain"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(b"epoch 1\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"epoch 1\n"
        process.send_signal(signal.SIGINT)  # as Ctrl-C does, which the whole pipe gets
        time.sleep(0.1)
        process.stdin.write(MESSAGE.encode())
        process.stdin.close()
        assert b"dataset-length-zero" in process.stdout.read()
    assert process.returncode == 0


@pytest.mark.slow
def test_no_framework_and_no_numpy_is_imported():
    code = (
        "import sys, helpers.__main__ as shell; shell.main(['explain', sys.argv[1]]); "
        "print({'numpy', 'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, __file__], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("set()\n")


@pytest.mark.slow
def test_json_comes_alone_and_the_output_goes_to_the_standard_error():
    done = run("explain", "--json", given=b"Incompatible shapes: [9,1] vs. [32,1]")
    answer = json.loads(done.stdout)
    assert answer["answered"] is True
    assert answer["id"] == "fixed-batch-size-in-a-loss"
    assert answer["read"] == "axis 0, rows: 9 against 32"
    assert answer["other"] is None
    assert answer["guesses"] == []
    assert done.stderr == b"Incompatible shapes: [9,1] vs. [32,1]"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_any_encoding(encoding, tmp_path, capsys):
    file = tmp_path / "log.txt"
    file.write_text(f"é\n{MESSAGE}", encoding)
    assert shell.main(["explain", str(file)]) == 0
    assert capsys.readouterr().out.startswith("The data has fewer rows than one batch")


@pytest.mark.parametrize("content", [b"", b"done\n", b"KeyError: 1", bytes(range(256)) * 9])
def test_without_an_answer_the_status_is_1(content, tmp_path, capsys):
    file = tmp_path / "log.txt"
    file.write_bytes(content)
    assert shell.main(["explain", str(file)]) == 1
    assert "no entry" in capsys.readouterr().out
    assert shell.main(["explain", "--json", str(file)]) == 1
    assert json.loads(capsys.readouterr().out)["answered"] is False


@pytest.mark.parametrize("arguments", [["explain", "no-such-file"], ["explode"], ["explain", "-x"]])
def test_misuse_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        shell.main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m helpers" in capsys.readouterr().err


def test_the_commands_are_listed_and_so_is_the_status(capsys):
    assert shell.main([]) == 0
    listed = capsys.readouterr().out
    assert "explain" in listed
    assert "python -m helpers.devices" in listed
    with pytest.raises(SystemExit):
        shell.main(["explain", "--help"])
    assert "0 answered, 1 not answered, 2 misuse" in " ".join(capsys.readouterr().out.split())


def test_of_a_long_output_the_end_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "_KEPT", 1000)
    for encoding in ("utf-8", "utf-16"):
        source, target = tmp_path / "in", tmp_path / "out"
        source.write_text("epoch\n" * 50_000 + MESSAGE, encoding)
        with source.open("rb") as reader, target.open("wb") as writer:
            kept = shell._passed_on(reader, writer)
        assert target.read_bytes() == source.read_bytes()
        assert len(kept) < 150_000
        assert shell.decoded(kept).endswith(f"epoch\n{MESSAGE}")


@pytest.mark.slow
def test_a_reader_that_has_gone_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "helpers", "explain"]
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            command, input=MESSAGE.encode(), stdout=gone, stderr=subprocess.PIPE, timeout=60
        )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0
