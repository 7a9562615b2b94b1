"""The tool that weighs pages counts what a page loads."""

import page_weight
import pytest

pytestmark = [pytest.mark.site, pytest.mark.slow]


def test_a_page_is_weighed_with_all_that_it_loads(browser, site, built):
    weight, requests, paint = page_weight.measure(browser, f"{site}book/bibliography.html")
    assert weight > (built / "book/bibliography.html").stat().st_size
    assert 5 < requests < 25
    # at 1.6 Mbit/s the page alone takes this long
    assert paint > (built / "book/bibliography.html").stat().st_size / 200
