"""The call `audit`: looks at a model and its data, runs the rules, and reports."""

from typing import Any

import keras
import numpy as np

from helpers.arguments import boolean, choice, integer, is_integer, plain_array, shown
from helpers.auditing.called import checked_fit
from helpers.auditing.feeds import Feed, feed, held_out
from helpers.auditing.kept import everything_kept
from helpers.auditing.report import Finding, Report, Verdict
from helpers.auditing.rule import Check, Rule, Undecided, chosen
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.masking.progress import Progress
from helpers.masking.recording import quietly
from helpers.padding import SIDES
from helpers.raised import first_line

BATCHES = 32  # that are looked at


def audit(
    model: keras.Layer,
    data: Any,
    *,
    validation: Any = None,
    predict: Any = None,
    evaluate: Any = None,
    fit: dict | None = None,
    rows: Any = None,
    lengths: Any = None,
    value: Any = None,
    side: str | None = None,
    select: Any = None,
    ignore: Any = None,
    batches: int = BATCHES,
    progress: bool | None = None,
) -> Report:
    """Report what is wrong with a model and its data, what is right, and what is undecided.

    The model, the random generators and the data stay as they were; a model without weights is
    built. A generator object is not drawn from. Only a shuffled ``tf.data.Dataset`` that cannot be
    written as a graph (above 2 GB) gives ``fit`` another order than it would have.

    Args:
        model: A Keras model, compiled or not.
        data: What ``fit`` takes: arrays ``x``, ``(x, y)`` or ``(x, y, sample_weight)``, a
            PyDataset, a ``tf.data.Dataset``, a PyTorch DataLoader; a function that returns one of
            these or a generator; or ``(plan, x, y)``.
        validation: What ``validation_data`` is given, as ``data``.
        predict: What ``predict`` will be given, as ``data``.
        evaluate: What ``evaluate`` will be given, as ``data``.
        fit: The keyword arguments of ``fit``, such as ``{"epochs": 3, "batch_size": 64}``; others
            are refused.
        rows: How many rows the data was made of, or these rows.
        lengths: Real timesteps: int ``(n,)``, one for each row of arrays, or a function that takes
            the inputs of a batch and returns int ``(batch,)``. None: from the padding.
        value: What the padding holds. None: what layers mask, or the constant that ends the rows.
        side: ``"post"`` or ``"pre"``, where the padding is. None: where it is found.
        select: Only these rules: codes, names or beginnings of codes, such as ``["RE1"]``.
        ignore: Not these rules.
        batches: How many batches of each dataset to look at, at least 2.
        progress: Whether a bar shows. None: after five seconds, where somebody looks.

    Returns:
        A `Report`; print it, or assert that its ``errors`` are empty.

    Raises:
        TypeError: ``model`` is no layer, ``data`` is nothing that ``fit`` takes, or so.
        ValueError: A number or a name is out of range.

    Example:
        >>> model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3)])
        >>> x = np.ones((4, 5, 2), "float32")
        >>> x[0, 2:] = 0
        >>> [finding.rule for finding in audit(model, x).errors]
        ['padding-leak']
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model: expected a Keras model or layer, got {type(model).__name__}")
    picked = chosen(select, ignore)
    batches = integer("batches", batches, minimum=2)
    fit = checked_fit(model, fit)
    if side is not None:
        choice("side", side, SIDES)
    if progress is not None:
        boolean("progress", progress)
    if fit.get("validation_data") is not None:
        if validation is not None:
            raise TypeError("validation: expected nothing beside fit['validation_data']")
        validation = fit["validation_data"]
    others = {"validation": validation, "predict": predict, "evaluate": evaluate}
    given = {"data": data, **{name: one for name, one in others.items() if one is not None}}
    with everything_kept(model), quietly():
        inputs = _inputs(model)
        feeds = {name: feed(name, one, fit, batches, inputs) for name, one in given.items()}
        _weights_once(feeds["data"], fit)
        if "validation" not in feeds and (held := held_out(feeds["data"], fit, batches)):
            feeds["validation"] = held
        known = {"lengths": _lengths(lengths, feeds["data"]), "value": value, "side": side}
        subject = Subject(model, feeds, fit, _count(rows), known)
        subject.assumed += [line for one in feeds.values() for line in one.said]
        return _report(subject, picked, Progress(len(picked), progress))


def _report(subject: Subject, picked: tuple[Check, ...], progress: Progress) -> Report:
    findings: list[Finding] = []
    passed: list[Verdict] = []
    undecided: list[Verdict] = []
    for one in picked:
        rule = one.rule
        progress.step(rule.name)
        try:
            if keras.backend.backend() not in rule.backends:
                raise NothingToCheck(f"not on {keras.backend.backend()}")
            found = [_finding(rule, fault) for fault in one.check(subject)]
        except Undecided as reason:
            undecided.append(Verdict(rule, str(reason)))
        except NothingToCheck as reason:
            passed.append(Verdict(rule, str(reason)))
        except Exception as error:
            why = f"the rule itself failed: {type(error).__name__}: {first_line(error)}"
            undecided.append(Verdict(rule, why))
        else:
            findings += found
            if not found:
                passed.append(Verdict(rule))
    model = subject.model
    lines = [
        f"Audit of {model.name} ({type(model).__name__}), Keras {keras.__version__} on "
        f"{keras.backend.backend()}"
    ]
    lines += [f"{name}: {one}" for name, one in subject.feeds.items()]
    return Report(
        tuple(lines), tuple(findings), tuple(passed), tuple(undecided), tuple(subject.assumed)
    )


def _finding(rule: Rule, fault: Any) -> Finding:
    return Finding(
        code=rule.code,
        rule=rule.name,
        severity=rule.severity,
        message=fault.message,
        where=fault.where,
        measured=fault.measured,
        fix=fault.fix or rule.fix,
        page=f"audit-rules/{rule.name}",
    )


def _weights_once(data: Feed, fit: dict) -> None:
    """Raise if ``fit`` is given weights that it cannot take beside this data."""
    if fit.get("sample_weight") is None:
        return
    if data.kind != "arrays":
        raise TypeError(
            f"fit['sample_weight']: expected None beside a {data.kind}, whose batches hold their "
            f"weights; got {shown(fit['sample_weight'])}"
        )
    if isinstance(data.source, tuple) and len(data.source) == 3:
        raise TypeError("fit['sample_weight']: expected None, since data holds weights already")


def _inputs(model: keras.Layer) -> int | None:
    """Return how many inputs a model has, or None if that shows only in a call."""
    inputs = getattr(model, "inputs", None)
    return len(keras.tree.flatten(inputs)) if inputs else None


def _count(rows: Any) -> int | None:
    if rows is None:
        return None
    if is_integer(rows):
        return integer("rows", rows, minimum=0)
    try:
        return len(rows)
    except TypeError:
        raise TypeError(f"rows: expected a number or rows, got {shown(rows)}") from None


def _lengths(lengths: Any, data: Feed) -> Any:
    if lengths is None or callable(lengths):
        return lengths
    lengths = plain_array("lengths", lengths)
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (lengths < 0).any():
        raise ValueError(f"lengths: expected integers from 0, (n,), got {shown(lengths)}")
    if data.kind != "arrays":
        raise TypeError(
            f"lengths: expected a function of a batch's inputs, since data is a {data.kind} whose "
            f"rows may come in any order; got {shown(lengths)}"
        )
    if len(lengths) != data.rows:
        raise ValueError(
            f"lengths: expected one for each of the {data.rows} rows, got {len(lengths)}"
        )
    return np.asarray(lengths, "int64")
