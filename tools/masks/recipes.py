"""Measure what a layer or an operation does with a mask, from the text of one call.

The text, such as ``LSTM(3)(h)``, is the recipe that the mask table shows. It may use every name of
`keras.layers`, `keras`, `ops`, and the inputs below. Every input with a mask has three rows: the
first has no padding, the second has it behind, the third before its real steps.
"""

import ast
import functools
import importlib
import warnings

import keras
import numpy as np
from keras import ops

ROWS, STEPS = 3, 7
SAMPLES = 48
DRAWS = 2
RANDOM = ("Random", "RandAugment", "Mix")  # these draw numbers, other ones on each backend
RANDOM_DRAWS = 6
SHAPES = {
    "h": (ROWS, STEPS, 4),
    "k": (ROWS, STEPS, 4),
    "plain": (ROWS, STEPS, 4),
    "other": (ROWS, 5, 4),
    "x": (ROWS, 4),
    "s": (ROWS, STEPS),
    "audio": (ROWS, SAMPLES),
    "wave": (ROWS, SAMPLES, 1),
    "ids": (ROWS, STEPS),
    "raw": (ROWS, STEPS),
    "steps": (ROWS, STEPS, 4),
    "bands": (ROWS, STEPS, 8, 3),
    "image": (ROWS, STEPS, 8, 3),
    "video": (ROWS, STEPS, 5, 4, 3),
    "volumes": (ROWS, STEPS, 3, 3, 3, 2),
    "words": (ROWS, STEPS),
    "texts": (ROWS,),
}
MASKED = set(SHAPES) - {"plain", "other", "x", "raw", "steps", "texts"}
VOCABULARY = np.array(["a", "b", "c", "d", "e"])


def mask_of(name: str) -> np.ndarray:
    """Return the mask ``(batch, time)`` of an input; that of k differs from the others."""
    steps = SHAPES[name][1]
    gap = steps // 3
    mask = np.ones((ROWS, steps), bool)
    if name == "k":  # neither inside the other masks nor around them
        mask[0, -1] = mask[1, -1] = mask[2, : gap + 1] = False
    else:
        mask[1, steps - gap :] = mask[2, :gap] = False
    return mask


def draw(name: str, seed: int) -> np.ndarray:
    """Return random values for an input."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    shape = SHAPES[name]
    if name in ("ids", "raw"):
        return rng.integers(1, 9, shape).astype("int32")
    if name in ("words", "texts"):
        return rng.choice(VOCABULARY, shape)
    if name == "image":
        low, high = (60, 190) if seed == 0 else (0, 255)  # a change may set a new maximum
        return rng.uniform(low, high, shape).astype("float32")
    return rng.normal(size=shape, scale=1 if seed == 0 else 4).astype("float32")


def values(name: str, change: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Return an input's values; other ones where `change`, bool (batch, time), is True."""
    array = draw(name, 0)
    if name in ("raw", "steps"):
        array[~mask_of("ids")] = 0
    if change is not None:
        array[change] = draw(name, seed)[change]
    return array


class Marked(keras.layers.Layer):
    """Returns its first input with the second as the mask."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        tensor, _ = inputs
        return ops.copy(tensor) if isinstance(tensor, keras.KerasTensor) else tensor

    def compute_mask(self, inputs, previous_mask):
        return inputs[1]


class Probe(keras.layers.Layer):
    """Returns its input and remembers the mask that came with it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.mask = None

    def call(self, inputs, mask=None):
        self.mask = mask
        return inputs


