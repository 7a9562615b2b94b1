"""What a rule is, and where the rules are found.

A rule is a module in ``helpers/auditing/rules``. It holds ``RULE``, a function ``check(subject)``
that yields a `Found` for each fault and raises `Undecided` where it cannot tell, and two functions
without arguments, ``broken`` and ``mended``, that return a dict of arguments for `audit`: the
book shows their source, and tests run both.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from helpers.arguments import listed, shown, text

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True)
class Rule:
    """What is said about a rule.

    Attributes:
        code: Such as ``RE101``; never used again for another rule. 1xx: data, 2xx: the model,
            3xx: the call of ``fit``, 4xx: loss and metrics, 5xx: cost.
        name: In words with hyphens.
        severity: ``"error"``: what is learned or answered is wrong. ``"warning"``: it can be, or
            is on other data. ``"note"``: it costs time.
        title: What it finds, in a few words.
        does: What it compares, in one to three sentences of Markdown.
        why: Why that is bad, in one to three sentences of Markdown.
        fix: What to do, in one or two sentences.
        chapter: Page and anchor of the book, such as ``masking#where-it-dies-with-a-warning``.
        backends: On which the fault exists.
    """

    code: str
    name: str
    severity: str
    title: str
    does: str
    why: str
    fix: str
    chapter: str
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")


@dataclass(frozen=True)
class Found:
    """One fault as ``check`` yields it; see `Finding` for the attributes."""

    message: str
    where: str
    measured: str
    fix: str = ""


class Undecided(Exception):
    """Raised by ``check`` where it cannot tell; its text says why."""


@dataclass(frozen=True)
class Check:
    """A rule with its functions.

    Attributes:
        rule: What is said about it.
        check: Takes the subject of an audit, yields what it finds.
        broken: Returns arguments for `audit` that the rule must find.
        mended: Returns the same without the fault.
    """

    rule: Rule
    check: Callable[[Any], Iterable[Found]]
    broken: Callable[[], dict]
    mended: Callable[[], dict]


@functools.cache
def checks() -> tuple[Check, ...]:
    """Return all rules with their functions, by code."""
    package = importlib.import_module("helpers.auditing.rules")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    found = [Check(m.RULE, m.check, m.broken, m.mended) for m in modules]
    return tuple(sorted(found, key=lambda check: check.rule.code))


def catalogue() -> tuple[Rule, ...]:
    """Return what is said about each rule, by code.

    Example:
        >>> catalogue()[0].code
        'RE101'
    """
    return tuple(check.rule for check in checks())


def chosen(select: Any, ignore: Any) -> tuple[Check, ...]:
    """Return the rules of ``select`` (None: all) without those of ``ignore``.

    Args:
        select: Codes, names, or beginnings of codes such as ``"RE2"``; one alone may be a str.
        ignore: As ``select``.

    Returns:
        The checks, by code.

    Raises:
        TypeError: No list of texts.
        ValueError: Something fits no rule, or no rule is left.
    """
    kept = list(checks())
    if select is not None:
        wanted = _named("select", select)
        kept = [check for check in kept if check in wanted]
    if ignore is not None:
        unwanted = _named("ignore", ignore)
        kept = [check for check in kept if check not in unwanted]
    if not kept:
        raise ValueError(
            f"select: expected at least one rule, got select={shown(select)} and "
            f"ignore={shown(ignore)}, which leave none"
        )
    return tuple(kept)


def _named(argument: str, given: Any) -> list[Check]:
    found: list[Check] = []
    for word in [given] if isinstance(given, str) else listed(argument, given):
        text(argument, word)
        fits = [
            c for c in checks() if word and (c.rule.code.startswith(word) or c.rule.name == word)
        ]
        if not fits:
            known = ", ".join(f"{check.rule.code} {check.rule.name}" for check in checks())
            raise ValueError(f"{argument}: expected codes or names of {known}; got {shown(word)}")
        found += fits
    return found
