"""Fill in the address of the repository and collect the notebooks that its readers open in Colab.

Usage: python tools/publish.py --repository OWNER/NAME --commit SHA --output DIR

Changes the checkout that it lies in (`git checkout .` undoes it), because the site is built from
the same files afterwards: the address in _config.yml, and in every notebook the bootstrap cell,
which then fetches `helpers` from that repository at that commit. DIR gets what the branch
`published` holds. publish.yml runs it; nobody else has to.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACEHOLDER = "https://github.com/-owner-/ragged-edges"  # no GitHub name begins with a hyphen
README = """\
The notebooks of *Ragged Edges*, as published from [{commit:.7}]({url}/tree/{commit}).
They are made by a workflow and replaced as a whole; change their sources on the branch `main`.
Licences: [code]({url}/blob/{commit}/LICENSE), [text]({url}/blob/{commit}/LICENSE-TEXT.md).
"""


def address(repository: str) -> str:
    """Return the web address of OWNER/NAME; ValueError if GitHub allows no such name."""
    name = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}"
    if not re.fullmatch(name, repository):
        raise ValueError(f"--repository must be OWNER/NAME as on GitHub, not {repository!r}")
    return f"https://github.com/{repository}"


def fill_in(config: str, url: str) -> str:
    """Return the text of _config.yml with the repository's address in place of the placeholder."""
    if PLACEHOLDER not in config:
        raise ValueError(f"_config.yml must hold {PLACEHOLDER}; was it filled in before?")
    return config.replace(PLACEHOLDER, url)


def collect(output: pathlib.Path, url: str, commit: str) -> None:
    """Copy the notebooks, in their folders, and a README into an empty folder."""
    for folder in ("book", "labs", "labs/solutions"):
        (output / folder).mkdir()
        for notebook in sorted((ROOT / folder).glob("*.ipynb")):
            text = notebook.read_text(encoding="utf-8")
            if "-owner-" in text:
                raise ValueError(f"{folder}/{notebook.name} still holds the placeholder -owner-")
            (output / folder / notebook.name).write_text(text, encoding="utf-8")
    (output / "README.md").write_text(README.format(url=url, commit=commit), encoding="utf-8")


def main() -> None:
    """Publish the checkout; one line and exit status 1 if it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repository", required=True, help="OWNER/NAME on GitHub")
    parser.add_argument("--commit", required=True, help="the full hash of the commit to publish")
    parser.add_argument("--output", required=True, type=pathlib.Path, help="a new folder")
    options = parser.parse_args()
    try:
        url = address(options.repository)
        if not re.fullmatch("[0-9a-f]{40}", options.commit):
            raise ValueError(f"--commit must be 40 hexadecimal digits, not {options.commit!r}")
        options.output.mkdir(parents=True)  # before anything is changed; fails if it exists
        config = ROOT / "_config.yml"
        config.write_text(fill_in(config.read_text(encoding="utf-8"), url), encoding="utf-8")
        bootstrap = [sys.executable, ROOT / "tools" / "bootstrap.py"]
        subprocess.run([*bootstrap, "--url", url, "--ref", options.commit], check=True)
        collect(options.output, url, options.commit)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"publish: {error}")


if __name__ == "__main__":
    main()
