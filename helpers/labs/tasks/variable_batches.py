"""The tasks of the lab on batches of varying shape."""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from helpers import batching
from helpers.labs.checks import (
    Differs,
    Wrong,
    as_numbers,
    attempted,
    brief,
    check_names,
    check_rows_seen,
    check_table,
    first_line,
    rows_shown,
    spell_rows,
    told,
)
from helpers.labs.steps import Answers

BATCH = 32
OUTCOMES = ("trains", "raises", "broadcasts")
MEND_RATIO = 1.3  # computed over true timesteps, below which `mend` counts as bucketed
BY_HAND = 2.0  # the same for four boundaries chosen by hand
STEPS, PAIRS, FEW = 0.25, 0.09, 3  # shares of the given plan's cost, and the number of shapes
OPEN_RATIO, OPEN_SHAPES = 1.1, 8
_WAYS_OUT = (
    "Say which axis varies (`tf_dataset`, `PlannedDataset`, a signature of your own), or choose "
    "the order by the lengths, or take the steps yourself."
)


def crash(
    crashes: Iterable[str], *, six: Mapping[str, Sequence], dataset_class: Callable, model: Any
) -> str:
    """Which sequences of batch shapes stop `fit`, whatever the order it shows them in?"""
    crashes = check_names(crashes, six, name="crashes")
    answers = Answers()
    for name, shapes in six.items():
        error = _error_of(lambda shapes=shapes: model.fit(dataset_class(shapes), verbose=0))
        with answers.judge(name):
            if (error is not None) != (name in crashes):
                does = "trains" if error is None else "stops"
                raise Differs(f"{name} {does}: {_rule(shapes)}.")
    answers.tell()
    return "Only batches 0 and 1 decide, and shuffling comes too late."


def forms(outcomes: Mapping[str, str], *, cases: Mapping[str, tuple[Any, Callable]]) -> str:
    """Which forms of ragged data train, which raise, and which train on a loss that broadcasts?"""
    outcomes = check_table(outcomes, cases, name="outcomes")
    for name in cases:
        if outcomes[name] not in OUTCOMES:
            raise Wrong(
                f"outcomes: {name}: expected {', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}, got "
                f"{brief(outcomes[name])}."
            )
    answers = Answers()
    for name, (model, make) in cases.items():
        truth, why = _outcome(model, make)
        with answers.judge(name):
            if outcomes[name] != truth:
                raise Differs(f"{name} {truth}: {why}.")
    answers.tell()
    return "Two of five train, and one of the two trains on the wrong loss."


def mend(
    mended: Callable, *, rows: Sequence[np.ndarray], speakers: Sequence[int] | np.ndarray
) -> str:
    """Does `train(model, rows, speakers, seed, epochs)` train whatever the batches' lengths?"""
    if not callable(mended):
        raise Wrong(f"mended: expected the function `train` itself, got {type(mended).__name__}.")
    speakers = np.asarray(speakers)
    every = np.arange(len(rows))
    passed = []
    for said, chosen, seed, most in (
        ("all rows, seed 0", every, 0, None),
        ("all rows, seed 1", every, 1, None),
        ("all rows from last to first, seed 2", every[::-1], 2, None),
        ("every second row, seed 3", every[::2], 3, None),
        ("the first 100 rows, seed 4", every[:100], 4, None),
        ("rows that all have 7 steps, seed 5", every[:70], 5, 7),
    ):
        some = [rows[i][:most] for i in chosen]
        seen = _train(mended, some, speakers[chosen], seed, said, passed)
        _check_training(seen, some, speakers[chosen], said, shuffled=most is None)
        passed.append(said)
    return "Whatever the order and the lengths, two epochs show every row twice."


def ladder(
    by_hand: Sequence[int], best: Sequence[int], *, lengths: np.ndarray, batch_size: int = BATCH
) -> str:
    """How much padding do four boundaries cost, chosen by hand and by `batching.ladder`?"""
    hand, plan = _laid_out(by_hand, lengths, batch_size, "by_hand")
    if not hand < BY_HAND:
        raise Wrong(
            f"by_hand: {hand:.3f} steps are computed for a true one, expected less than "
            f"{BY_HAND:g}. {_worst_bucket(plan)}"
        )
    got, plan = _laid_out(best, lengths, batch_size, "best")
    optimum, _ = _laid_out(batching.ladder(lengths, 4), lengths, batch_size, "best")
    if got > hand:
        raise Wrong(
            f"best: {got:.3f} steps are computed for a true one, by hand it was {hand:.3f}. "
            f"{_worst_bucket(plan)}"
        )
    if got > optimum * 1.002:
        raise Wrong(
            f"best: {got:.3f} steps are computed for a true one, four lengths can do with "
            f"{optimum:.3f}. Quantiles look at how many rows there are, a geometric ladder at "
            "nothing; `batching.ladder` counts the padding."
        )
    return f"By hand below {BY_HAND:g}, and four lengths can do no better than {got:.2f}."


