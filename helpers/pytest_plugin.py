"""The fixture ``audit`` of pytest, which every environment with this package has.

Nothing of Keras is imported before a test asks for the fixture.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from helpers.targets import Misuse

if TYPE_CHECKING:
    from helpers.auditing import Report


@pytest.fixture
def audit(pytestconfig: pytest.Config) -> Callable[..., "Report"]:
    """Audit a model and its data, and fail with the report where something is wrong.

    ``audit(model, data)`` takes what ``helpers.audit`` takes, and ``fail_on=`` (``"error"``,
    ``"warning"`` or ``"note"``) and ``strict=`` (undecided rules fail, too). What is not given
    comes from ``[tool.ragged-edges.audit]`` in pyproject.toml. Returns the report.
    """
    from helpers.arguments import boolean, choice
    from helpers.auditing.rule import SEVERITIES
    from helpers.auditing.settings import read

    def run(
        model: Any,
        data: Any,
        *,
        fail_on: str | None = None,
        strict: bool | None = None,
        **arguments: Any,
    ) -> "Report":
        __tracebackhide__ = True
        if fail_on is not None:
            choice("fail_on", fail_on, SEVERITIES)
        if strict is not None:
            boolean("strict", strict)
        settings = settings_read.but(fail_on=fail_on, strict=strict)
        report = settings.audit({"model": model, "data": data, **arguments}, None)
        why = settings.failures(report)
        if why:
            pytest.fail(f"The audit fails: {', '.join(why)}.\n\n{report}", pytrace=False)
        return report

    try:
        settings_read = read(pytestconfig.rootpath)
    except Misuse as error:
        raise pytest.UsageError(str(error)) from None
    return run
