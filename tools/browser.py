"""Find a Chromium for the tests of the site; fetch Playwright's own where the system has none.

Usage: python tools/browser.py
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def system_browser() -> str | None:
    """Return the path of an installed Chromium or Chrome, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Make sure that some browser is there; say in one line if it could not be had."""
    if system_browser():
        return
    fetch = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    if subprocess.run(fetch, capture_output=True, check=False).returncode:
        print("No Chromium here and none could be fetched: the tests of the site will be skipped.")
        sys.exit(1 if os.environ.get("CI") else 0)


if __name__ == "__main__":
    main()
