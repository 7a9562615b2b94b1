"""The ten commonest situations are those that the public reports and the chapters say."""

import collections
import re

import notebooks
import pytest
import yaml

from book._ext.catalogues import commonest, examples, messages
from helpers import errors
from helpers.errors import silent

FILE = notebooks.ROOT / "book/data/commonest.yml"
ARGUMENT = " ".join(re.findall(r"^# ?(.*)$", FILE.read_text("utf-8"), re.MULTILINE))
TEN = commonest.load()
RAISE = [each for each in TEN if each["raises"]]
QUIET = [each for each in TEN if not each["raises"]]
ROWS = {row.id: row for row in errors.catalogue()}
SYMPTOMS = {symptom.id: symptom for symptom in silent.catalogue()}
REPORTS = yaml.load(
    (notebooks.ROOT / "tests/helpers/errors/reports.yml").read_bytes(),
    getattr(yaml, "CSafeLoader", yaml.SafeLoader),
)
OURS = [report for report in REPORTS if report["right"] != "none"]


def reported(rows):
    return sum(bool({*rows} & {*report["right"]}) for report in OURS)


def rows_of(situation):
    return [situation["id"], *situation.get("also", [])]


def test_the_argument_counts_the_reports():
    counts = [each["reports"] for each in RAISE]
    listed = f"{', '.join(map(str, counts[:-1]))} and {counts[-1]}"
    assert f"has {len(REPORTS)} messages" in ARGUMENT
    assert f"{len(OURS)} of them of this book's subject" in ARGUMENT
    assert f"{len(RAISE)} have {sum(counts)} of".replace("7", "seven", 1) in ARGUMENT
    assert f"the reports: {listed}." in ARGUMENT


@pytest.mark.parametrize("situation", RAISE, ids=lambda each: each["id"])
def test_a_situation_has_as_many_reports_as_it_says(situation):
    assert {*rows_of(situation)} <= {*ROWS}
    assert reported(rows_of(situation)) == situation["reports"]
    assert all(ROWS[id].axes for id in rows_of(situation))


def test_the_most_reported_come_first_and_no_chapter_has_more_than_three():
    counts = [each["reports"] for each in RAISE]
    assert counts == sorted(counts, reverse=True)
    per = collections.Counter(each["chapter"] for each in RAISE)
    assert max(per.values()) == 3
    taken = {id for each in RAISE for id in rows_of(each)}
    left = collections.defaultdict(list)
    for row in ROWS.values():
        if row.id not in taken and row.axes:
            chapter = messages.chapter_of(row.chapter)
            left[per[chapter] == 3].append(reported([row.id]))
    assert max(left[False]) < counts[-1]
    more, less = max(left[True]), max(left[False])
    assert f"the most is {more} in a chapter that has three already, and {less} in" in ARGUMENT


def test_what_raises_nothing_fills_up_the_chapters():
    per = collections.Counter(each["chapter"] for each in RAISE)
    assert [each["chapter"] for each in QUIET] == [
        chapter for chapter in messages.CHAPTERS if per[chapter] < 2
    ]
    per = collections.Counter(each["chapter"] for each in TEN)
    assert {*per} == {*messages.CHAPTERS}
    assert max(per.values()) == 3
    assert len(TEN) == 10


@pytest.mark.parametrize("situation", TEN, ids=lambda each: each["id"])
def test_a_situation_leads_to_a_page_with_code(situation):
    found = (ROWS if situation["raises"] else SYMPTOMS)[situation["id"]]
    folder = "messages" if situation["raises"] else "symptoms"
    assert situation["page"] == f"{folder}/{found.id}"
    assert messages.chapter_of(found.chapter) == situation["chapter"]
    assert found in SYMPTOMS.values() or examples.mending(found)


@pytest.mark.parametrize("situation", RAISE, ids=lambda each: each["id"])
def test_the_message_of_a_situation_finds_its_row(situation):
    assert errors.find(situation["paste"]).id == situation["id"]
    said = re.match("`([^`]+)`", situation["seen"])[1]
    assert said in situation["paste"]
