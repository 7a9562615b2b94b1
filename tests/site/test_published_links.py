"""What a published notebook links to on the site is there, the headings too."""

import re

import notebooks
import publish
import pytest

pytestmark = pytest.mark.site


def test_pages_and_headings_that_published_notebooks_link_to_are_on_the_site(built):
    missing, found = [], 0
    for path in notebooks.all_notebooks():
        for cell in notebooks.read(path).cells:
            if cell.cell_type != "markdown":
                continue
            source = publish.absolute(cell.source, path.parent, "https://site", "https://colab")
            for page, anchor in re.findall(r"https://site/([^)#]+)(?:#([^)]+))?", source):
                found += 1
                html = (built / page).read_text(encoding="utf-8") if (built / page).exists() else ""
                if not html or (anchor and f'id="{anchor}"' not in html):
                    missing.append(f"{path.name}: {page}#{anchor}")
    assert missing == []
    assert found > 50
