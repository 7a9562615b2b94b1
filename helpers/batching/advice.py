"""Advice: which plan suits these lengths and this model."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.arguments import choice, integer, seed
from helpers.batching.checks import COSTS, MOST, row_lengths
from helpers.batching.ladders import ladder
from helpers.batching.plan import Plan
from helpers.batching.policies import bucketed, fixed, grouped, token_budget

_SHAPES = 16  # with jit: each shape is compiled once
_NEAR = 1.1  # times the cheapest: what fewer shapes are worth
_ATTENTION = {"Attention", "MultiHeadAttention", "GroupedQueryAttention"}


@dataclass(frozen=True)
class Option:
    """One of the plans that were compared.

    Attributes:
        name: What the plan does, in a few words.
        code: The call that makes it, with ``lengths`` as a name.
        over: Its cost over that of the same rows in full batches without any padding.
        shapes: The distinct shapes of its batches in epoch 0.
    """

    name: str
    code: str
    over: float
    shapes: int


@dataclass(frozen=True)
class Advice:
    """The plan to take, and what it was compared with. ``str`` gives the line.

    Attributes:
        plan: The plan of epoch 0.
        name: What the plan does, in a few words.
        line: The call that makes the plan, with ``lengths`` as a name, and in a comment why.
        table: All plans that were compared.
    """

    plan: Plan
    name: str
    line: str
    table: tuple[Option, ...]

    def __str__(self) -> str:
        return self.line


def recommend(
    lengths: Sequence[int] | np.ndarray,
    model_or_cost: Any = "linear",
    *,
    batch_size: int = 32,
    jit: bool | None = None,
    shuffle: int | None = 0,
) -> Advice:
    """Compare plans for these lengths and say in one line which one to take, and why.

    Compared are: one length for all, rows as they come, `grouped`, a `ladder` of 4, 8, 16 or 32
    buckets, and a `token_budget` of ``batch_size`` rows of mean length. Buckets have
    ``tail="even"``; where steps are the cost ``tail="pad"``, which makes the fewest batches, all of
    one size (TensorFlow runs an LSTM faster where the size never changes). Of the plans that cost
    at most 10 % more than the cheapest, the one with the fewest shapes is taken. A model that is
    compiled by XLA compiles each shape anew, so with ``jit`` only plans of at most 16 shapes count.

    What counts as cost is `Plan.cost`. Of a model, any attention makes it quadratic; else any RNN
    makes it steps; else it is linear. Layers are known by the names of their classes and of those
    they inherit from, wherever they are nested. Where a model holds both, or where a small
    attention stands beside large dense layers, the kind that dominates is yours to say.

    Args:
        lengths: Length of each row, ``n`` integers from 0.
        model_or_cost: ``"steps"``, ``"linear"`` or ``"quadratic"``; or a Keras model.
        batch_size: Rows in a batch, at least 1.
        jit: Whether the model is compiled by XLA. None takes the model's ``jit_compile`` (call
            `compile` first), and False where there is no model.
        shuffle: The seed of the plan (an integer from 0), or None to predict.

    Returns:
        The plan, its name, the line and the table.

    Raises:
        TypeError: An argument is not of the type above.
        ValueError: What the policies refuse: no rows, a negative length, heights and widths, a
            number out of range; or an unknown cost.

    Example:
        >>> advice = recommend([3] * 64 + [50] * 32)
        >>> advice.name, advice.plan.shapes
        ('2 buckets', ((32, 3), (32, 50)))
        >>> print(advice.line.split("  #")[0])
        bucketed(lengths, 32, ladder(lengths, 4), tail='even', shuffle=0)
    """
    lengths = row_lengths(lengths)
    batch_size = integer("batch_size", batch_size, minimum=1, maximum=MOST)
    shuffle = seed(shuffle)
    kind, jit = _kind(model_or_cost), _jit(model_or_cost, jit)
    power = 2 if kind == "quadratic" else 1
    ideal = float((np.maximum(lengths, 1).astype(float) ** power).sum())
    if kind == "steps":
        ideal /= batch_size
    plans, table = [], []
    for name, code, plan in _candidates(lengths, kind, batch_size, shuffle):
        plans.append(plan)
        table.append(Option(name, code, plan.cost(kind) / ideal, len(plan.shapes)))
    allowed = [i for i, option in enumerate(table) if not jit or option.shapes <= _SHAPES]
    cheapest = min(table[i].over for i in allowed)
    near = [i for i in allowed if table[i].over <= _NEAR * cheapest]
    best = min(near, key=lambda i: (table[i].shapes, table[i].over))
    return Advice(plans[best], table[best].name, _line(table, best, kind, jit), tuple(table))


def _candidates(
    lengths: np.ndarray, kind: str, batch_size: int, shuffle: int | None
) -> Iterator[tuple[str, str, Plan]]:
    """Name, code and plan of each candidate; of ladders with no boundary more only the first."""
    end = f"shuffle={shuffle})"
    cost = "quadratic" if kind == "quadratic" else "linear"
    more = ", cost='quadratic'" if cost == "quadratic" else ""
    # More rows cost little where a batch costs its steps: the fewest batches, all of one size.
    tail = "pad" if kind == "steps" else "even"
    before = 0
    for k in (1, 4, 8, 16, 32):
        boundaries = ladder(lengths, k, cost=cost)
        if len(boundaries) == before:
            continue
        before = len(boundaries)
        yield (
            f"{before} buckets" if before > 1 else "one length for all",
            f"bucketed(lengths, {batch_size}, ladder(lengths, {k}{more}), tail={tail!r}, {end}",
            bucketed(lengths, batch_size, boundaries, tail=tail, shuffle=shuffle),
        )
    yield (
        "rows as they come",
        f"fixed(len(lengths), {batch_size}, lengths=lengths, {end}",
        fixed(len(lengths), batch_size, lengths=lengths, shuffle=shuffle),
    )
    yield (
        "grouped by length",
        f"grouped(lengths, {batch_size}, {end}",
        grouped(lengths, batch_size, shuffle=shuffle),
    )
    budget = max(1, int(lengths.max()), round(batch_size * float(lengths.mean())))
    budget = min(budget, 2**63 - 1)
    yield (
        "a budget of cells",
        f"token_budget(lengths, {budget}, {end}",
        token_budget(lengths, budget, shuffle=shuffle),
    )


def _line(table: list[Option], best: int, kind: str, jit: bool) -> str:
    def said(option: Option) -> str:
        return f"{option.over:.2f} times, {option.shapes} shape{'s' * (option.shapes != 1)}"

    option, one = table[best], table[0]
    least = min(table, key=lambda option: option.over)
    line = f"{option.code}  # {option.name}: {kind} cost over that without padding {said(option)}"
    if jit:
        line += f" (jit: at most {_SHAPES})"
    if one is not option:
        line += f"; {one.name}: {said(one)}"
    if least.over < option.over:
        line += f"; {least.name}: {said(least)}"
    return line


def _kind(model_or_cost: Any) -> str:
    """The kind of cost that was named, or that of the model."""
    if isinstance(model_or_cost, str):
        choice("model_or_cost", model_or_cost, COSTS)
        return model_or_cost
    keras = sys.modules.get("keras")  # this package imports no framework; a model comes with it
    if keras is None or not isinstance(model_or_cost, keras.Layer):
        raise TypeError(
            f"model_or_cost: expected a Keras model or one of {', '.join(map(repr, COSTS))}, got "
            f"{type(model_or_cost).__name__}"
        )
    from helpers.keras_private import layers_of

    names = {base.__name__ for layer in layers_of(model_or_cost) for base in type(layer).__mro__}
    return "quadratic" if names & _ATTENTION else "steps" if "RNN" in names else "linear"


def _jit(model_or_cost: Any, jit: bool | None) -> bool:
    if jit is None:
        return bool(getattr(model_or_cost, "jit_compile", False))
    if not isinstance(jit, bool):
        raise TypeError(f"jit: expected True, False or None, got {type(jit).__name__}")
    return jit
