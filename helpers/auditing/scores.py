"""The compiled loss and metrics, called on rows of a batch: whole, in pieces, with other answers.

The model is called once, in inference mode. Its answers then go to ``compute_loss`` and
``compute_metrics``, as ``fit`` does it, and what ``compile`` made is put back.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.keras_private import mask_of, set_mask
from helpers.raised import first_line

ROWS = 16  # of the batch that go to the loss and the metrics


@dataclass(frozen=True)
class Scored:
    """Rows with what the model answers to them.

    Attributes:
        x: Inputs, as in a batch.
        y: Targets, or None.
        weight: Sample weights, or None.
        answers: What the model answers, flat, as arrays.
        masks: The masks that Keras hung on the answers, flat; None where there is none.
        names: Names of the outputs, in the order of the answers, if they have some.
        like: The answers as the model gives them, for their structure.
    """

    x: Any
    y: Any
    weight: Any
    answers: list
    masks: list
    names: list[str]
    like: Any

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return len(self.answers[0])

    def take(self, rows: Any) -> "Scored":
        """Return some of the rows, or some of them several times."""
        rows, n = np.asarray(rows), self.rows

        def cut(leaf: Any) -> Any:
            return leaf[rows] if isinstance(leaf, np.ndarray) and len(leaf) == n else leaf

        return replace(
            self,
            x=_each(cut, self.x),
            y=_each(cut, self.y),
            weight=_each(cut, self.weight),
            answers=[answer[rows] for answer in self.answers],
            masks=[None if mask is None else mask[rows] for mask in self.masks],
        )

    def answered(self, place: int, answer: np.ndarray) -> "Scored":
        """Return the same rows with another answer of one output."""
        answers = list(self.answers)
        answers[place] = answer.astype(answers[place].dtype)
        return replace(self, answers=answers)

    def targeted(self, place: int, target: np.ndarray) -> "Scored":
        """Return the same rows with other targets of one output."""
        before = (self.targets or [])[place]
        return replace(self, y=_each(lambda leaf: target if leaf is before else leaf, self.y))

    def only_steps(self, kept: np.ndarray) -> "Scored":
        """Return the rows without some steps; all parts that have as many steps are cut."""
        steps = len(kept)

        def cut(leaf: Any) -> Any:
            return leaf[:, kept] if leaf.ndim > 1 and leaf.shape[1] == steps else leaf

        return replace(
            self,
            y=_each(cut, self.y),
            weight=_each(cut, self.weight),
            answers=[cut(answer) for answer in self.answers],
            masks=[None if mask is None else cut(mask) for mask in self.masks],
        )

    @property
    def targets(self) -> list | None:
        """Targets in the order of the answers; None if they cannot be told apart."""
        return _ordered(self.y, self.names, len(self.answers))

    @property
    def weights(self) -> list:
        """Sample weights in the order of the answers; None where an output has none."""
        count = len(self.answers)
        if self.weight is None:
            return [None] * count
        if not keras.tree.is_nested(self.weight):
            return [self.weight] * count
        return _ordered(self.weight, self.names, count) or [None] * count


def scored(subject: Subject) -> Scored:
    """Return some rows of the subject's batch with the model's answers, made once."""
    held = vars(subject)
    if "scored" not in held:
        held["scored"] = _scored(subject)
    return held["scored"]


def _scored(subject: Subject) -> Scored:
    batch = subject.batch
    _ = subject.outputs  # so that a model that cannot be called says so in one way
    answers = subject.model(batch.x, training=False)
    leaves = keras.tree.flatten(answers)
    masks = [mask_of(leaf) for leaf in leaves]
    arrays = [keras.ops.convert_to_numpy(leaf) for leaf in leaves]
    known = [None if mask is None else keras.ops.convert_to_numpy(mask) for mask in masks]
    rows = batch.rows
    for leaf in [*arrays, *_flat(batch.y), *_flat(batch.weight)]:
        if not isinstance(leaf, np.ndarray) or not leaf.ndim or len(leaf) != rows:
            raise Undecided(
                f"answers, targets and weights of batch {batch.index} are not all arrays of its "
                f"{rows} rows"
            )
    names = list(getattr(subject.model, "output_names", None) or [])
    if isinstance(answers, dict):
        names = [str(path[-1]) for path, _ in keras.tree.flatten_with_path(answers)]
    if len(names) != len(arrays):
        names = []
    whole = Scored(batch.x, batch.y, batch.weight, arrays, known, names, answers)
    return whole.take(np.arange(min(rows or 0, ROWS)))


def need_loss(subject: Subject) -> None:
    """Say where there is no loss that could be called."""
    model = subject.model
    if not getattr(model, "compiled", False):
        raise NothingToCheck("the model is not compiled")
    if getattr(model, "loss", None) is None and _keras_own(model, "compute_loss"):
        if _keras_own(model, "train_step"):
            raise NothingToCheck("the model is compiled without a loss")
        raise Undecided("the model trains by a train_step of its own, and its loss is in there")


def loss_of(subject: Subject, rows: Scored) -> np.ndarray:
    """Return the model's loss of these rows, as ``fit`` computes it; one number, if it is right."""
    with compiled_kept(subject.model):
        try:
            value = subject.model.compute_loss(**_arguments(subject, rows))
        except Exception as error:
            raise Undecided(f"the loss raises: {first_line(error)}") from error
        return np.asarray(keras.ops.convert_to_numpy(value), "float64")


