"""The directives and roles, which put the Markdown and HTML of the other modules on a page."""

import importlib
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

from . import (
    api,
    benchmarks,
    cheat_sheet,
    claims,
    commonest,
    errors,
    masks,
    messages,
    repository,
    routes,
    rules,
    silent,
)


class _Markdown(SphinxDirective):
    """Puts Markdown in its place, as if it stood on the page: headings have the page's levels."""

    def markdown(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        # MyST hangs a section on the section above it, not on the node that is parsed into; so all
        # is parsed into the section of the page itself
        lines = StringList(self.markdown().splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, 0, self.state_machine.node, match_titles=True)
        return []


class _ErrorIndex(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", messages.table(errors.catalogue()), format="html")]


class _SilentFailures(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", silent.table(silent.catalogue()), format="html")]


class _AuditRules(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", rules.table(rules.catalogue()), format="html")]


class _AuditClaims(_Markdown):
    def markdown(self) -> str:
        return rules.claims(rules.catalogue())


class _Claims(_Markdown):
    def markdown(self) -> str:
        return claims.sections(claims.load())


class _MaskTable(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", masks.table(masks.load()), format="html")]


class _LayerAxes(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", cheat_sheet.layer_table(), format="html")]


class _PlanChoices(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", cheat_sheet.plan_table(), format="html")]


class _MaskRules(_Markdown):
    def markdown(self) -> str:
        return cheat_sheet.mask_rules()


class _CommonestFixes(_Markdown):
    def markdown(self) -> str:
        return commonest.fixes()


class _Commonest(_Markdown):
    def markdown(self) -> str:
        return commonest.links()


class _InstallLine(_Markdown):
    def markdown(self) -> str:
        return commonest.install_line(repository(self.config))


class _Benchmarks(_Markdown):
    required_arguments = 1

    def markdown(self) -> str:
        return benchmarks.section(self.arguments[0])


class _Choose(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", routes.form(), format="html")]


class _Routes(_Markdown):
    def markdown(self) -> str:
        return routes.sections()


class _Helpers(_Markdown):
    """One module of the reference; the content names its objects (see `api.names`)."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"see": directives.unchanged}

    def markdown(self) -> str:
        module = self.arguments[0]
        self.env.note_dependency(importlib.import_module(module).__file__)
        return api.section(module, api.names(self.content), self.options.get("see", ""))


class _ApiIndex(SphinxDirective):
    """The place of a part of the index of the reference, which is known once all is read."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        return [_IndexPlace(modules=list(self.content))]


class _IndexPlace(nodes.General, nodes.Element):
    pass


class _FillIndex(SphinxPostTransform):
    default_priority = 5

    def run(self, **kwargs) -> None:
        python = self.env.get_domain("py")
        purposes = {name: entry.synopsis for name, entry in python.modules.items()}
        for place in list(self.document.findall(_IndexPlace)):
            text = api.index(place["modules"], python.objects, purposes)
            html = f'<dl class="api-index">\n{text}\n</dl>'
            place.replace_self(nodes.raw("", html, format="html"))


class _Choice(_Markdown):
    def markdown(self) -> str:
        return benchmarks.choice()


class _Verdict(SphinxRole):
    """A verdict as a word with a class for its colour, and how often it is given."""

    def __init__(self, kind: str, words, counts):
        self.kind, self.words, self.counts = kind, words, counts

    def run(self):
        word = nodes.inline("", self.words(self.text), classes=[self.kind, self.text])
        return [word, nodes.Text(f" ({self.counts()[self.text]})")], []


class _Fact(SphinxRole):
    """One of the facts that data begins with."""

    def __init__(self, facts):
        self.facts = facts

    def run(self):
        return [nodes.Text(str(self.facts()[self.text]))], []


def register(app) -> None:
    """Make the directives and roles known."""
    app.add_directive("error-index", _ErrorIndex)
    app.add_directive("silent-failures", _SilentFailures)
    app.add_directive("audit-rules", _AuditRules)
    app.add_directive("audit-claims", _AuditClaims)
    app.add_directive("claims", _Claims)
    app.add_directive("mask-table", _MaskTable)
    app.add_directive("benchmarks", _Benchmarks)
    app.add_directive("choose", _Choose)
    app.add_directive("routes", _Routes)
    app.add_directive("layer-axes", _LayerAxes)
    app.add_directive("mask-rules", _MaskRules)
    app.add_directive("plan-choices", _PlanChoices)
    app.add_directive("install-line", _InstallLine)
    app.add_directive("commonest", _Commonest)
    app.add_directive("commonest-fixes", _CommonestFixes)
    app.add_directive("benchmarks-choice", _Choice)
    app.add_directive("helpers", _Helpers)
    app.add_directive("api-index", _ApiIndex)
    app.add_node(_IndexPlace)
    app.add_post_transform(_FillIndex)
    app.add_role("claim-verdict", _Verdict("verdict", claims.words, claims.counts))
    app.add_role("mask-verdict", _Verdict("mask-verdict", masks.words, masks.counts))
    app.add_role("measured", _Fact(masks.measured))
    app.add_role("machine", _Fact(benchmarks.machine))
