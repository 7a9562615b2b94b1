"""Whether padding changes what a model answers, and at which layer that begins.

A model is *padding-invariant* if a row gives the same answer however much padding stands around it.
`padding_leak` measures that: every row goes through the model alone, without any padding, and then
in one batch that is padded more than it needs to be. Only the real steps are compared.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from helpers.arguments import choice, integer, number, shown
from helpers.keras_private import layers_of
from helpers.masking import recording
from helpers.masking.leak_options import (
    chosen_sides,
    loss_and_goals,
    padding_amounts,
    some_of,
)
from helpers.masking.leak_report import (
    CHECKS,
    FALLING,
    RISING,
    WAYS,
    Case,
    Leak,
    Side,
    change_of,
    differently_shaped,
    first_moved,
    largest,
    mask_lost,
    reader_of,
    reason_for,
)
from helpers.masking.probing import CALM, Batches, Probe, Weights, caller, flat, without_noise
from helpers.masking.progress import Progress
from helpers.masking.recording import Call, quietly
from helpers.raised import first_line

_EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}  # of a layer's numbers
_SHARE = 0.01  # what padding may do, over what other data does, before it is a leak
_UNREAD = (
    "with the weights that were tried the {} hardly reads its input, so padding could not show; "
    "try weights='own' on the trained model"
)
_ONE_VALUE = (
    "all rows hold one and the same value, so it is unknown whether the model reads its input; "
    "give rows that differ"
)
_MEET = (
    "rows change each other's outputs even where all have one length and there is no padding: "
    "something works across the batch"
)
_LOSS_ADVICE = (
    "; if you train with weights, or pad targets with a value that the loss skips, give "
    "sample_weight or target_value"
)
_RANDOM = "model: expected the same answer to the same batch, got another; it draws random numbers"


def padding_leak(
    model: keras.Layer,
    rows: Any,
    *,
    lengths: Any = None,
    sides: Sequence[str] | None = None,
    amounts: Sequence[int] = (1, 7),
    value: Any = 0,
    make: Callable[[Any, Any, str], Any] | None = None,
    seeds: int = 3,
    weights: str = "random",
    check: Sequence[str] = ("outputs",),
    loss: Any = None,
    targets: Any = None,
    target_value: Any = 0,
    sample_weight: Any = None,
    tolerance: float = 1e-4,
) -> Leak:
    """Measure whether padding changes the model's outputs, its loss or its gradients.

    Each row alone is compared with all rows in one padded batch. An untrained model hides leaks, so
    weights are drawn anew, and put back. How: :doc:`Leak and trace </book/leak-and-trace>`.

    Args:
        model: A Keras model or layer. Its own ``train_step`` and loss weights are not used.
        rows: List of arrays ``(time, ...)``, or pictures ``(height, width, channels)`` of several
            widths; or a tuple or dict of such lists, one an input, where an array is never padded.
            With ``lengths``, a padded batch ``(batch, time, ...)``.
        lengths: int ``(batch,)``, real steps of each row of a padded batch; for several inputs one
            for all arrays, or a tuple or dict with None for "never padded".
        sides: Which of ``"post"`` and ``"pre"``. None: both, for pictures or ``lengths`` the first.
        amounts: Steps of padding beyond the longest row. One alone shows no second length.
        value: What the padding holds; for several inputs one for all, or a tuple or dict.
        make: ``make(rows, length, side)`` returns the model's input, for models that want more.
        seeds: How many draws of random weights.
        weights: ``"random"``, or ``"own"`` to keep the model's weights.
        check: Any of ``"outputs"``, ``"loss"``, ``"gradients"``.
        loss: What ``compile`` takes; None takes the loss of the compiled model.
        targets: For the loss: an array ``(n, ...)``, or a list of ``n`` arrays ``(time, ...)``
            that are padded like the rows; or a tuple or dict of these.
        target_value: What their padding holds, as ``value``.
        sample_weight: As ``targets``, but padded with 0; None if you train without.
        tolerance: What counts as a leak, over the reference's largest absolute value, or over 1.

    Returns:
        What was found, a `Leak`, with a verdict for each side.

    Raises:
        TypeError: ``model`` is not a Keras layer; ``rows`` or ``targets`` are not rows.
        ValueError: A row is empty or refused alone; the model takes only one length, answers NaN
            without padding or draws random numbers; or a bad argument.

    Example:
        >>> lstm = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(3, name="lstm")])
        >>> rows = [np.ones((steps, 2), "float32") for steps in (4, 2, 5)]
        >>> padding_leak(lstm, rows, seeds=1).first_layer
        'lstm'
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model: expected a Keras model or layer, got {type(model).__name__}")
    check = some_of("check", check, CHECKS)
    amounts = padding_amounts(amounts)
    choice("weights", weights, ("random", "own"))
    seeds = integer("seeds", seeds, minimum=1, maximum=1000)
    if not number("tolerance", tolerance) > 0:
        raise ValueError(f"tolerance: expected a positive number, got {shown(tolerance)}")
    batches = Batches.of("rows", rows, lengths, value, make)
    if not batches.padded:
        raise ValueError(
            "rows: expected a list of rows, or a padded batch with lengths, got only arrays, which "
            "are never padded; a tuple or dict holds several inputs"
        )
    sides = chosen_sides(sides, batches, lengths)
    given = {"targets": targets, "sample_weight": sample_weight}
    loss, goals = loss_and_goals(model, check, loss, given, target_value, batches.n)

    recording.build(model, batches.take([0], "post", 0))
    with recording.state_kept(model), quietly():
        draws = [None] if weights == "own" else range(seeds)
        runs = 3 * ("outputs" in check) + bool(goals)
        progress = Progress(len(draws) * len(sides) * len(amounts) * runs)
        study = _Study(model, batches, sides, amounts, tolerance, progress)
        try:
            if "outputs" in check:
                study.outputs(draws)
            if goals:
                study.training(draws, loss, goals, [way for way in check if way != "outputs"])
            return study.leak()
        finally:
            study.weights.restore()