def scores_of(subject: Subject, pieces: list[Scored]) -> dict[str, np.ndarray]:
    """Return the results of the compiled metrics after these pieces, by their names in logs."""
    model = subject.model
    with compiled_kept(model):
        for metric in model.metrics:
            metric.reset_state()
        found: dict = {}
        for piece in pieces:
            try:
                found = model.compute_metrics(**_arguments(subject, piece))
            except Exception as error:
                raise Undecided(f"the metrics raise: {first_line(error)}") from error
        tensors = {name: keras.ops.convert_to_numpy(one) for name, one in found.items()}
    return {name: np.asarray(one, "float64") for name, one in tensors.items() if name != "loss"}


def need_metrics(subject: Subject) -> None:
    """Say where there is no metric that could be called."""
    model = subject.model
    if not getattr(model, "compiled", False):
        raise NothingToCheck("the model is not compiled")
    if not [name for name in scores_of(subject, [scored(subject)]) if not _is_loss(model, name)]:
        raise NothingToCheck("the model is compiled without metrics")


def _is_loss(model: keras.Model, name: str) -> bool:
    outputs = getattr(model, "output_names", None) or []
    return name in {f"{output}_loss" for output in outputs}


def differ(one: Any, other: Any, tolerance: float = 1e-5) -> bool:
    """Whether two results differ by more than rounding; NaN is equal to NaN."""
    one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
    if one.shape != other.shape:
        return True
    return not np.allclose(one, other, rtol=tolerance, atol=1e-7, equal_nan=True)


@contextlib.contextmanager
def compiled_kept(model: keras.Model) -> Iterator[None]:
    """Put back what ``compile`` made: its losses and metrics, built or not, and their values."""
    kinds = (keras.losses.Loss, keras.metrics.Metric)
    made = [one for one in vars(model).values() if isinstance(one, kinds)]
    before = [{name: _copied(value) for name, value in vars(one).items()} for one in made]
    metrics = _metrics_in(made)
    values = {id(v): (v, np.array(keras.ops.convert_to_numpy(v))) for v in _variables(metrics)}
    try:
        yield
    finally:
        for metric in _metrics_in(made):
            if any(id(v) not in values for v in metric.variables):
                metric.reset_state()  # it has its variables only now
        for variable, value in values.values():
            variable.assign(value)
        for one, attributes in zip(made, before, strict=True):
            for name in set(vars(one)) - set(attributes):
                vars(one).pop(name)
            for name, (value, items) in attributes.items():
                if items is not None:
                    value[:] = items
                vars(one)[name] = value


def _copied(value: Any) -> tuple[Any, list | None]:
    return value, list(value) if isinstance(value, list) else None


def _metrics_in(made: list) -> list:
    """Return the metrics that were made or given, each once."""
    found: dict[int, Any] = {}
    todo = list(made)
    while todo:
        one = todo.pop()
        if isinstance(one, keras.metrics.Metric) and id(one) not in found:
            found[id(one)] = one
            todo += vars(one).values()
        elif isinstance(one, keras.losses.Loss) and any(one is known for known in made):
            todo += vars(one).values()
        elif isinstance(one, list | tuple):
            todo += one
        elif isinstance(one, dict):
            todo += one.values()
    return list(found.values())


def _variables(metrics: list) -> list:
    return [variable for metric in metrics for variable in metric.variables]


def _arguments(subject: Subject, rows: Scored) -> dict:
    tensors = []
    for answer, mask in zip(rows.answers, rows.masks, strict=True):
        tensor = keras.ops.convert_to_tensor(answer)
        if mask is not None:
            set_mask(tensor, keras.ops.convert_to_tensor(mask))
        tensors.append(tensor)
    answers = keras.tree.pack_sequence_as(rows.like, tensors)
    y, weight = _each(_tensor, rows.y), _each(_tensor, rows.weight)
    return {"x": rows.x, "y": y, "y_pred": answers, "sample_weight": weight}


def _tensor(leaf: np.ndarray) -> Any:
    if leaf.dtype.kind == "f":
        leaf = leaf.astype(keras.config.floatx())  # as Keras does with arrays
    return keras.ops.convert_to_tensor(leaf)


def _each(what: Any, part: Any) -> Any:
    return None if part is None else keras.tree.map_structure(what, part)


def _flat(part: Any) -> list:
    return [leaf for leaf in keras.tree.flatten(part) if leaf is not None]


def _ordered(part: Any, names: list[str], count: int) -> list | None:
    if isinstance(part, dict) and names:
        return [part.get(name) for name in names] if set(part) <= set(names) else None
    flat = _flat(part)
    return flat if len(flat) == count else None


def _keras_own(model: Any, method: str) -> bool:
    function = getattr(type(model), method, None)
    return getattr(function, "__module__", "keras.").split(".")[0] == "keras"
