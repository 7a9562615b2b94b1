"""What programs train: each `fit` that runs while a block is open is audited before it starts."""

import contextlib
import inspect
import sys
import warnings
from dataclasses import dataclass

import keras

from helpers.auditing import Report, audit

_OF_FIT = ("batch_size", "epochs", "shuffle", "class_weight", "sample_weight", "steps_per_epoch")
_OF_FIT += ("validation_split", "initial_epoch", "validation_steps", "validation_batch_size")


@dataclass(frozen=True)
class Audited:
    """A call of ``fit`` that was audited.

    Attributes:
        place: File or cell, and line, of the call.
        report: What the audit says.
    """

    place: str
    report: Report

    @property
    def codes(self) -> set[str]:
        return {finding.code for finding in self.report.findings}


@contextlib.contextmanager
def audited_fits():
    """Audit the model and the data of each call of ``Model.fit``, once for each line of code.

    Yields:
        The list of `Audited` so far.
    """
    own, seen = keras.Model.fit, {}
    signature = inspect.signature(own)

    def fit(self, *args, **kwargs):
        given = signature.bind(self, *args, **kwargs).arguments
        caller = sys._getframe(1)
        place = f"{caller.f_code.co_filename.rsplit('/', 1)[-1]}:{caller.f_lineno}"
        if place not in seen and given.get("x") is not None:
            seen[place] = None  # an audit calls no `fit`, but a dataset may
            with contextlib.suppress(TypeError, ValueError):  # what `fit` refuses as well
                found.append(Audited(place, _report(self, given)))
        return own(self, *args, **kwargs)

    found: list[Audited] = []
    keras.Model.fit = fit
    try:
        yield found
    finally:
        keras.Model.fit = own


def _report(model, given):
    x, y, weight = (given.get(name) for name in ("x", "y", "sample_weight"))
    data = x if y is None else (x, y) if weight is None else (x, y, weight)
    fit = {name: given[name] for name in _OF_FIT if given.get(name) is not None}
    fit.pop("sample_weight", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audit(model, data, fit=fit, validation=given.get("validation_data"))
