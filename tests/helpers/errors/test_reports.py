"""What people reported in public is answered rightly or not at all."""

import pathlib

import pytest
import yaml

from helpers import errors

FILE = pathlib.Path(__file__).parent / "reports.yml"
REPORTS = yaml.load(FILE.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
OURS = [report for report in REPORTS if report["right"] != "none"]
OTHERS = [report for report in REPORTS if report["right"] == "none"]
LEAST = 0.9  # of the messages that are still raised are answered rightly


def answer(report):
    row = errors.find(report["message"])
    return row and row.id


def name(report):
    return report["link"].removeprefix("https://github.com/")


def test_there_are_enough_reports_each_once():
    assert min(len(OURS), len(OTHERS)) >= 40
    assert len({report["link"] for report in REPORTS}) == len(REPORTS)


def test_the_reports_name_rows_and_say_what_was_tried():
    rows = {row.id for row in errors.catalogue()}
    for report in REPORTS:
        assert len(report["message"]) <= 1200, name(report)
        assert not any(home in report["message"] for home in ("/home/", "/Users/")), name(report)
    for report in OURS:
        assert {*report["right"], *report.get("half", [])} <= rows, name(report)
        assert report["today"] in ("provoked", "old wording"), name(report)


@pytest.mark.parametrize("report", OTHERS, ids=name)
def test_a_message_of_another_subject_gets_no_answer(report):
    assert answer(report) is None


@pytest.mark.parametrize("report", OURS, ids=name)
def test_no_report_is_answered_wrongly(report):
    assert answer(report) in (None, *report["right"], *report.get("half", []))


def test_most_messages_that_are_still_raised_are_answered_rightly():
    today = [report for report in OURS if report["today"] == "provoked"]
    missed = [name(report) for report in today if answer(report) not in report["right"]]
    assert len(missed) <= (1 - LEAST) * len(today), missed
