"""The audit: a linter for shapes, batches and masks of a Keras model and its data.

`audit` looks at a model and at what ``fit`` takes, and reports what is wrong, what was checked and
is right, and what could not be decided. Each rule is a file of its own in ``rules``.
"""

from helpers.auditing.engine import audit
from helpers.auditing.report import Finding, Report, Verdict
from helpers.auditing.rule import Rule, catalogue
from helpers.auditing.sarif import as_sarif

__all__ = ["Finding", "Report", "Rule", "Verdict", "as_sarif", "audit", "catalogue"]
