"""What `padding_leak` is asked for: its sides, amounts, loss and targets, checked."""

from collections.abc import Sequence
from typing import Any

import keras

from helpers.arguments import integer, listed, shown
from helpers.masking.probing import Batches
from helpers.padding import SIDES


def some_of(name: str, given: Any, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that were chosen, one or several of those allowed."""
    chosen = [given] if isinstance(given, str) else listed(name, given)
    if not chosen or any(not isinstance(one, str) or one not in allowed for one in chosen):
        raise ValueError(f"{name}: expected some of {', '.join(allowed)}, got {shown(given)}")
    return tuple(dict.fromkeys(chosen))


def padding_amounts(given: Sequence[int]) -> tuple[int, ...]:
    """Return the amounts of padding, in rising order."""
    amounts = listed("amounts", given)
    if not amounts:
        raise ValueError("amounts: expected integers of at least 1, got none")
    checked = {integer("amounts", one, minimum=1, maximum=2**31 - 1) for one in amounts}
    return tuple(sorted(checked))


def chosen_sides(given: Any, batches: Batches, lengths: Any) -> tuple[str, ...]:
    """Return the sides to look at: those asked for, else those on which such rows are padded."""
    if given is None:
        return ("post",) if batches.pictures or lengths is not None else ("post", "pre")
    sides = some_of("sides", given, SIDES)
    if batches.pictures and sides != ("post",):
        raise ValueError(
            "sides: expected 'post' for pictures, padded below and to the right, "
            f"got {shown(given)}"
        )
    return sides


def loss_and_goals(
    model: keras.Layer, check: tuple[str, ...], loss: Any, given: dict, value: Any, n: int
) -> tuple[Any, list[Batches]]:
    """Return the loss, and the targets and weights, checked; none if nothing asks for them."""
    if check == ("outputs",):
        return None, []
    loss = getattr(model, "loss", None) if loss is None else loss
    if loss is None:
        raise ValueError("loss: expected a loss or a compiled model, got None")
    if given["targets"] is None:
        raise ValueError("targets: expected targets for the loss, got None")
    goals = []
    for name, rows in given.items():
        if rows is not None:
            goals.append(Batches.of(name, rows, value=value if name == "targets" else 0))
            if goals[-1].n != n:
                raise ValueError(f"{name}: expected {n} rows, got {goals[-1].n}")
    return loss, goals
