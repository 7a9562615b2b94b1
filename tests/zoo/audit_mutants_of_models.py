"""Mutations of models and of cost; those of data, padding and calls stand in `audit_mutants`."""

import warnings

import keras
import numpy as np
from audit_mutants import batches_of, breaks_by, padded_inputs, with_batches
from keras import layers, ops

# The model


MASKS = ("mask", "query_mask", "value_mask", "key_mask")


def copied(model, change=None):
    """Return a copy of a functional or sequential model with changed layers, or None."""
    if not isinstance(model, keras.Sequential) and type(model).__name__ != "Functional":
        return None
    if any(type(layer).__module__.split(".")[0] != "keras" for layer in model._flatten_layers()):
        return None
    changes = []

    def clone(layer):
        config = layer.get_config()
        if change is not None and not isinstance(layer, layers.InputLayer):
            new = change(layer, config)
            if new is not None:
                changes.append(layer.name)
                return new
        return layer.__class__.from_config(config)

    def call(layer, *args, **kwargs):  # the copy finds its masks anew, by its own layers
        return layer(*args, **{name: kwargs[name] for name in kwargs if name not in MASKS})

    again = {"call_function": call} if change and type(model).__name__ == "Functional" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            new = keras.models.clone_model(model, clone_function=clone, **again)
        except (ValueError, TypeError, AttributeError):
            return None
    if change is not None and not changes:
        return None
    if [v.shape for v in new.weights] == [v.shape for v in model.weights]:
        new.set_weights(model.get_weights())
    if model.compiled:
        same = new.output_shape == model.output_shape
        loss = model.loss
        if not same and not isinstance(loss, str):
            return None
        new.compile("sgd", loss)
    return new


def changed(program, change):
    model = copied(program["model"], change)
    return None if model is None else {**program, "model": model}


@breaks_by("RE2", "RE405", seen=True)
def embedding_without_a_mask(program):
    def change(layer, config):
        if isinstance(layer, layers.Embedding) and layer.mask_zero:
            return layers.Embedding.from_config({**config, "mask_zero": False})

    return changed(program, change)


@breaks_by("RE2", "RE405", seen=True)
def masking_of_another_value(program):
    def change(layer, config):
        if isinstance(layer, layers.Masking):
            return layers.Masking.from_config({**config, "mask_value": layer.mask_value + 99})

    return changed(program, change)


class Forget(layers.Layer):
    """Passes its input on, and no mask."""

    def call(self, x):
        return x + 0


@breaks_by("RE2", "RE405", seen=True)
def mask_dropped_behind_its_layer(program):
    found = []

    def change(layer, config):
        masks = isinstance(layer, layers.Masking) or (
            isinstance(layer, layers.Embedding) and layer.mask_zero
        )
        if masks and not found:
            found.append(layer)
            return Dropped(layer.__class__.from_config(config))

    return changed(program, change)


class Dropped(layers.Layer):
    """A layer whose mask goes no further."""

    def __init__(self, inner):
        super().__init__(name=f"{inner.name}_alone")
        self.inner, self.forget = inner, Forget()

    def build(self, shape):
        self.inner.build(shape)
        self.built = True

    def call(self, x):
        return self.forget(self.inner(x))


@breaks_by("RE104", "RE302", seen=True)
def rows_written_into_the_input(program):
    model = program["model"]
    batches = batches_of(program)
    if copied(model) is None or not batches or isinstance(model.input, dict):
        return None
    sizes = {len(keras.tree.flatten(batch[0])[0]) for batch in batches}
    if len(sizes) < 2:
        return None
    size = max(sizes)
    inputs = keras.tree.map_structure(
        lambda t: keras.Input(batch_shape=(size, *t.shape[1:]), dtype=t.dtype), model.input
    )
    new = keras.Model(inputs, copied(model)(inputs))
    new.compile("sgd", model.loss)
    return {**program, "model": new}


@breaks_by("RE204", "RE402", seen=True)
def softmax_over_another_axis(program):
    def change(layer, config):
        if isinstance(layer, layers.Dense) and layer.activation is keras.activations.softmax:
            return Sideways.from_config({**config, "activation": "linear"})

    return changed(program, change)


class Sideways(layers.Dense):
    """Dense with a softmax over the rows of the batch."""

    def call(self, x):
        return ops.softmax(super().call(x), axis=0)


