"""The error index answers rightly or not at all: messages of other subjects, and near ones."""

import pathlib

import keras
import numpy as np
import pytest

from helpers import errors

# Natural messages whose subject no row has, many of them close to a pattern.
OTHER_SUBJECTS = pathlib.Path(__file__).with_name("other-subjects.txt").read_text().splitlines()


def test_a_metric_of_two_maps_has_no_answer():
    message = "InvalidArgumentError: Incompatible shapes: [16] vs. [24] [Op:LogicalAnd] name:"
    assert errors.find(message) is None


@pytest.mark.parametrize("message", OTHER_SUBJECTS)
def test_another_subject_gets_no_answer(message):
    assert errors.find(message) is None


WEIGHTS = (
    "Dimensions must be equal, but are 5 and {} for '{{{{node compile_loss/mse/mul}}}} = "
    "Mul[T=DT_FLOAT](compile_loss/mse/Mean, data_2)' with input shapes: [?,5], [?,{}]."
)
NEAR = {
    "Exception encountered when calling Normalization.call(). {{function_node __wrapped__Sub_dev"
    "ice_/job:localhost}} Incompatible shapes: [2,7,3] vs. [1,5,1] [Op:Sub] name:": (
        "normalization-over-an-axis-that-varies"
    ),
    "Exception encountered when calling LayerNormalization.call(). {{function_node __wrapped__"
    "Reshape_device_/job:localhost}} Input to reshape is a tensor with 5 values, but the requested "
    "shape has 7 [Op:Reshape]": "normalization-over-an-axis-that-varies",
    "Exception encountered when calling LayerNormalization.call(). cannot reshape array of shape "
    "(5,) (size 5) into shape [1, 7, 1] (size 7)": "normalization-over-an-axis-that-varies",
    "Exception encountered when calling LayerNormalization.call(). Given normalized_shape=[5], "
    "expected input with shape [*, 5], but got input of size[2, 5, 3]": (
        "normalization-over-an-axis-that-varies"
    ),
    "Exception encountered when calling RMSNormalization.call(). {{function_node __wrapped__Mul_"
    "device_/job:localhost}} Incompatible shapes: [2,5,3] vs. [5] [Op:Mul]": (
        "normalization-over-an-axis-that-varies"
    ),
    WEIGHTS.format(4, 4): "weights-and-loss-with-different-axes",
    WEIGHTS.format(2, "5,2"): "weights-and-loss-with-different-axes",
    "Arguments `target` and `output` must have the same shape. Received: target.shape=(None, 7, "
    "2), output.shape=(None, 5, 2)": "labels-padded-to-another-length",
    "Argument `output` must have rank (ndim) `target.ndim - 1`. Received: target.shape=(None,), "
    "output.shape=(None, 5, 2)": "targets-without-a-time-axis",
    "Arguments `target` and `output` must have the same shape up until the last dimension: "
    "target.shape=(None, 1), output.shape=(None, 5, 2)": "targets-without-a-time-axis",
    "Invalid input shape for input Tensor(data). Expected shape (None, 105, 4), but input has "
    "incompatible shape (None, 4)": "rows-written-into-the-input",
    "expected shape=(None, 105, 8, 8, 1), found shape=(None, 8, 8)": "rows-written-into-the-input",
    "layer 'dense' is incompatible with the layer: expected min_ndim=2, found ndim=1. Full shape "
    "received: (8,)": "row-without-a-batch-axis",
    "expected shape=(None, 5, 3), found shape=(5, 3)": "row-without-a-batch-axis",
    "expected shape=(None, 24, 24, 3), found shape=(24, 24, 3)": "one-image-without-a-batch-axis",
    "Incompatible shapes: [9,3] vs. [8,1] [[{{node compile_loss/mse/sub}}]]": (
        "labels-and-predictions-differ-in-rows"
    ),
    "Incompatible shapes: [128,28,28,1] vs. [128,32,32,1] [[{{node c/compile_loss/mse/sub}}]]": (
        "target-image-of-another-size"
    ),
    "Dimensions must be equal, but are 9 and 7 for '{{node compile_loss/mse/sub}} = Sub[T=DT_FLOAT]"
    "(data_1, conv2d_1/Add)' with input shapes: [?,9,9,1], [?,7,7,1].": (
        "target-image-of-another-size"
    ),
    "Arguments `target` and `output` must have the same shape. Received: target.shape=(None, 9, 9, "
    "2), output.shape=(None, 7, 7, 2)": "target-image-of-another-size",
}


@pytest.mark.parametrize(("message", "entry_id"), NEAR.items())
def test_a_near_message_gets_the_right_answer(message, entry_id):
    assert errors.find(f"ValueError: {message}").id == entry_id


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("slice indices must be integers or None or have an __index__ method", "division"),
        ("only integer scalar arrays can be converted to a scalar index", "concatenate([a, b])"),
        ("'float' object cannot be interpreted as an integer", "range"),
        ("need at least one array to concatenate", "no row came"),
    ],
)
def test_a_message_of_many_subjects_gets_an_answer_for_all(message, words):
    entry = errors.find(f"TypeError: {message}")
    assert words in entry.cause + entry.fix


@pytest.mark.slow
def test_a_stateful_rnn_in_fit_is_explained_whichever_operation_fails_first():
    tf = pytest.importorskip("tensorflow")
    layers = [keras.layers.SimpleRNN(2, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(4, 2, 1)), *layers])
    model.compile("sgd", "mse")
    for _ in range(20):
        with pytest.raises((tf.errors.InvalidArgumentError, TypeError)) as caught:
            model.fit(np.ones((7, 2, 1)), np.ones((7, 1)), batch_size=4, verbose=0)
        assert "stateful" in errors.find(caught.value).cause.replace("`", " ").split()
