"""Code of pages; tests/book/test_choose.py and test_recipes.py run it."""

collect_ignore_glob = ["routes/*", "recipes/*"]