@breaks_by("RE204", seen=True)
def rows_share_their_mean(program):
    model = copied(program["model"])
    if model is None or len(model.outputs) != 1 or isinstance(model.input, dict):
        return None
    out = Centred()(model.outputs[0])
    new = keras.Model(model.inputs if len(model.inputs) > 1 else model.inputs[0], out)
    if program["model"].compiled:
        if not isinstance(program["model"].loss, str):
            return None
        new.compile("sgd", program["model"].loss)
    return {**program, "model": new}


class Centred(layers.Layer):
    """Takes the mean over the batch off each row."""

    def call(self, x):
        return x - ops.mean(x, axis=0, keepdims=True)


@breaks_by("RE2", seen=True)
def convolution_over_the_padding(program):
    found = []

    def change(layer, config):
        if isinstance(layer, layers.RNN | layers.LSTM | layers.GRU) and not found:
            found.append(layer)
            return Blurred(layer.__class__.from_config(config))

    return changed(program, change) if padded_inputs(program)[1] else None


class Blurred(layers.Layer):
    """A recurrent layer behind a convolution that knows no mask."""

    def __init__(self, inner):
        super().__init__(name=f"{inner.name}_blurred")
        self.inner = inner

    def build(self, shape):
        self.conv = layers.Conv1D(shape[-1], 3, padding="same")
        self.conv.build(shape)
        self.inner.build(shape)
        self.built = True

    def call(self, x):
        return self.inner(self.conv(x))


@breaks_by("RE401")
def sequences_where_one_answer_belongs(program):
    def change(layer, config):
        last = program["model"].layers[-1]
        rnn = isinstance(layer, layers.RNN) and not layer.return_sequences
        if rnn and layer.name == last.name:
            return layer.__class__.from_config({**config, "return_sequences": True})

    return changed(program, change) if program["model"].compiled else None


# Cost


@breaks_by("RE501")
def padded_to_a_hundred_and_more(program):
    batches, found = padded_inputs(program)
    if not found or len(keras.tree.flatten(batches[0][0])) != 1 or batches[0][1] is None:
        return None
    if any(np.ndim(y) > 2 for y in keras.tree.flatten(batches[0][1])):
        return None
    if program["model"].input_shape[1] is not None:
        return None
    y = keras.tree.flatten(batches[0][1])[0]
    if y.ndim == 2 and y.shape[1] == keras.tree.flatten(batches[0][0])[0].shape[1]:
        return None
    for batch in batches:
        x = keras.tree.flatten(batch[0])[0]
        more = [(0, 0), (0, 120)] + [(0, 0)] * (x.ndim - 2)
        batch[0] = keras.tree.pack_sequence_as(batch[0], [np.pad(x, more)])
    return with_batches(program, batches)


@breaks_by("RE503")
def left_eager(program):
    model = copied(program["model"])
    if model is None or not model.compiled or keras.backend.backend() == "torch":
        return None
    model.compile("sgd", program["model"].loss, run_eagerly=True)
    return {**program, "model": model}


@breaks_by("RE504")
def normalised_one_row_at_a_time(program):
    model = copied(program["model"])
    batches = batches_of(program)
    if model is None or not batches or not isinstance(batches[0][0], np.ndarray):
        return None
    if len(model.outputs) != 1 or len(model.outputs[0].shape) != 2 or batches[0][1] is None:
        return None
    if not isinstance(batches[0][1], np.ndarray) or not isinstance(program["model"].loss, str):
        return None
    h = layers.BatchNormalization()(layers.Dense(4)(model.outputs[0]))
    new = keras.Model(model.inputs[0], layers.Dense(model.outputs[0].shape[-1])(h))
    new.compile("sgd", program["model"].loss)
    single = [[part if part is None else part[:1] for part in batch] for batch in batches]
    return {**with_batches(program, [*batches, single[0]]), "model": new}


# The loss


def recompiled(program, loss):
    model = program["model"]
    old = getattr(model, "loss", None)
    if not isinstance(old, str) or old not in ("mse", "mae") or program.get("fit"):
        return None
    model = copied(model)
    if model is None:
        return None
    model.compile("sgd", loss)
    return {**program, "model": model}


@breaks_by("RE402")
def loss_summed_over_the_batch(program):
    def total(y, p):
        return ops.sum(ops.square(p - y)) + 0 * ops.mean(p)

    return recompiled(program, total)
