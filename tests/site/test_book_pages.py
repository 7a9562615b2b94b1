"""Every page of the book's own folder in a browser; the others are next door, for a second core."""

import pytest
from site_pages import PAGES
from site_sound import check_page

pytestmark = pytest.mark.site


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("book/")])
def test_page_is_sound(page, site, name):
    check_page(page, site, name)
