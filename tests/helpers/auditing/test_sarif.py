"""A report in SARIF 2.1.0: its structure, the place of a finding, and what is undecided."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import importlib.metadata
import json
import re

import keras
import pytest

from helpers import __main__ as shell
from helpers.auditing import Finding, Report, Verdict, addresses, as_sarif, catalogue

pytestmark = pytest.mark.any_backend
RULES = {rule.code: rule for rule in catalogue()}


def finding(code, where="data, batch 3", message="rows are lost."):
    rule = RULES[code]
    fix = "Round up."
    return Finding(code, rule.name, rule.severity, message, where, "3 of 4", fix, "a-page")


@pytest.fixture
def report():
    found = finding("RE103"), finding("RE501", "data"), finding("RE103", "predict")
    passed, undecided = (Verdict(RULES["RE101"]),), (Verdict(RULES["RE202"], "no padding"),)
    return Report(("a model", "data: arrays"), found, passed, undecided, ("the side: post",))


@pytest.fixture
def no_address(monkeypatch):
    monkeypatch.setattr(addresses, "site", lambda: "")


def run_of(text):
    """The one run, after the checks of what the standard demands of every log."""
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    rules = driver["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids)
    for rule in rules:
        assert re.fullmatch(r"[A-Z]\w*", rule["name"])
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    for said in invocation["toolExecutionNotifications"]:
        assert ids[said["associatedRule"]["index"]] == said["associatedRule"]["id"]
        assert said["message"]["text"]
    return run


def test_findings_are_results_with_level_place_and_what_was_measured(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = run_of(as_sarif(report, str(tmp_path / "my models" / "train.py"), 7))
    first, second, third = run["results"]
    assert [each["ruleId"] for each in run["results"]] == ["RE103", "RE501", "RE103"]
    assert [each["level"] for each in (first, second)] == [
        RULES["RE103"].severity,
        RULES["RE501"].severity,
    ]
    assert first["message"]["text"] == ("data, batch 3: rows are lost. Measured: 3 of 4. Round up.")
    assert first["properties"]["measured"] == "3 of 4"
    (place,) = first["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20models/train.py"},
        "region": {"startLine": 7},
    }
    assert place["logicalLocations"] == [{"fullyQualifiedName": "data, batch 3"}]
    prints = [each["partialFingerprints"]["rule/where"] for each in (first, second, third)]
    assert len(set(prints)) == 3


def test_a_result_keeps_its_fingerprint_where_only_a_number_has_changed(report):
    other = as_sarif(Report((), (finding("RE103", "data, batch 8"),), (), (), ()))
    (before, *_), (after,) = run_of(as_sarif(report))["results"], run_of(other)["results"]
    assert before["partialFingerprints"] == after["partialFingerprints"]


def test_undecided_rules_are_notifications_and_no_results(report):
    run = run_of(as_sarif(report))
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["associatedRule"]["id"] == "RE202"
    assert said["message"]["text"] == ("padding-leak is undecided, which is no pass: no padding")
    assert said["level"] == "warning"
    assert "RE202" not in {each["ruleId"] for each in run["results"]}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "RE101",
        "RE103",
        "RE202",
        "RE501",
    ]


def test_without_a_file_a_result_has_no_place_in_one(report):
    assert "physicalLocation" not in as_sarif(report)


def test_a_file_elsewhere_has_its_whole_address(report, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    text = as_sarif(report, str(tmp_path / "train.py"))
    assert f'"uri": "{(tmp_path / "train.py").as_uri()}"' in text


def test_a_rule_leads_to_its_page_where_the_address_is_known(report, monkeypatch, no_address):
    driver = run_of(as_sarif(report))["tool"]["driver"]
    assert "informationUri" not in driver
    assert not any("helpUri" in rule for rule in driver["rules"])
    monkeypatch.setattr(addresses, "site", lambda: "https://me.github.io/edges/")
    driver = run_of(as_sarif(report))["tool"]["driver"]
    assert driver["informationUri"] == "https://me.github.io/edges/book/audit-rules.html"
    page = f"https://me.github.io/edges/book/audit-rules/{RULES['RE101'].name}.html"
    assert driver["rules"][0]["helpUri"] == page


@pytest.mark.parametrize(
    ("configured", "installed", "site"),
    [
        ("https://github.com/-owner-/ragged-edges", "", ""),
        ("", "file:///home/me/ragged-edges", ""),
        ("https://github.com/Me/Edges", "", "https://me.github.io/Edges/"),
        ("https://github.com/Me/me.github.io", "", "https://me.github.io/"),
        ("", "https://github.com/me/edges.git", "https://me.github.io/edges/"),
        ("https://github.com/-owner-/e", "https://github.com/me/e", "https://me.github.io/e/"),
    ],
)
def test_the_site_follows_from_the_repository(configured, installed, site, tmp_path, monkeypatch):
    class Package:
        def read_text(self, name):
            assert name == "direct_url.json"
            return json.dumps({"url": installed}) if installed else None

    config = tmp_path / "_config.yml"
    if configured:
        config.write_text(f"repository:\n  url: {configured}\n")
    monkeypatch.setattr(addresses, "_CONFIG", config)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Package())
    assert addresses.site.__wrapped__() == site


def test_the_site_of_a_package_that_was_not_installed_is_unknown(tmp_path, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(addresses, "_CONFIG", tmp_path / "none")
    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert addresses.site.__wrapped__() == ""
    driver = json.loads(as_sarif(Report((), (), (), (), ())))["runs"][0]["tool"]["driver"]
    assert "version" not in driver


@pytest.mark.slow
def test_in_a_shell_the_place_is_the_function(tmp_path, monkeypatch, capfd):
    (tmp_path / "leaky_model.py").write_text(
        "import keras\nimport numpy as np\n\n\ndef leaky():\n"
        "    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])\n"
        "    x = np.ones((4, 5, 2), 'float32')\n    x[0, 2:] = 0\n    return model, x\n"
    )
    monkeypatch.chdir(tmp_path)
    call = ["audit", "leaky_model.py:leaky", "--select", "RE202,RE104", "--format", "sarif"]
    assert shell.main(call) == 1
    run = run_of(capfd.readouterr().out)
    (result,) = run["results"]
    assert result["ruleId"] == "RE202"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "leaky_model.py"},
        "region": {"startLine": 5},
    }
    assert keras.__version__ in run["properties"]["subject"][0]
