"""The title page, the labs and what Sphinx makes in a browser."""

import pytest
from site_pages import PAGES
from site_sound import check_page

pytestmark = pytest.mark.site


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("book/")])
def test_page_is_sound(page, site, name):
    check_page(page, site, name)
