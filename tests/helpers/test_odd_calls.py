"""Odd input is refused in one short sentence of ours, or taken for what it is: never half taken."""

import numpy as np
import odd_calls
import odd_values
import pytest

import helpers

FACES = sorted({name.split(".")[0] for name in odd_calls.CALLS})
EACH = 2  # odd values for each argument in a run; all are 18,000 calls
ODD = [*odd_values.ODD, *odd_values.SPOILED]


@pytest.mark.parametrize("face", FACES)
def test_odd_input_is_refused_in_a_short_sentence(face):
    random, found, count = np.random.default_rng(FACES.index(face)), [], 0
    for name, (function, arguments) in odd_calls.CALLS.items():
        if name.split(".")[0] != face:
            continue
        for argument in arguments:
            if (name, argument) in odd_calls.FREE:
                continue
            for odd in random.choice(ODD, EACH, replace=False).tolist():
                wrong = odd_values.faults(function, arguments, argument, odd, odd_calls.ANY_KIND)
                count += wrong is not None
                if wrong:
                    found.append(f"{name}({argument}={odd}): {wrong}")
    assert not found, "\n".join(found)
    assert count


@pytest.mark.parametrize("name", odd_calls.CALLS)
def test_the_right_call_is_right(name):
    function, arguments = odd_calls.CALLS[name]
    assert odd_values.recorded(function, arguments)[1:] == (None, [])


@pytest.mark.parametrize("face", [face for face in FACES if face in helpers.__all__])
def test_every_public_function_is_called(face):
    module = getattr(helpers, face)
    own = [name for name, value in vars(module).items() if _made_in(module, value)]
    names = getattr(module, "__all__", own)
    public = {name for name in names if callable(getattr(module, name))}
    called = {name.split(" ")[0].rstrip("()") for name in odd_calls.CALLS}
    missing = {name for name in public if f"{face}.{name}" not in called}
    assert missing == odd_calls.LEFT_OUT.get(face, set())


def _made_in(module, value):
    public = not getattr(value, "__name__", "_").startswith("_")
    return public and getattr(value, "__module__", "") == module.__name__
