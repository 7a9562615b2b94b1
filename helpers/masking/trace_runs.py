"""The second and the third run of a trace: on shapes alone, and by predict."""

from typing import Any

import keras

from helpers.masking import recording
from helpers.masking.probing import Probe
from helpers.masking.recording import Call
from helpers.masking.trace_axes import Names


def on_shapes(model: keras.Layer, batch: Any, eager: list[Call]) -> list[Call]:
    """The second run, on shapes; only user-defined layers can hide an operation."""
    if not any(call.inside == "own" for call in eager):
        return []
    try:
        with recording.record_calls(look_inside=True) as calls:
            model(recording.specs(batch))
    except Exception:  # a user's `call` may refuse tensors without values: no second view then
        return []
    return calls


def predicted(
    model: keras.Layer, batch: Any, names: Names, eager: list[Call]
) -> tuple[dict[int, str], list[str]]:
    """The third run: what ``predict_on_batch`` does otherwise, by the call's place in ``eager``."""
    runs = {"full": batch}
    seen = {"full": eager}
    if max(names.times, default=1) > 1:
        half = _cut(batch, names)
        try:
            with recording.record_calls() as calls:
                model(half)
            same = [call.layer for call in calls] == [call.layer for call in eager]
        except Exception:  # built for one length: then there is no second one to compare
            same = False
        if same:
            runs["half"], seen["half"] = half, calls
    orders = [tuple(runs)]
    if len(runs) > 1 and keras.backend.backend() == "tensorflow":
        # A graph is traced again for a second length and then serves all, so the order matters.
        # JAX compiles every length on its own, and PyTorch compiles nothing.
        orders.append(("half", "full"))
    found: dict[int, str] = {}
    for order in orders:
        try:
            observed = _predict(model, [runs[which] for which in order])
        except Exception as error:
            return found, [f"predict_on_batch was not compared: it raised {type(error).__name__}"]
        for which, ran in zip(order, observed, strict=True):
            first = ", ".join(names.shape(shape) for shape in _shapes(runs[order[0]]))
            before = "" if which == order[0] else f"after a batch {first} "
            said = _differences(seen[which], ran, names, before)
            if said is None:
                return found, ["predict_on_batch was not compared: it calls other layers"]
            found = said | found
    return found, []


def _shapes(batch: Any) -> list[tuple[int, ...]]:
    return [tuple(leaf.shape) for leaf in keras.tree.flatten(batch)]


def _cut(batch: Any, names: Names) -> Any:
    """The batch with the first half of its timesteps."""
    kinds = iter(names.inputs)

    def cut(leaf: Any) -> Any:
        which = next(kinds)
        if "time" not in which:
            return leaf
        axis = which.index("time")
        return leaf[(slice(None),) * axis + (slice(0, max(1, leaf.shape[axis] // 2)),)]

    leaves = [cut(leaf) for leaf in keras.tree.flatten(batch)]
    return keras.tree.pack_sequence_as(batch, leaves)


def _predict(model: keras.Layer, batches: list) -> list[list[tuple[Call, list]]]:
    """Run batches through one compiled function; per batch the calls and their output shapes."""
    probe = Probe(model)
    if keras.backend.backend() == "tensorflow":
        probe.jit_compile = False  # XLA cannot run what tells us the real shapes
    result = []
    with recording.record_calls(graph_shapes=True) as calls:
        for batch in batches:
            start, counts = len(calls), [len(call.seen) for call in calls]
            probe.predict_on_batch(batch)
            if any(call.seen for call in calls):
                counts += [0] * (len(calls) - len(counts))
                ran = [c for c, n in zip(calls, counts, strict=True) if len(c.seen) > n]
                ran = [(call, call.seen[-1]) for call in ran]
            else:
                ran = [(call, [tuple(t.shape) for t in call.outputs]) for call in calls[start:]]
            roots = [i for i, (call, _) in enumerate(ran) if call.layer is model]
            result.append(ran[roots[-1] :] if roots else [])
    return result


def _differences(
    eager: list[Call], ran: list[tuple[Call, list]], names: Names, before: str
) -> dict[int, str] | None:
    """What differs, by the place in the list; None if the calls are not the same ones."""
    if [call.layer for call in eager] != [call.layer for call, _ in ran]:
        return None
    said = {}
    for index, (call, (other, shapes)) in enumerate(zip(eager, ran, strict=True)):
        expected = [tuple(int(n) for n in tensor.shape) for tensor in call.outputs]
        if shapes != expected:
            got = ", ".join(names.shape(shape) for shape in shapes)
            want = ", ".join(names.shape(shape) for shape in expected)
            said[index] = f"{before}predict returns {got}, not {want} as when called directly"
            continue
        masks = [mask is not None for mask in call.mask_out]
        if [mask is not None for mask in other.mask_out] != masks:
            missing = "has no mask, but has one" if any(masks) else "has a mask, but has none"
            said[index] = f"{before}predict's output {missing} when called directly"
    return said
