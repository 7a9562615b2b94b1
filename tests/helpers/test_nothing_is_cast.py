"""What would be cast, wrapped or broadcast in silence is refused by name, in every function."""

import re

import keras
import numpy as np
import pytest

from helpers import augmentation, batching, feeding, images, masking, padding

pytestmark = pytest.mark.any_backend

L = keras.layers
HIDDEN = np.ma.masked_array([3, 2, 9], mask=[False, False, True])
LOGITS = np.zeros((1, 5, 4), "float32")
CONV = [L.Conv2D(1, 3)]
PLAN = batching.fixed(3, 2, lengths=[3, 1, 2])
ROWS = [np.ones(3), np.ones(1), np.ones(2)]
BIG = 2**32 + 8


def hidden(*shape, dtype="float32"):
    """A masked array with its first cell hidden."""
    array = np.ma.masked_array(np.ones(shape, dtype), mask=False)
    array[(0,) * len(shape)] = np.ma.masked
    return array


def contract(array):
    declared = augmentation.Declared((None,), str(np.asarray(array).dtype))
    return augmentation.check_contract([array], declared)


def sequence_loss(y_true, y_pred):
    return masking.SequenceLoss("mse")(y_true, y_pred)


CASES = {
    # beyond int32, in which sizes and lengths are computed
    "mask_from_lengths": (lambda: masking.mask_from_lengths([BIG, 1], 9), "lengths: .*4294967304"),
    "strided_lengths": (
        lambda: masking.strided_lengths(np.array([BIG]), 3),
        "lengths: .*4294967304",
    ),
    "output_sizes": (lambda: images.output_sizes(CONV, [[BIG, 8]]), "sizes: .*4294967304"),
    "sizes after layers": (
        lambda: images.output_sizes([L.UpSampling2D(2)], [[2**31 - 1, 8]]),
        "sizes after these layers: .*4294967294",
    ),
    "span": (lambda: masking.strided_lengths([9], 2**30, dilation_rate=4), "kernel_size: "),
    "segment_mask": (lambda: masking.segment_mask(np.array([[BIG, 8]])), "segments: .*4294967304"),
    # float32 cannot hold it
    "weight of infinity": (
        lambda: feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=[1, 1e300, 1]),
        "sample_weight: .*1e[+]300.* row 1",
    ),
    "weight of nothing": (
        lambda: feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=[1, 1, 1e-300]),
        "sample_weight: .*1e-300.* row 2",
    ),
    "weight rounded": (
        lambda: feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=[2**24 + 1, 1, 1]),
        "sample_weight: .*16777217.* row 0",
    ),
    "letterbox": (
        lambda: augmentation.letterbox([np.full((2, 2), 1e300)], (4, 4)),
        "images.*1e[+]300",
    ),
    "large weight rounded": (
        lambda: feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=[1, 2**60 + 1, 1]),
        "sample_weight: .*1152921504606846977.* row 1",
    ),
    "durations": (
        lambda: batching.bucketed([np.timedelta64(3), np.timedelta64(4)], 2, [9]),
        "lengths: .*timedelta64",
    ),
    # labels and masks of the CTC helpers
    "CTC label 1.5": (lambda: images.CTCLoss()(np.array([[1.5]]), LOGITS), "y_true: .*float"),
    "CTC bools": (lambda: images.CTCLoss()(np.array([[True]]), LOGITS), "y_true: .*bool"),
    "match of floats": (
        lambda: images.ExactMatch().update_state(np.array([[np.nan]]), LOGITS),
        "y_true: .*float",
    ),
    "steps of strings": (lambda: images.steps_needed([["1"]]), "labels: .*row 0"),
    "steps of NaN": (lambda: images.steps_needed(np.array([[np.nan]])), "labels: .*float64"),
    "steps of negatives": (lambda: images.steps_needed([[1, -2]]), "labels: .*-2 in row 0"),
    "mask of strings": (
        lambda: images.greedy_decode(LOGITS, mask=np.array([["False"] * 5])),
        "mask: .*bool.*<U5",
    ),
    "mask of halves": (lambda: images.greedy_decode(LOGITS, mask=[[0.5] * 5]), "mask: .*bool"),
    "bool lengths": (lambda: images.greedy_decode(LOGITS, lengths=[True]), "lengths: .*bool"),
    "half a length": (lambda: images.greedy_decode(LOGITS, lengths=[2.5]), "lengths: .*float64"),
    "complex logits": (lambda: images.greedy_decode(LOGITS.astype(complex)), "logits: .*complex"),
    # masked arrays, whose mask NumPy drops
    "hidden lengths": (lambda: batching.bucketed(HIDDEN, 2, [9]), "lengths: .*masked"),
    "hidden boundaries": (lambda: batching.bucketed([1, 2], 2, HIDDEN), "boundaries: .*masked"),
    "hidden lengths of a mask": (lambda: masking.mask_from_lengths(HIDDEN, 9), "lengths: .*masked"),
    "hidden row": (lambda: padding.pad([[1.0], hidden(3)]), r"rows\[1\]: .*masked"),
    "hidden rows": (lambda: padding.pad(hidden(2, 3)), "rows: .*masked"),
    "hidden cells": (lambda: padding.unpad(hidden(2, 3), np.ones((2, 3), bool)), "array: .*masked"),
    "hidden array": (lambda: feeding.PlannedDataset(PLAN, hidden(3, 2)), "x: .*masked"),
    "hidden weights": (
        lambda: feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=hidden(3)),
        "sample_weight: .*masked",
    ),
    "hidden image": (lambda: images.ink_boxes(hidden(4, 4)), "image: .*masked"),
    "hidden sizes": (lambda: images.bucket_sizes(hidden(3, 2, dtype=int), 2), "sizes: .*masked"),
    "hidden boxes": (
        lambda: images.pad_boxes([hidden(1, 4)], [[9, 9]]),
        r"boxes\[0\]: .*masked",
    ),
    "hidden pixels": (
        lambda: augmentation.letterbox([hidden(4, 4)], (8, 8)),
        r"images\[0\]: .*masked",
    ),
    "hidden logits": (lambda: images.greedy_decode(hidden(1, 5, 4)), "logits: .*masked"),
    "hidden batch": (lambda: contract(hidden(3)), "masked"),
    "one masked number": (
        lambda: batching.bucketed([3, np.ma.masked], 2, [9]),
        "lengths: .*masked",
    ),
    # shapes that would be broadcast, thresholds that nothing is above
    "features broadcast": (
        lambda: sequence_loss(np.zeros((2, 3, 1)), np.zeros((2, 3, 2))),
        r"y_true: .*\(2, 3, 2\)",
    ),
    "threshold": (lambda: images.ink_boxes(np.ones((4, 4)), threshold=np.nan), "threshold: .*nan"),
    # numbers that are no integers, and integers that would become floats
    "bools among lengths": (lambda: batching.bucketed([True, 3, 4], 2, [9]), "lengths: .*bool"),
    "a duration": (lambda: batching.fixed(np.timedelta64(5), 2), "n: .*timedelta64"),
    "integers to floats": (lambda: padding.pad([[2**63, -1]]), r"rows\[0\]: .*int64"),
    "far rungs": (lambda: batching.geometric_ladder([1, 2**62], 10**6), "k: .*1000000"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_by_name(name):
    call, message = CASES[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert re.search(message, str(caught.value)), caught.value
    assert len(str(caught.value)) < 400


def test_a_stride_beyond_int32_leaves_one_step():
    left = masking.strided_lengths([9, 3, 2], 3, strides=2**63 - 1)
    assert keras.ops.convert_to_numpy(left).tolist() == [1, 1, 0]


def test_rungs_far_apart_are_exact_enough_to_increase():
    rungs = batching.geometric_ladder([1, 2**62], 40)
    assert (np.diff(rungs) > 0).all()
    assert rungs[-1] == 2**62


@pytest.mark.parametrize("make", [batching.ladder, batching.quantile_ladder])
def test_more_boundaries_than_lengths_cost_no_memory(make):
    assert make([1, 2, 9], 2**31).tolist() == [1, 2, 9]


def test_weights_that_float32_only_rounds_are_taken():
    weights = [0.1, 1 / 3, 2**24]
    data = feeding.PlannedDataset(PLAN, ROWS, [1, 2, 3], sample_weight=weights)
    assert data[0][2].dtype == "float32"
