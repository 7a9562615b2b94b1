"""Settings in pyproject.toml and the baseline: what holds, what is refused, what is known."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import json
from dataclasses import replace

import pytest

from helpers import __main__ as shell
from helpers.auditing import Finding, Report, Verdict, catalogue
from helpers.auditing.baseline import Baseline
from helpers.auditing.settings import Settings, read
from helpers.targets import Misuse

pytestmark = pytest.mark.any_backend
TABLE = "[tool.ragged-edges.audit]\n"
RULES = {rule.code: rule for rule in catalogue()}
MODEL = (
    "import keras\nimport numpy as np\n\n\ndef leaky():\n"
    "    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])\n"
    "    x = np.ones((4, 5, 2), 'float32')\n    x[0, 2:] = 0\n    return model, x\n"
)


def finding(code, where, severity="error"):
    return Finding(code, RULES[code].name, severity, "wrong", where, "1 of 2", "fix", "page")


def report(*findings, passed=(), undecided=()):
    passed, undecided = (tuple(Verdict(RULES[code]) for code in x) for x in (passed, undecided))
    return Report(("a model",), findings, passed, undecided, ())


def test_all_settings_are_read_from_the_nearest_file_that_has_them(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        f'{TABLE}select = ["RE1"]\nignore = ["RE103", "rows-lost"]\nfail-on = "note"\n'
        'strict = true\nbatches = 4\nbaseline = "known/audit.json"\n'
    )
    below = tmp_path / "package" / "inner"
    below.mkdir(parents=True)
    (tmp_path / "package" / "pyproject.toml").write_text("[tool.other]\n")
    known = tmp_path / "known" / "audit.json"
    expected = Settings(["RE1"], ["RE103", "rows-lost"], "note", True, 4, known)
    assert read(below) == expected
    (below / "pyproject.toml").write_text(TABLE)
    assert read(below) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{TABLE}fail_on = 'note'", "has 'fail_on'; there are select, ignore, fail-on"),
        (f"{TABLE}select = 'RE1'", "select: expected a list of codes or names, got 'RE1'"),
        (f"{TABLE}ignore = [1]", "ignore: expected a list of codes or names, got [1]"),
        (f"{TABLE}fail-on = 'info'", "fail-on: expected one of error, warning, note, got 'info'"),
        (f"{TABLE}strict = 1", "strict: expected true or false, got 1"),
        (f"{TABLE}batches = 1", "batches: expected an integer from 2, got 1"),
        (f"{TABLE}batches = true", "batches: expected an integer from 2, got True"),
        (f"{TABLE}baseline = ''", "baseline: expected the name of a file, got ''"),
        ("[tool.ragged-edges]\naudit = 3", "expected a table [tool.ragged-edges.audit]"),
        ("[tool", "pyproject.toml: expected TOML, got "),
    ],
)
def test_what_is_no_setting_is_refused_with_its_file(text, said, tmp_path):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(Misuse) as refused:
        read(tmp_path)
    assert str(refused.value).startswith(str(tmp_path / "pyproject.toml"))
    assert said in str(refused.value)


def test_findings_are_known_by_code_and_place_and_not_by_numbers(tmp_path):
    first = finding("RE103", "data, batch 3"), finding("RE202", "layer lstm_1")
    baseline = Baseline.read(tmp_path / "known.json")
    assert baseline.written(report(*first), "train:run") == 2
    again = replace(finding("RE103", "data, batch 17"), measured="5 of 6")
    now = report(
        again,
        finding("RE103", "predict, batch 3"),
        finding("RE202", "layer lstm_4"),
        finding("RE202", "layer lstm_5"),
    )
    split = Baseline.read(tmp_path / "known.json").applied(now, "train:run")
    assert split.known == (again, now.findings[2])
    assert split.findings == (now.findings[1], now.findings[3])
    assert split.stale == ()
    assert split.summary.endswith("2 known")
    assert "Known, by the baseline:\n- error RE103 rows-lost in data, batch 17" in str(split)
    assert Settings().failures(split) == ["2 errors"]
    assert len(json.loads(split.as_json())["known"]) == 2
    assert "Known, by the baseline (2)" in split.as_html()
    other = Baseline.read(tmp_path / "known.json")
    assert other.applied(now, "train:other").known == ()
    assert len(other.applied(now, None).known) == 2


def test_what_is_found_no_more_is_stale_unless_its_rule_did_not_decide(tmp_path):
    file = tmp_path / "known.json"
    old = [finding("RE103", "data"), finding("RE202", "layer a"), finding("RE501", "data")]
    Baseline.read(file).written(report(*old), "a:b")
    now = report(passed=["RE103"], undecided=["RE202"])
    split = Baseline.read(file).applied(now, "a:b")
    assert split.stale == ("RE103 in data",)
    assert "In the baseline and found no more; --write-baseline takes it out:\n- RE103" in str(
        split
    )
    assert "RE103 in data" in json.loads(split.as_json())["stale"]
    Baseline.read(file).written(split, "a:b")
    left = json.loads(file.read_text())["targets"]["a:b"]
    assert [each["code"] for each in left] == ["RE202", "RE501"]


def test_targets_share_a_file_and_an_empty_one_leaves_it(tmp_path):
    file = tmp_path / "known.json"
    for target in ("b:b", "a:a"):
        Baseline.read(file).written(report(finding("RE103", "data")), target)
    assert list(json.loads(file.read_text())["targets"]) == ["a:a", "b:b"]
    Baseline.read(file).written(report(passed=["RE103"]), "a:a")
    assert list(json.loads(file.read_text())["targets"]) == ["b:b"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "targets": {}}', '{"version": 1, "targets": {"a": [1]}}']
)
def test_what_is_no_baseline_is_refused(text, tmp_path):
    (tmp_path / "known.json").write_text(text)
    with pytest.raises(Misuse, match="baseline: expected a file of --write-baseline, got"):
        Baseline.read(tmp_path / "known.json")


@pytest.mark.slow
def test_a_shell_takes_settings_and_baseline(tmp_path, monkeypatch, capfd):
    def audit(*arguments):
        try:
            status = shell.main(["audit", "leaky_model.py:leaky", *arguments])
        except SystemExit as end:
            status = end.code
        return status, capfd.readouterr()

    (tmp_path / "leaky_model.py").write_text(MODEL)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    status, said = audit("--select", "RE202", "--write-baseline")
    assert status == 2
    assert "--write-baseline: expected --baseline FILE" in said.err
    settings = tmp_path / "pyproject.toml"
    settings.write_text(f'{TABLE}select = ["RE202", "RE104"]\nbaseline = "known.json"\n')
    assert audit()[0] == 1
    status, said = audit("--write-baseline")
    assert status == 0
    assert "known.json knows 1 finding\n" in said.err
    status, said = audit()
    assert status == 0
    assert "0 errors, 0 warnings, 0 notes, 1 rule passed, 0 undecided, 1 known" in said.out
    assert audit("--baseline", "other.json")[0] == 1
    settings.write_text(f"{TABLE}sellect = []\n")
    status, said = audit()
    assert status == 2
    assert "has 'sellect'" in said.err
    settings.write_text(f'{TABLE}select = ["RE202"]\n')
    status, said = audit("--baseline", "inner", "--write-baseline")
    assert status == 2
    assert "baseline: expected a file" in said.err
