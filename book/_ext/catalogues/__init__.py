"""Pages made from data and docstrings: directives and roles that fill them in.

The prose of such a page is in its Markdown file; what comes from data is made here when the site is
built, and nothing of it is stored.

========================  ==================================================================
``{error-index}``         the table of messages, a row for each of helpers/errors
``{silent-failures}``     the table of failures without one, of helpers/errors/silent
``{audit-rules}``         the table of the audit's rules, of helpers/auditing/rules
``{audit-claims}``        what these rules claim, for the ledger
``{claims}``              the claims of book/claims.yml, under a heading for each article
``{mask-table}``          the table of book/mask-table.yml, with its controls
``{benchmarks} NAME``     one table of benchmarks/results.json, with its goals
``{choose}``              the four questions of book/choose.yml
``{routes}``              the routes that they lead to, each with its code
``{commonest}``           links to the ten commonest situations of book/data/commonest.yml
``{commonest-fixes}``     the same, with what to do and its code
``{install-line}``        how to install the helpers, from the repository if its address is known
``{layer-axes}``          the table of book/data/layer-axes.yml
``{mask-rules}``          what becomes of a mask, by book/mask-table.yml
``{plan-choices}``        the plans that `helpers.batching.recommend` takes for two data sets
``{benchmarks-choice}``   what to choose, by these results
``{helpers} MODULE``      the reference of one module, from its docstrings
``{api-index}``           the modules of the reference, with links to all that they have
========================  ==================================================================

Each message, failure and rule has a page of its own, too: `messages`, `silent` and `rules` write
them before Sphinx looks for pages.

Roles: ``{claim-verdict}`` and ``{mask-verdict}`` write a verdict and how often it is given,
``{measured}`` what the mask table was measured on, ``{machine}`` what the benchmarks were.
"""

import hashlib
import html
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # tools and benchmarks stand beside the book and are not installed

# page -> the files that it is made from
_MADE_FROM = {
    "book/error-index": ("helpers/errors/rows/*.yml", "helpers/errors/situations/*.py"),
    "book/silent-failures": ("helpers/errors/silent/*.yml",),
    "book/audit-rules": ("helpers/auditing/rules/*.py",),
    "book/claims-ledger": ("book/claims.yml", "helpers/auditing/rules/*.py"),
    "book/mask-table": ("book/mask-table.yml", "tools/masks/measure.py"),
    "book/choose": ("book/choose.yml", "book/data/routes/*/*.py"),
    "book/recipes": ("book/data/recipes/*.py",),
    "book/benchmarks": ("benchmarks/*.json", "benchmarks/*.py"),
    "book/cheat-sheet": ("book/data/*.yml", "book/mask-table.yml", "helpers/batching/*.py"),
    "index": ("book/data/commonest.yml",),
}


def digests(root: Path = ROOT) -> dict[str, str]:
    """Return a digest of each page's data: a page is read again when its own has changed."""
    return {
        page: hashlib.sha256(
            b"".join(
                f"{path.name}\n".encode() + path.read_bytes()
                for pattern in patterns
                for path in sorted(root.glob(pattern))
            )
        ).hexdigest()
        for page, patterns in _MADE_FROM.items()
    }


def _outdated(app, env, added, changed, removed) -> list[str]:
    from . import api

    before, env.catalogues = getattr(env, "catalogues", {}), digests()
    env.catalogues["index"] += repository(app.config)  # it stands there
    return [page for page, digest in env.catalogues.items() if before.get(page) != digest]
    pages = [page for page, digest in env.catalogues.items() if before.get(page) != digest]
    moved = any(page.startswith(api.FOLDER) for page in added | changed | removed)
    return [*pages, *([api.INDEX] if moved else [])]


def _write_pages(app) -> None:
    from . import messages, rules, silent

    # They are in no table of contents, so the theme would leave out those of an earlier build.
    for kind in (messages, silent, rules):
        kind.write(Path(app.srcdir))
        kept = (p for p in app.config.exclude_patterns if not p.startswith(f"{kind.FOLDER}/"))
        app.config.exclude_patterns = list(kept)


def _name_windows(app, pagename, templatename, context, doctree) -> None:
    """Give the pages of messages titles that say what is wrong, too."""
    from . import errors, messages

    folder, _, name = pagename.rpartition("/")
    for row in errors.catalogue() if folder == messages.FOLDER else ():
        if row.id == name:
            context["title"] = html.escape(messages.window_title(row))


def repository(config) -> str:
    """Return the address of the book's repository; "" while _config.yml holds a placeholder."""
    address = config.html_theme_options.get("repository_url", "")
    return "" if "github.com/-" in address else address  # no name begins so


def _write_scripts(app, exception) -> None:
    from . import errors

    if exception is None and app.builder.format == "html":
        static, rows = Path(app.outdir) / "_static", errors.catalogue()
        script = errors.script(rows, repository(app.config))
        (static / "error-index.js").write_text(script, "utf-8")
        (static / "error-answers.js").write_text(errors.answers_script(rows), "utf-8")


def setup(app):
    """Register the directives and roles, and the script of the title page."""
    from . import directives  # needs Sphinx, which tests of the data do not have on every lane

    directives.register(app)
    app.connect("builder-inited", _write_pages)
    app.connect("env-get-outdated", _outdated)
    app.connect("html-page-context", _name_windows)
    app.connect("build-finished", _write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
