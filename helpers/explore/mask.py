"""What padding does to a recurrent layer, with the mask and without it."""

import numpy as np

from helpers.arguments import finite_array, plain_array
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, css, step_cells
from helpers.padding import pad

LEAK, BIAS = 0.5, 1.0
"""The recurrence of `mask_explorer`: state = 0.5 state + input + 1, from 0."""

_SEQUENCES = ([2, 1, 3, 1, 2], [3, 1, 2])


def leaky_states(inputs: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Run the smallest recurrent layer there is, by the rule by which Keras treats a mask.

    The state begins at 0; a step makes it 0.5 state + input + 1. A masked step is skipped: it
    carries the state over. This is `SimpleRNN` with one unit and a linear activation.

    Args:
        inputs: numbers ``(batch, time)``.
        mask: bool ``(batch, time)``, True where a step is real; None masks nothing.

    Returns:
        The state after every step, float64 ``(batch, time)``.

    Raises:
        TypeError: ``mask`` is not bool.
        ValueError: ``inputs`` is not ``(batch, time)``, or ``mask`` has another shape.

    Example:
        >>> leaky_states([[3, 1, 0]], [[True, True, False]]).tolist()
        [[4.0, 4.0, 4.0]]
    """
    inputs = finite_array("inputs", inputs).astype("float64")
    if inputs.ndim != 2:
        raise ValueError(f"inputs: expected (batch, time), got shape {inputs.shape}")
    mask = np.ones(inputs.shape, dtype=bool) if mask is None else plain_array("mask", mask)
    if mask.dtype != bool:
        raise TypeError(f"mask: expected bool, got dtype {mask.dtype}")
    if mask.shape != inputs.shape:
        raise ValueError(f"mask: expected the inputs' shape {inputs.shape}, got {mask.shape}")
    states, state = np.zeros(inputs.shape), np.zeros(len(inputs))
    for t in range(inputs.shape[1]):
        state = np.where(mask[:, t], LEAK * state + inputs[:, t] + BIAS, state)
        states[:, t] = state
    return states


def mask_explorer() -> Explorer:
    """Explore what padding does to a recurrent layer: its side, the mask, more of it.

    Two sequences go through `leaky_states`, padded as you choose, with the mask or without it.

    Returns:
        An `Explorer` of the padded sequences, the steps that the layer takes in, the state after
        every step, and the last state beside that of the sequence alone.
    """
    return Explorer(
        _mask_frame,
        (
            Control("side", "Padding", ("post", "pre"), "post"),
            Control("mask", "Mask", ("off", "on"), "off"),
            Control("extra", "Extra steps", (0, 1, 2, 3, 4), 2),
        ),
        title="What a recurrent layer sees of the padding",
        caption=(
            "Filled cells are real steps, hatched cells are padding, and dashed empty cells are "
            "steps that the layer skips. Every step makes the state 0.5 state + input + 1; a "
            "skipped step carries it over. The answer is the last state; a dashed frame marks "
            "one that the padding has moved."
        ),
    )


def _mask_frame(side: str, mask: str, extra: int) -> Drawing:
    length = max(map(len, _SEQUENCES)) + extra
    inputs, real = pad([np.array(row) for row in _SEQUENCES], length, side=side)
    seen = real if mask == "on" else np.ones_like(real)
    states = leaky_states(inputs, seen)
    left, cell, parts, said, y = 56, 33, [], [], 2
    for i, row in enumerate(_SEQUENCES):
        alone, answer = leaky_states([row])[0, -1], states[i, -1]
        count = f"{len(row)} steps" + (f" + {length - len(row)} padding" * (length > len(row)))
        verdict, told = _verdict(answer, alone)
        said.append(f"sequence {i + 1} {told}")
        values = [str(value) for value in inputs[i]]
        parts.append(
            f'<text x="4" y="{y + 12}"><tspan font-weight="700">Sequence {i + 1}</tspan>, '
            f"{count}</text>"
        )
        for at, label in ((34, "padded"), (58, "sees"), (82, "state")):
            parts.append(f'<text x="4" y="{y + at}">{label}</text>')
        parts.append(step_cells(left, y + 20, cell, real[i], values))
        parts.append(step_cells(left, y + 44, cell, real[i], values, seen[i]))
        ends = "".join(
            f'<text x="{left + t * cell + 15.5}" y="{y + 82}">{state:.2f}</text>'
            for t, state in enumerate(states[i])
        )
        parts.append(f'<g text-anchor="middle">{ends}</g>')
        if verdict != "the same":
            look = f"fill:none;stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2"
            box = f"M{left + (length - 1) * cell - 0.5} {y + 68}h32v19h-32z"
            parts.append(f'<path style="{look}" d="{box}"/>')
        parts.append(
            f'<text x="4" y="{y + 104}">answer {answer:.2f}, alone {alone:.2f}: '
            f'<tspan font-weight="700">{verdict}</tspan></text>'
        )
        y += 120
    how = f"{side}-padding to {length} steps, {'with the' if mask == 'on' else 'no'} mask"
    return Drawing("".join(parts), y - 6, f"{how.capitalize()}: {' and '.join(said)}.")


def _verdict(answer: float, alone: float) -> tuple[str, str]:
    """Whether padding has moved an answer: in two words, and as part of a sentence."""
    if answer == alone:
        return "the same", f"stays at {alone:.2f}"
    return "moved", f"moves from {alone:.2f} to {answer:.2f}"
