"""The explorer of shapes: what it says of a layer is what the layer does."""

import itertools
import re

import numpy as np
import pytest

from helpers.explore import shape_explorer
from helpers.explore.shape import LAYERS, comes_out
from helpers.figures import WIDTH

keras = pytest.importorskip("keras")
EXPLORER = shape_explorer()
SIZES = list(
    itertools.product((1, 2, 3, 4), (3, 4, 5, 8, 10), (1, 2, 4, 5, 8)),
)
AXES = ("batch", "time", "features")


def built(layer):
    """The layer of a name, which has read 2 rows of 5 steps with 4 features."""
    made = eval(f"[{layer}]", vars(keras.layers) | {"True": True})
    model = keras.Sequential(made) if len(made) > 1 else made[0]
    model(batch(layer, 2, 5, 4))
    return model


def batch(layer, *sizes):
    return np.ones(sizes[: 2 if layer.startswith("Embedding") else 3], "float32")


@pytest.mark.any_backend
@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_does_what_the_explorer_says(layer):
    model, raised = built(layer), 0
    for sizes in SIZES:
        out, message, wrong = comes_out(layer, *sizes)
        assert bool(message) == bool(wrong) != bool(out)
        if not message:
            wanted = tuple(size for size in out if size is not None)
            assert tuple(model(batch(layer, *sizes)).shape) == wanted
            continue
        raised += 1
        with pytest.raises(Exception) as error:  # noqa: PT011  (its kind depends on the backend)
            model(batch(layer, *sizes))
        if keras.backend.backend() == "tensorflow":
            assert message in str(error.value)
    assert bool(raised) == any("fixed" in fate for fate in LAYERS[layer]["fates"])


@pytest.mark.parametrize("layer", LAYERS)
def test_an_axis_is_free_where_every_size_of_it_is_taken(layer):
    taken = {"batch": range(1, 5), "time": range(3, 11), "features": range(1, 9)}
    built_with = {"batch": 2, "time": 5, "features": 4}
    for axis, fate in zip(AXES, LAYERS[layer]["fates"], strict=True):
        passes = [not comes_out(layer, **(built_with | {axis: n}))[1] for n in taken[axis]]
        assert all(passes) == (not fate.startswith("fixed"))
        if at := re.fullmatch(r"fixed at (\d)", fate):
            assert [n for n, fine in zip(taken[axis], passes, strict=True) if fine] == [int(at[1])]


def test_the_shape_explorer_says_what_it_shows():
    assert EXPLORER.default == {"layer": "LSTM(3)", "batch": 3, "time": 8, "features": 4}
    assert repr(EXPLORER) == (
        "LSTM(3): (3, 8, 4) becomes (3, 3). batch free; time free; features fixed at 4."
    )
    raising = EXPLORER.frame(**EXPLORER.default | {"features": 6})
    assert raising.alt == (
        "LSTM(3): (3, 8, 6) raises: Matrix size-incompatible: In[0]: [3,6], In[1]: [4,12]. "
        "batch free; time free; features fixed at 4."
    )
    html = EXPLORER.html()
    assert len(html.encode()) < 100_000
    assert not re.search(r"https?:|//\w", html)


def test_shape_frames_fit_a_narrow_screen():
    for choice in EXPLORER.choices():
        drawing = EXPLORER.frame(**choice)
        runs = re.findall(r"M([\d.]+) ([\d.]+)h(\d+)", drawing.body)
        assert max(float(x) + float(size) for x, _, size in runs) <= WIDTH
        texts = re.findall(r'<text x="(\d+)" y="(\d+)"[^>]*>(.*?)</text>', drawing.body)
        for x, y, words in texts:
            assert int(x) + 6.6 * len(re.sub("<[^>]*>", "", words)) <= WIDTH
            assert int(y) < drawing.height