@functools.cache
def compiled(call: str):
    """Return the code of a recipe and the names of the inputs that it uses."""
    tree = ast.parse(call, mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return compile(tree, call, "eval"), [name for name in SHAPES if name in names]


def namespace(call: str) -> dict:
    """Return what a recipe may name, apart from its inputs."""
    if "torch." in call and keras.backend.backend() != "torch":
        raise ImportError("this layer needs the backend torch")
    extra = {
        name: importlib.import_module(name)
        for name in ("tensorflow", "torch", "jax", "flax")
        if f"{name}." in call
    }
    return {**vars(keras.layers), "keras": keras, "ops": ops, "np": np, **extra}


def run(call: str, inputs: dict, names: dict):
    """Run a recipe and return its first output and whether it warned that the mask is lost."""
    code, _ = compiled(call)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        output = eval(code, {**names, **inputs})
    while isinstance(output, list | tuple | dict):
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return output, any("destroy the mask" in str(record.message) for record in caught)


def tensors(call: str, masked: bool, change: np.ndarray | None = None, seed: int = 0) -> dict:
    """Return the inputs of a recipe; the first of them that has a mask is changed."""
    _, used = compiled(call)
    first = main_input(call)
    made = {}
    for name in used:
        array = values(name, change if name == first else None, seed)
        if array.dtype.kind == "U" and keras.backend.backend() != "tensorflow":
            made[name] = array  # no other backend has tensors of strings
            continue
        tensor = ops.convert_to_tensor(array)
        if masked and name in MASKED:
            dtype = "string" if name == "words" else None
            tensor = Marked(dtype=dtype)([tensor, ops.convert_to_tensor(mask_of(name))])
        made[name] = tensor
    return made


def main_input(call: str) -> str | None:
    """Return the input whose padding is watched: the first that has a mask."""
    return next((name for name in compiled(call)[1] if name in MASKED), None)


def evaluate(call: str, names: dict, masked: bool, change=None, seed: int = 0, weights: int = 1):
    """Run a recipe on eager tensors; the weights depend on `weights` alone.

    Returns:
        The output as an array; the mask of the output or None; whether it warned.
    """
    keras.utils.set_random_seed(weights)
    output, warned = run(call, tensors(call, masked, change, seed), names)
    probe = Probe()
    if keras.ops.is_tensor(output):
        probe(output)
        output = keras.ops.convert_to_numpy(output)
    mask = None if probe.mask is None else keras.ops.convert_to_numpy(probe.mask)
    return np.asarray(output), mask, warned


def differs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return where two outputs differ by more than rounding."""
    if one.dtype.kind not in "fc":
        return one != other
    scale = max(1.0, float(np.nanmax(np.abs(one), initial=0)))
    return ~np.isclose(one, other, rtol=0, atol=1e-4 * scale, equal_nan=True)


def reached(call: str, names: dict, masked: bool, base: np.ndarray, kept=None) -> str:
    """Return from which side padding reaches the output: "no", "before", "behind" or "both".

    Where the output has the input's time axis, its real steps must not change when only padding
    does; `kept`, the mask of the output, says which are real, or else the mask of the input.
    Where it has not, no number of it may depend on padding and on a real step.
    """
    mask = mask_of(main_input(call))
    timed = base.ndim > 1 and base.shape[:2] == mask.shape
    counts = kept if kept is not None and kept.shape == mask.shape else mask
    if not timed:
        counts = np.zeros(base.shape, bool)
        for seed in range(1, DRAWS + 1):
            counts |= differs(base, evaluate(call, names, masked, mask, seed)[0])

    def change(padding: np.ndarray) -> bool:
        return any(
            differs(base, evaluate(call, names, masked, padding, seed)[0])[counts].any()
            for seed in range(1, DRAWS + 1)
        )

    if not change(~mask):
        return "no"
    row = np.arange(ROWS)[:, None]
    found = [side for side, at in (("before", 2), ("behind", 1)) if change(~mask & (row == at))]
    return found[0] if len(found) == 1 else "both"


def reached_by_chance(call: str, names: dict, masked: bool, *_) -> str:
    """Return "yes" if padding reaches the output of a layer that draws numbers, or else "no"."""
    mask = mask_of(main_input(call))
    for draws in range(1, RANDOM_DRAWS + 1):
        base, other, real = (
            evaluate(call, names, masked, change, 1, draws)[0] for change in (None, ~mask, mask)
        )
        if base.shape[:2] == mask.shape:
            counts = np.broadcast_to(mask.reshape(*mask.shape, *[1] * (base.ndim - 2)), base.shape)
        else:
            counts = differs(base, real)
        if (differs(base, other) & counts).any():
            return "yes"
    return "no"


def describe(mask: np.ndarray | None, call: str, output: np.ndarray) -> str:
    """Return a mask in words, by comparison with the masks of the inputs."""
    if mask is None:
        return "none"
    own = main_input(call)
    if own is None:
        return "new"
    known = {"same": mask_of(own), "all real": np.ones_like(mask_of(own))}
    if "k" in compiled(call)[1]:
        known |= {
            "of the second": mask_of("k"),
            "where both are real": mask_of(own) & mask_of("k"),
            "where one is real": mask_of(own) | mask_of("k"),
        }
    shape = ", ".join(map(str, mask.shape))
    words = next((word for word, one in known.items() if np.array_equal(one, mask)), f"({shape})")
    return words if mask.shape == output.shape[: mask.ndim] else f"{words}, does not fit"


def measure(call: str, watch: bool = True) -> dict:
    """Return what a recipe does on the Keras and the backend that run.

    Args:
        call: The recipe.
        watch: False leaves out ``mixes`` and ``leaks``, for which it must run many times.

    Returns:
        ``mask``: the mask of the output, in words; ``warns``; ``mixes`` and ``leaks``: from which
        side padding reaches the output without and with the mask; ``acts``: whether the mask
        changes the output at real steps; ``time``: whether the output has the input's time axis.
        ``functional`` has the first two where a functional model differs, ``raises`` the type of
        an exception, and ``needs`` the module that is missing.
    """
    try:
        names = namespace(call)
        plain, _, _ = evaluate(call, names, masked=False)
    except NameError as error:
        if error.name in SHAPES:
            raise
        return {"absent": True}
    except ImportError as error:
        return {"needs": missing(error)}
    except Exception as error:
        return {"raises": type(error).__name__, "always": True}
    own = main_input(call)
    facts = {}
    try:
        output, mask, warned = evaluate(call, names, masked=True)
    except Exception as error:
        facts["raises"] = type(error).__name__
        mask, warned = None, False
    if "raises" not in facts:
        facts |= {"mask": describe(mask, call, output), "warns": warned}
    if own:
        real = mask_of(own)
        facts["time"] = plain.ndim > 1 and plain.shape[:2] == real.shape
        if "raises" not in facts:
            where = real if facts["time"] else ...
            facts["acts"] = bool(differs(plain, output)[where].any())
    if own and watch:
        side = reached_by_chance if any(word in call for word in RANDOM) else reached
        facts["mixes"] = side(call, names, False, plain)
        if "raises" not in facts:
            unmoved = mask is None and not differs(plain, output).any()
            facts["leaks"] = facts["mixes"] if unmoved else side(call, names, True, output, mask)
    symbolic = functional(call, names)
    if any(facts.get(key) != value for key, value in symbolic.items()):
        facts["functional"] = symbolic
    return facts


def missing(error: ImportError) -> str:
    """Return the name of the module that an ImportError asks for."""
    known = ("tensorflow", "torch", "jax", "flax", "scipy")
    return next((name for name in known if name in str(error).lower()), str(error))


def functional(call: str, names: dict) -> dict:
    """Return the mask and the warning of a recipe in a functional model; it runs once."""
    feeds, inputs, made = [], [], {}
    for name in compiled(call)[1]:
        array = values(name)
        if array.dtype.kind == "U":
            return {}
        tensor = keras.Input(array.shape[1:], dtype=array.dtype.name)
        feeds.append(array)
        inputs.append(tensor)
        if name in MASKED:
            feeds.append(mask_of(name))
            inputs.append(keras.Input(feeds[-1].shape[1:], dtype="bool"))
            tensor = Marked()([tensor, inputs[-1]])
        made[name] = tensor
    try:
        output, warned = run(call, made, names)
        if not isinstance(output, keras.KerasTensor):
            return {}
        probe = Probe()
        model = keras.Model(inputs, probe(output))
        built = probe.mask is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = model([ops.convert_to_tensor(feed) for feed in feeds])
        mask = None if probe.mask is None else keras.ops.convert_to_numpy(probe.mask)
    except Exception as error:
        return {"raises": type(error).__name__}
    words = describe(mask, call, keras.ops.convert_to_numpy(result))
    if built != (mask is not None):
        words = f"{words} when it runs, {'some' if built else 'none'} when it is built"
    return {"mask": words, "warns": warned}


def facts_of(row: dict, watch: bool = True) -> dict:
    """Return the facts of a row of the mask table; a row without a call is only looked up."""
    if row["layer"] and not hasattr(keras.layers, row["layer"]):
        return {"absent": True}
    return measure(row["call"], watch) if row["call"] else {"always": True, "raises": "not called"}