class _Study:
    """One run of `padding_leak`: collects cases, then says what they mean."""

    def __init__(
        self,
        model: keras.Layer,
        batches: Batches,
        sides: tuple[str, ...],
        amounts: tuple[int, ...],
        tolerance: float,
        progress: Progress,
    ):
        self.model, self.batches, self.progress = model, batches, progress
        self.sides, self.amounts = sides, amounts
        self.eps = max(_EPS.get(layer.compute_dtype, _EPS["float32"]) for layer in layers_of(model))
        half = self.eps > _EPS["float32"]
        self.tolerance = max(tolerance, 8 * self.eps) if half else tolerance
        self.nudged = batches.nudged()
        self.decided: set[str] = set()  # the ways in which a draw read its input well enough
        self.asked: set[str] = set()  # the ways that were to be decided
        self.reactions: dict[str, list[float]] = {}  # by way: what other data does to each array
        self.noise: dict[str, list[float]] = {}  # and what rounding may do
        self.advice = ""  # what else to say where only the loss changes
        self.called = caller(model)
        self.cases: list[Case] = []
        self.weights = Weights(model)
        if not all(layer.built for layer in layers_of(model)):
            self.alone(0)  # a model that cannot be built from shapes alone has its weights only now
            self.weights = Weights(model)

    def alone(self, row: int) -> list[np.ndarray]:
        """Return the outputs of one row without padding."""
        what = f"rows: row {row} ({self.batches.length(row)}) alone cannot go through the model"
        return self.run([row], "post", 0, what)

    def padded(self, side: str, amount: int) -> list[np.ndarray]:
        """Return the outputs of all rows in one padded batch."""
        what = (
            f"model: takes the rows alone but not padded {side} by {amount}; one that accepts only "
            "one length, or not this value of padding, cannot be checked"
        )
        results = self.run(None, side, amount, what)
        for result in results:
            if not result.ndim or len(result) != self.batches.n:
                raise ValueError(
                    f"model: expected outputs with one entry for each of the {self.batches.n} "
                    f"rows, got shape {result.shape}"
                )
        return results

    def run(self, rows: list[int] | None, side: str, amount: int, what: str) -> list[np.ndarray]:
        self.weights.reset()
        batch = self.batches.take(rows, side, amount)
        try:
            return self.called(batch)
        except Exception as error:
            shapes = [tuple(tensor.shape) for tensor in getattr(self.model, "inputs", None) or []]
            fixed = [shape for shape in shapes if len(shape) > 1 and shape[1] is not None]
            hint = (
                f"; the model accepts only one length, {fixed[0]}: build it with None for "
                f"{fixed[0][1]} in its Input, and give it these weights by set_weights"
                if fixed
                else ""
            )
            raise ValueError(f"{what}{hint}: {first_line(error)}") from error

    def outputs(self, draws: Sequence[int | None]) -> None:
        """Compare what rows give alone with what they give padded, by call and by predict."""
        probes = {RISING: Probe(self.model), FALLING: Probe(self.model)}
        if keras.backend.backend() != "tensorflow":
            # There every length is compiled for itself, or nothing is: one probe shows both orders.
            probes[FALLING] = probes[RISING]
        for draw in draws:
            references = self.ready(draw)
            for side in self.sides:
                called = {amount: self.padded(side, amount) for amount in self.amounts}
                for amount, results in called.items():
                    self.compare("call", side, amount, draw, references, results)
                    self.progress.step()
                for way, probe in probes.items():
                    for amount in sorted(self.amounts, reverse=way == FALLING):
                        predicted = self.predict(probe, side, amount)
                        wrong = differently_shaped(predicted, called[amount])
                        if isinstance(predicted, str) or wrong:
                            self.add(way, side, amount, draw, 0, (math.inf, math.inf, wrong))
                        else:
                            self.compare(way, side, amount, draw, references, predicted)
                        self.progress.step()

    def ready(self, draw: int | None) -> list[list[np.ndarray]]:
        """Set the weights of a draw, and return what they make of the rows alone.

        A draw in which the model hardly reads its input shows nothing: calmer ones are tried.
        """
        for level in self.levels(draw):
            self.weights.calm[draw] = level
            self.weights.draw(draw)
            references = [self.alone(row) for row in range(self.batches.n)]
            self.check(references)
            sizes = [largest(outputs) for outputs in zip(*references, strict=True)]
            if self.reads("call", self.reaction(references), sizes):
                break
        return references

    def levels(self, draw: int | None) -> list[int]:
        """Return how calm a draw may be, until the model reads its input."""
        return list(range(1 if draw is None or self.nudged is None else len(CALM)))

    def reads(self, way: str, reactions: list[float], sizes: list[float]) -> bool:
        """Note what other data does in this way of running, and whether it does enough to tell."""
        self.asked.add(way)
        self.reactions[way] = reactions
        self.noise[way] = [64 * self.eps * size for size in sizes]
        each = zip(reactions, self.noise[way], sizes, strict=True)
        found = any(moved > min(10 * noise, size / 2) for moved, noise, size in each)
        self.decided |= {way} if found else set()
        return found

    def reaction(self, references: list[list[np.ndarray]]) -> list[float]:
        """Return how far each output moves when all that is real in a row is replaced."""
        if self.nudged is None:
            return [0.0] * len(references[0])
        moved = []
        for row in self.batches.extremes():
            self.weights.reset()
            outputs = self.called(self.nudged.take([row], "post", 0))
            pairs = zip(references[row], outputs, strict=True)
            moved.append([change_of(a, b, "post")[0] for a, b in pairs])
        return [max(each) for each in zip(*moved, strict=True)]

    def check(self, references: list[list[np.ndarray]]) -> None:
        """Refuse a model whose answers without padding are no reference."""
        for row, outputs in enumerate(references):
            if any(np.isnan(output).any() for output in outputs):
                raise ValueError(
                    f"rows: row {row} makes the model answer NaN even without padding; if only "
                    "random weights do that, pass weights='own'"
                )
        if self.worst(references[0], self.alone(0), "post")[1] > self.tolerance:
            raise ValueError(_RANDOM)

    def predict(self, probe: Probe, side: str, amount: int) -> list[np.ndarray] | str:
        """Return the outputs by predict, or what it raised at a length after its first."""
        self.weights.reset()
        try:
            results = flat(probe.predict_on_batch(self.batches.take(None, side, amount)))
        except Exception as error:
            if not probe.ran:
                raise ValueError(f"model: predict fails: {first_line(error)}") from error
            return f"predict raised {type(error).__name__} at its second length"
        probe.ran = True
        return results

    def compare(
        self,
        way: str,
        side: str,
        amount: int,
        draw: int | None,
        references: list[list[np.ndarray]],
        results: list[np.ndarray],
    ) -> None:
        """Add one case for each row: how far its real steps are from the row alone."""
        for row, reference in enumerate(references):
            padded = [result[row : row + 1] for result in results]
            self.add(way, side, amount, draw, row, self.change("call", reference, padded, side))

    def change(
        self, way: str, reference: list[np.ndarray], results: list[np.ndarray], side: str
    ) -> tuple[float, float, str]:
        """Return the worst change; above the tolerance if it is a hundredth of what data does.

        So a leak is seen in outputs that are small, or that hardly depend on the input.
        """
        changes = []
        each = zip(reference, results, self.reactions[way], self.noise[way], strict=True)
        for a, b, reaction, noise in each:
            moved, excess, why = change_of(a, b, side)
            if moved > noise and reaction:
                excess = max(excess, moved / reaction * self.tolerance / _SHARE)
            changes.append((moved, excess, why))
        return max(changes, key=lambda change: change[1], default=(0.0, 0.0, ""))

    def worst(self, reference: list, results: list, side: str) -> tuple[float, float, str]:
        changes = [change_of(a, b, side) for a, b in zip(reference, results, strict=True)]
        return max(changes, key=lambda change: change[1], default=(0.0, 0.0, ""))

    def add(
        self,
        way: str,
        side: str,
        amount: int,
        draw: int | None,
        row: int | None,
        change: tuple[float, float, str],
    ) -> None:
        self.cases.append(Case(way, side, amount, draw, row, *change))

    def training(
        self, draws: Sequence[int | None], loss: Any, goals: list[Batches], ways: Sequence[str]
    ) -> None:
        """Compare the loss, and what one step of SGD changes, for more and less padding."""
        probe = Probe(self.model)
        # Eagerly where that is faster than to compile the step for every length.
        eager = keras.backend.backend() != "jax"
        probe.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=eager, jit_compile=not eager)
        if goals[0].padded and len(goals) == 1:
            self.advice = _LOSS_ADVICE
        with without_noise(self.model):
            for draw in draws:
                for side in self.sides:
                    base = self.base(probe, goals, draw, side, ways)
                    again = self.step(probe, goals, draw, side, 0)
                    if self.worst(base["loss"], again["loss"], side)[1] > self.tolerance:
                        raise ValueError(_RANDOM)
                    for amount in self.amounts:
                        result = self.step(probe, goals, draw, side, amount)
                        for way in ways:
                            change = self.change(way, base[way], result[way], side)
                            self.add(way, side, amount, draw, None, change)
                        self.progress.step()

    def base(
        self, probe: Probe, goals: list[Batches], draw: int | None, side: str, ways: Sequence[str]
    ) -> dict[str, list[np.ndarray]]:
        """Return what a step does without more padding, with weights that read the rows."""
        settled = self.weights.calm.get(draw)
        for level in self.levels(draw) if settled is None else [settled]:
            self.weights.calm[draw] = level
            base = self.step(probe, goals, draw, side, 0)
            if not np.isfinite(base["loss"]).all():
                raise ValueError(f"loss: expected a finite number, got {base['loss'][0]}")
            other = (
                base if self.nudged is None else self.step(probe, goals, draw, side, 0, self.nudged)
            )
            # A variable that moves by its gradient is rounded as a whole.
            sizes = {"loss": base["loss"], "gradients": self.weights.current}
            found = [
                self.reads(
                    way,
                    [change_of(a, b, side)[0] for a, b in zip(base[way], other[way], strict=True)],
                    [largest(pair) for pair in zip(base[way], sizes[way], strict=True)],
                )
                for way in ways
            ]
            if any(found):
                self.decided |= set(ways)
                break
        return base

    def step(
        self,
        probe: Probe,
        goals: list[Batches],
        draw: int | None,
        side: str,
        amount: int,
        rows: Batches | None = None,
    ) -> dict[str, list[np.ndarray]]:
        """Return the loss of one step of training, and by how much it moves each variable."""
        self.weights.draw(draw)
        probe.reset_metrics()  # Keras 3.13 returns the mean loss of all steps so far
        before = self.weights.values()
        x, *rest = (data.take(None, side, amount) for data in (rows or self.batches, *goals))
        try:
            logs = probe.train_on_batch(x, *rest, return_dict=True)
        except Exception as error:
            raise ValueError(
                f"loss: train_on_batch fails on rows padded {side} by {amount}: {first_line(error)}"
            ) from error
        after = self.weights.values()
        moves = [a - b for a, b in zip(before, after, strict=True)]
        return {"loss": [np.asarray(logs["loss"], "float64")], "gradients": moves}

    def leak(self) -> Leak:
        """Say what the cases mean."""
        sides = {side: self.verdict(side) for side in self.sides}
        main = sides[max(self.cases, key=self.weight).side]
        ways = [way for way in WAYS if any(case.way == way for case in self.cases)]
        return Leak(
            leaks=main.leaks,
            moved=max(case.moved for case in self.cases),
            by_side={side: self.largest("side", side) for side in self.sides},
            by_way={way: self.largest("way", way) for way in ways},
            first_layer=main.first_layer,
            mask_lost_at=main.mask_lost_at,
            reason=main.reason,
            tolerance=self.tolerance,
            sides=sides,
        )

    def weight(self, case: Case) -> tuple:
        """Rank cases: leaks that name a layer first, of these the plainest, then by their size."""
        leaks, named = case.excess > self.tolerance, case.way not in (RISING, FALLING)
        return leaks, named, case.way == "call", case.way == "loss", case.excess

    def verdict(self, side: str) -> Side:
        """Say what padding on one side does."""
        cases = [case for case in self.cases if case.side == side]
        leaks: bool | None = any(case.excess > self.tolerance for case in cases)
        first, lost, reason = None, None, f"no change above the tolerance of {self.tolerance:g}"
        if leaks:
            first, lost, reason = self.explain(cases)
        elif open_ways := self.asked - self.decided:
            unread = _UNREAD.format("model" if "call" in open_ways else "loss")
            leaks, reason = None, _ONE_VALUE if self.nudged is None else unread
        return Side(leaks, self.largest("side", side), first, lost, reason)

    def largest(self, field: str, value: str) -> float:
        return max(case.moved for case in self.cases if getattr(case, field) == value)

    def explain(self, cases: list[Case]) -> tuple[str | None, str | None, str]:
        """Return the first layer that changes, where the mask was lost, and a sentence."""
        worst, case = max(cases, key=lambda case: case.excess), max(cases, key=self.weight)
        if case.way in (RISING, FALLING):
            return None, None, worst.why or "predict and call do not agree"
        if case.way == "call" and self.rows_meet(case.draw):
            return None, None, _MEET
        call, masked = self.first(case)
        batch = self.batches.take(None, case.side, case.amount)
        lost = mask_lost(self.model, batch, call) if masked else None
        reason = reason_for(call, lost, case.way) + (self.advice if call is None else "")
        if math.isinf(worst.moved):
            reason += f"; {worst.why or 'the result is NaN or infinite'}"
        return getattr(call, "name", None), getattr(lost, "name", None), reason

    def rows_meet(self, draw: int | None) -> bool:
        """Whether rows of one length, without any padding, change each other's outputs."""
        if self.batches.n < 2 or self.batches.make is not None:
            return False
        rows = self.batches.cut()
        self.weights.draw(draw)
        try:
            together = self.called(rows.take(None, "post", 0))
            for row in range(rows.n):
                self.weights.reset()
                alone = self.called(rows.take([row], "post", 0))
                if self.worst(alone, [part[row : row + 1] for part in together], "post")[1] > (
                    self.tolerance
                ):
                    return True
        except Exception:  # rows as short as the shortest need not go through the model
            return False
        return False

    def first(self, case: Case) -> tuple[Call | None, bool]:
        """Return the first call whose real steps change by itself, and if there was any mask."""
        training = case.way != "call"
        self.weights.draw(case.draw)
        with without_noise(self.model):
            padded = self.record(None, case.side, case.amount, training)
            base = self.record(None, case.side, 0, True) if training else None
            found = []
            for row in self.batches.extremes() if case.row is None else [case.row]:
                alone = self.record([row], "post", 0, False)
                compared = (alone, base or alone, padded)
                found.append(first_moved(compared, row, case.side, self.tolerance))
        indices = [index for index in found if index is not None]
        masked = any(mask is not None for call in padded for mask in call.mask_out)
        return (reader_of(padded, min(indices)) if indices else None), masked

    def record(self, rows: list[int] | None, side: str, amount: int, training: bool) -> list[Call]:
        self.weights.reset()
        with recording.record_calls() as calls:
            self.model(self.batches.take(rows, side, amount), training=training)
        return calls