def halve(lstm: Any, attention: Any, *, given: Any) -> str:
    """Do two plans of few shapes cost a fraction of a plan that pads all rows to one length?"""
    for name, plan, kind, share, unit in (
        ("lstm", lstm, "steps", STEPS, "steps one after the other"),
        ("attention", attention, "quadratic", PAIRS, "pairs of steps"),
    ):
        _check_plan(name, plan, given.lengths, FEW, least=len(given.lengths) // (2 * BATCH))
        got = plan.cost(kind) / given.cost(kind)
        if not got <= share:
            ladder_of = "quadratic" if kind == "quadratic" else "linear"
            raise Wrong(
                f"{name}: the time axis: it computes {got:.1%} of the given plan's {unit}, "
                f"expected at most {share:.0%}. Boundaries from "
                f"`batching.ladder(lengths, {FEW}, cost={ladder_of!r})` fit this cost."
            )
    return f"{FEW} shapes each, {STEPS:.0%} of the steps and {PAIRS:.0%} of the pairs at most."


def proof(
    nothing_lost: Callable,
    *,
    rows: Sequence[np.ndarray],
    speakers: Sequence[int] | np.ndarray,
    losses: Callable,
) -> str:
    """Does `nothing_lost(batches)` pass on feeds that lose nothing, and fail on those that do?"""
    if not callable(nothing_lost):
        raise Wrong(f"nothing_lost: expected a function, got {type(nothing_lost).__name__}.")
    feeds = _feeds(rows, np.asarray(speakers), losses)
    for kind, wanted in (("good", True), ("broken", False)):
        for said, (batches, hint) in feeds[kind].items():
            passes = _judged(nothing_lost, batches, said)
            if passes and not wanted:
                raise Wrong(f"nothing_lost: it passes on {said}. {hint}")
            if wanted and not passes:
                raise Wrong(f"nothing_lost: it fails on a feed that loses nothing: {said}. {hint}")
    return f"It passes on {len(feeds['good'])} good feeds and fails on {len(feeds['broken'])}."


def plan(plan: Any, *, lengths: np.ndarray) -> str:
    """Does a plan with few shapes compute little more than the true steps of real lengths?"""
    _check_plan("plan", plan, lengths, OPEN_SHAPES, least=len(lengths) // (2 * BATCH))
    ratio = plan.cost("linear") / lengths.sum()
    if not ratio < OPEN_RATIO:
        raise Wrong(
            f"plan: the time axis: {ratio:.3f} steps are computed for a true one, expected less "
            f"than {OPEN_RATIO:g}. {_where_it_pads(plan)}"
        )
    return f"At most {OPEN_SHAPES} shapes, and less than {OPEN_RATIO:g} steps for a true one."


# --- what Keras does -----------------------------------------------------------------------------


def _error_of(run: Callable) -> Exception | None:
    """Run something of Keras's and return its error, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            run()
        except Exception as error:
            return error
    return None


def _cause(error: Exception) -> str:
    """Return the part of an error that says what is wrong, without a stack of calls."""
    if found := _SHAPES.search(str(error)):
        return f"a batch of shape {found[1]} came where {found[2]} was expected"
    if "Data cardinality is ambiguous" in str(error):
        return "Keras takes each array of the list for an input, not for a row"
    return first_line(error).rstrip(".")


_SHAPES = re.compile(
    r"yielded an element of shape (\([^)]*\)) where an element of shape (\([^)]*\))"
)


def _rule(shapes: Sequence[tuple[int, int]]) -> str:
    """Say what Keras makes of the first two batches, and what comes after them."""
    steps = [length for _, length in shapes]
    if len(set(steps)) == 1:
        return f"every batch has {steps[0]} steps, and the batch axis is always open"
    if steps[0] != steps[1]:
        return f"batches 0 and 1 have {steps[0]} and {steps[1]} steps, so the time axis stays open"
    other = next(i for i, length in enumerate(steps) if length != steps[0])
    return (
        f"batches 0 and 1 both have {steps[0]} steps, so the time axis is fixed at {steps[0]}, "
        f"and batch {other} has {steps[other]}"
    )


def _outcome(model: Any, make: Callable) -> tuple[str, str]:
    """Train on one form of data; say what became of it and why."""
    error = _error_of(lambda: model.fit(*make(), shuffle=False, verbose=0))
    if error is not None:
        return "raises", _cause(error)
    given = make()
    x, y = given if len(given) == 2 else next(iter(given[0]))
    outputs, targets = tuple(model(x).shape), tuple(np.shape(y))
    if outputs == targets:
        return "trains", f"outputs and targets both have shape {outputs}"
    return "broadcasts", (
        f"outputs have shape {outputs} and targets {targets}: along the time axis every step is "
        "compared with the target of its row"
    )


def _recorder() -> tuple[Any, list]:
    """Make a model that learns nothing and notes every batch that a training step gets."""
    import keras

    shown: list[list[np.ndarray]] = []

    class Recorder(keras.Model):
        """Notes x, y and the weights."""

        def call(self, x: Any) -> Any:
            return keras.ops.zeros((keras.ops.shape(x)[0], 9))

        def train_step(self, data: Any) -> dict[str, float]:
            parts = keras.utils.unpack_x_y_sample_weight(data)
            shown.append([None if part is None else np.asarray(part) for part in parts])
            return {"loss": 0.0}

    model = Recorder(name="model")
    model.compile("sgd", "mse", run_eagerly=True, jit_compile=False)
    return model, shown


# --- mend ----------------------------------------------------------------------------------------


def _train(
    train: Callable,
    rows: list[np.ndarray],
    speakers: np.ndarray,
    seed: int,
    said: str,
    passed: list[str],
) -> list:
    """Let the reader's function train a model for two epochs; return the batches it showed."""
    model, shown = _recorder()
    returned: list[Any] = []
    error = _error_of(lambda: returned.append(train(model, rows, speakers, seed, 2)))
    if error is not None:
        advice = ""
        if _SHAPES.search(str(error)):
            advice = " Batches 0 and 1 agreed on the time axis, and a later one has another length."
            if passed:
                advice += f" With {passed[-1]}, it trained: there the order was luck."
            advice += f" {_WAYS_OUT}"
        raise Wrong(f"{said}: training stops: {_cause(error)}.{advice}")
    attempted(returned[0])
    if not shown:
        raise Wrong(f"{said}: the model got no batch by `fit` or `train_on_batch`.")
    return shown


def _check_training(
    shown: list, rows: list[np.ndarray], speakers: np.ndarray, said: str, *, shuffled: bool
) -> None:
    """Check that two epochs showed every row twice, in buckets and in another order."""
    number = {row.tobytes(): index for index, row in enumerate(rows)}
    seen: list[int] = []
    computed = 0
    for index, (x, y, weight) in enumerate(shown):
        if len(x) > BATCH:
            raise Wrong(
                f"{said}: the batch axis: batch {index} has {len(x)} rows, expected at most "
                f"{BATCH}: it is another training with larger batches."
            )
        now = rows_shown((x, y, weight), number, speakers, name=said, index=index, label="speaker")
        computed += len(now) * x.shape[1]
        seen += now
    n = len(rows)
    if len(seen) % n == 0 and len(seen) != 2 * n:
        raise Wrong(f"{said}: 2 epochs were asked for, {len(seen) // n} came.")
    for epoch in (1, 2):
        check_rows_seen(seen[(epoch - 1) * n : epoch * n], n, name=f"{said}, epoch {epoch}")
    if len(seen) > 2 * n:
        raise Wrong(f"{said}: 2 epochs were asked for, {len(seen) / n:.1f} came.")
    if len(shown) > 4 * -(-n // BATCH) + 8:
        raise Wrong(
            f"{said}: the batch axis: {len(shown)} batches for two epochs of {n} rows. Keep "
            f"batches of {BATCH}: a smaller batch is another training."
        )
    if shuffled and seen[:n] == seen[n:]:
        raise Wrong(f"{said}: both epochs have the same order. `Buckets` shuffles; so should this.")
    ratio = computed / (2 * sum(map(len, rows)))
    if not ratio < MEND_RATIO:
        raise Wrong(
            f"{said}: the time axis: it trains, but {ratio:.2f} steps are computed for a true "
            f"one, expected less than {MEND_RATIO:g}. Keep the buckets: rows of about one length "
            "share a batch."
        )


# --- plans ---------------------------------------------------------------------------------------


def _laid_out(boundaries: Any, lengths: np.ndarray, batch_size: int, name: str) -> tuple:
    """Return computed over true steps of four boundaries, and the plan that was made of them."""
    try:
        array = np.asarray(boundaries)
    except ValueError:  # nested lists of different lengths
        array = np.zeros(0, object)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise Wrong(
            f"{name}: expected four whole numbers, lengths to pad to, got {brief(boundaries)}."
        )
    if len(array) != 4:
        raise Wrong(f"{name}: expected 4 boundaries, got {len(array)}: {array.tolist()}.")
    if array[0] < 1 or (np.diff(array) <= 0).any():
        raise Wrong(f"{name}: expected increasing boundaries from 1, got {array.tolist()}.")
    longest = int(lengths.max())
    if array[-1] < longest:
        raise Wrong(
            f"{name}: the time axis: the longest row has {longest} steps and fits no boundary, the "
            f"last is {array[-1]}. Cutting it off would lose its end."
        )
    if array[-1] > longest:
        raise Wrong(
            f"{name}: the time axis: no row is longer than {longest} steps, a last boundary of "
            f"{array[-1]} pads for nothing."
        )
    laid = batching.bucketed(lengths, batch_size, array, tail="even")
    return laid.cost("linear") / int(lengths.sum()), laid


def _worst_bucket(laid: Any) -> str:
    """Say which bucket pads most."""
    edges = np.concatenate([[0], laid.boundaries])
    padding = []
    for low, high in pairwise(edges):
        own = laid.lengths[(laid.lengths > low) & (laid.lengths <= high)]
        padding.append(int((high - own).sum()))
    worst = int(np.argmax(padding))
    return (
        f"Most of the padding, {padding[worst] / sum(padding):.0%}, is in the bucket of "
        f"{edges[worst] + 1} to {edges[worst + 1]} steps: make it narrower."
    )


def _where_it_pads(plan: Any) -> str:
    """Say whether slots of weight 0, the wrong boundaries or a mix of lengths cause padding."""
    if plan.boundaries is None:
        return "Rows of very different lengths share a batch."
    true, shown = plan.lengths.sum(), plan.lengths[plan.rows[plan.real]].sum()
    real = np.repeat(plan.padded_lengths, plan.sizes)[plan.real].sum() - shown
    empty = plan.cost("linear") - shown - real
    if empty > real:
        return (
            f"Most of that are padding slots, left over in the last batches ({empty / true:.3f} a "
            'true step). `tail="even"` takes a batch size for each bucket that leaves few.'
        )
    return _worst_bucket(plan)


def _check_plan(name: str, plan: Any, lengths: np.ndarray, shapes: int, *, least: int) -> None:
    """Check that a plan shows all rows once an epoch, in few shapes of ordinary batches."""
    if isinstance(plan, batching.PackedPlan):
        raise Wrong(
            f"{name}: a packed plan puts several rows in a line. Here a row has one label, and an "
            "LSTM would go on from one row into the next: plan whole rows."
        )
    if not isinstance(plan, batching.Plan):
        raise Wrong(
            f"{name}: expected a plan of `fixed`, `bucketed`, `grouped` or `token_budget`, got "
            f"{type(plan).__name__}."
        )
    n = len(lengths)
    if plan.lengths is None:
        raise Wrong(f"{name}: the plan knows no lengths, so nobody knows its cost: give lengths=.")
    if plan.n != n:
        raise Wrong(f"{name}: the batch axis: it is a plan for {plan.n} rows, there are {n}.")
    if not np.array_equal(plan.lengths, lengths):
        raise Wrong(f"{name}: the time axis: it is a plan for other lengths than the given ones.")
    first, second = plan.epoch(0), plan.epoch(1)
    for epoch in (first, second):
        if len(lost := epoch.never_seen):
            raise Wrong(
                f"{name}: the batch axis: {spell_rows(lost)} never come in epoch {epoch.number} "
                f"({len(lost)} of {n}); the tail is {epoch.tail!r}."
            )
        if len(twice := epoch.seen_twice):
            raise Wrong(
                f"{name}: the batch axis: {spell_rows(twice)} count twice in an epoch "
                f"({len(twice)} of {n}), as the tail is {epoch.tail!r}."
            )
    largest = int(plan.sizes.max())
    if largest > BATCH:
        raise Wrong(
            f"{name}: the batch axis: a batch has {largest} rows, expected at most {BATCH}: fewer "
            "and larger batches are another training, not a cheaper one."
        )
    most = n // BATCH + least
    if len(plan) > most:
        raise Wrong(
            f"{name}: the batch axis: {len(plan)} batches for {n} rows, expected at most {most}: "
            "smaller batches are another training."
        )
    if np.array_equal(first.rows, second.rows):
        raise Wrong(f"{name}: every epoch has the same order: give the plan a seed, shuffle=0.")
    count = len(set(first.shapes) | set(second.shapes))
    if count > shapes:
        sizes, steps = (len(set(axis)) for axis in zip(*first.shapes, strict=True))
        raise Wrong(
            f"{name}: {count} shapes (batch, time) in two epochs, expected at most {shapes}: "
            f"{sizes} {'size' if sizes == 1 else 'sizes'} along the batch axis, {steps} along the "
            "time axis. A ladder limits the lengths, and the tail decides on the sizes."
        )


# --- proof ---------------------------------------------------------------------------------------


def _feeds(
    rows: Sequence[np.ndarray], speakers: np.ndarray, losses: Callable
) -> dict[str, dict[str, tuple]]:
    """Make feeds that lose nothing and feeds that lose something, each with a hint."""
    lengths = batching.lengths(rows)
    steps = batching.ladder(lengths, 4)

    def batches(plan: Any, weighed: bool = True) -> list:
        return [_batch(plan, i, rows, speakers, weighed) for i in range(len(plan))]

    kept = batches(batching.fixed(len(rows), BATCH, shuffle=0, lengths=lengths))
    padded = batching.bucketed(lengths, BATCH, steps, tail="pad", shuffle=1)
    without = (
        "Each row counts once there; and sums of floats differ a little with the order: compare "
        "them with a tolerance."
    )
    padding = "A padding slot repeats a row with weight 0: it counts for nothing."
    good = {
        "batches as they come, without weights": (kept, without),
        "buckets with padding slots of weight 0": (batches(padded), padding),
        "batches of 8 rows of about one length": (
            batches(batching.grouped(lengths, 8, shuffle=2)),
            without,
        ),
    }
    count = "Count how often each row is seen, with its weight."
    half = [(x, y, 0.5 * w[0] if w else np.full(len(x), 0.5, "float32")) for x, y, *w in kept]
    first, second, *others = kept
    swapped = first[0].copy()
    swapped[0] = swapped[1]
    label = first[1].copy()
    label[0] = label[1]
    moved = [(x, np.roll(y, 1), *w) for x, y, *w in kept]
    broken = {
        "a feed that drops what is left over in each bucket": (
            batches(batching.bucketed(lengths, BATCH, steps, tail="drop", shuffle=0)),
            count,
        ),
        "a feed whose padding slots have weight 1": (batches(padded, weighed=False), count),
        "a feed whose weights are all 0.5": (
            half,
            "Every row comes once, but the loss that is trained is another one.",
        ),
        "a feed that shows rows twice to fill its last batches": (
            batches(batching.bucketed(lengths, BATCH, steps, tail="wrap", shuffle=0)),
            count,
        ),
        "a feed that shows one row twice and another never": (
            [(swapped, label), second, *others],
            "The number of rows is right, the rows are not: count each of them.",
        ),
        "a feed that leaves one row out and counts another more": (
            [(*first[:2], _instead(losses(*first[:2]))), second, *others],
            "The sum of the losses is right, the rows are not: count each of them.",
        ),
        "a feed whose labels are moved by one row": (
            moved,
            "Every row comes once, with another row's label: only the sum of the losses tells.",
        ),
    }
    return {"good": good, "broken": broken}


def _batch(
    plan: Any, i: int, rows: Sequence[np.ndarray], speakers: np.ndarray, weighed: bool
) -> tuple:
    """Make batch `i` of a plan, padded behind with zeros, with weights if it has padding slots."""
    from helpers.padding import pad

    x, _ = pad([rows[row] for row in plan[i]], length=int(plan.padded_lengths[i]))
    weight = (plan.weights(i),) if plan.padded and weighed else ()
    return x, speakers[plan[i]], *weight


def _instead(losses: np.ndarray) -> np.ndarray:
    """Return weights that leave row 0 out and keep the sum of the losses: another row makes up."""
    losses = np.asarray(losses, "float64")
    weights = np.ones(len(losses))
    other = 1 + int(losses[1:].argmax())
    weights[[0, other]] = 0, 1 + losses[0] / losses[other]
    return weights


def _judged(nothing_lost: Callable, batches: list, said: str) -> bool:
    """Ask the reader's test about a feed; a failed assertion counts as a no."""
    try:
        answer = nothing_lost(list(batches))
    except AssertionError:
        return False
    except Exception as error:
        raise Wrong(f"nothing_lost: on {said} {told(error)}") from error
    verdict = as_numbers(attempted(answer))
    if verdict is None or verdict.dtype.kind != "b" or verdict.size != 1:
        raise Wrong(f"nothing_lost: expected True or False, got {brief(answer)}.")
    return bool(verdict)


TASKS = {
    "crash": crash,
    "forms": forms,
    "mend": mend,
    "ladder": ladder,
    "halve": halve,
    "proof": proof,
    "plan": plan,
}
