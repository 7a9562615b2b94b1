"""What the same mistakes say on other ways to the same row: wrapped, with other sizes, long ago."""

import numpy as np
import pytest

from helpers import errors

WRAPPED = (
    "Graph execution error: Detected at node PyFunc defined at (most recent call last): <stack "
)
TARGETS = "Arguments `target` and `output` must have the same "
RANK = "Argument `output` must have rank (ndim) `target.ndim - 1`. Received: target.shape="
ROWS = {
    "Exception encountered when calling GRU.call(). Input tensor `gru_1/ReadVariableOp:0` enters "
    "the loop with shape (1, 4), but has shape (None, 4) after one iteration.": (
        "stateful-rnn-of-another-batch-size"
    ),
    "tuple arity mismatch; expected: 3, got: 2; tuple: (": "weights-in-some-batches-only",
    f"{WRAPPED}IndexError: list index out of range": "full-batches-only",
    f"{WRAPPED}ValueError: could not broadcast input array from shape (9,5) "
    "into shape (32,5)": "full-batches-only",
    "could not broadcast input array from shape (9,5,1) into shape (32,5,1)": "full-batches-only",
    "could not broadcast input array from shape (9,8,8,3) into shape (16,8,8,3)": (
        "full-batches-only"
    ),
    "cannot reshape array of size 45 into shape (32,5,1)": "full-batches-only",
    "could not broadcast input array from shape (8,12,4) into shape (8,9,3)": (
        "colours-into-a-slot-of-other-channels"
    ),
    f"{RANK}(None, 7), output.shape=(None, 4)": "targets-per-step-for-one-answer-per-row",
    f"{TARGETS}rank (ndim). Received: target.shape=(None, 7, 4), output.shape=(None, 4)": (
        "targets-per-step-for-one-answer-per-row"
    ),
    f"{TARGETS}rank (ndim). Received: target.shape=(None, 5), output.shape=(None, 5, 2)": (
        "class-numbers-for-one-hot-targets"
    ),
    f"{TARGETS}shape. Received: target.shape=(None, 9, 9, 1), output.shape=(None, 9, 9, 3)": (
        "class-numbers-for-one-hot-targets"
    ),
    "Exception encountered when calling BatchNormalization.call(). Incompatible shapes: [4,6,1] "
    "vs. [4,5,3] [Op:BroadcastTo]": "batch-normalization-with-a-mask-of-other-axes",
    "Dimensions must be equal, but are 12 and 10 for '{{node sequential_1/pos_1/add}} = "
    "AddV2[T=DT_FLOAT](data, strided_slice)' with input shapes: [2,12,4], [10,4].": (
        "position-table-shorter-than-the-sequence"
    ),
    "Incompatible shapes: [2,12,4] vs. [10,4] [[{{node gradient_tape/pos_1/add/Broadcast": (
        "position-table-shorter-than-the-sequence"
    ),
    "ConcatOp : Dimension 1 in both shapes must be equal: shape[0] = [2,7,4] vs. shape[1] = "
    "[2,9,4] [[{{node functional_1/concatenate_1/concat}}]]": (
        "sequences-of-two-lengths-concatenated"
    ),
    "Received a label value of 254 which is outside the valid range of [0, 3).": (
        "label-beyond-the-classes"
    ),
    "expected shape=(None, 784), found shape=(8, 28, 28)": "array-into-a-model-of-vectors",
    "layer 'dense' is incompatible with the layer: expected axis -1 of input shape to have value "
    "784, but received input with shape (None, 28, 28)": "array-into-a-model-of-vectors",
    "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' "
    "sizes: 105, 96 'y' sizes: 105": "x-and-y-differ-in-rows",
    "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' "
    "sizes: 5, 7 'y' sizes: 2": "rows-of-several-lengths-in-a-list",
}
JAX = {
    f"{TARGETS}shape up until the last dimension: target.shape=(8,), output.shape=(8, 7, 4)": (
        "targets-without-a-time-axis"
    ),
    f"{TARGETS}shape. Received: target.shape=(8, 4), output.shape=(8, 7, 4)": (
        "targets-without-a-time-axis"
    ),
    f"{TARGETS}shape up until the last dimension: target.shape=(8, 7), output.shape=(8, 4)": (
        "targets-per-step-for-one-answer-per-row"
    ),
    f"{TARGETS}shape. Received: target.shape=(8, 7, 4), output.shape=(8, 4)": (
        "targets-per-step-for-one-answer-per-row"
    ),
    f"{TARGETS}shape. Received: target.shape=(8,), output.shape=(8, 4)": (
        "class-numbers-for-one-hot-targets"
    ),
    f"{TARGETS}shape. Received: target.shape=(8, 5), output.shape=(8, 5, 2)": (
        "class-numbers-for-one-hot-targets"
    ),
    "Exception encountered when calling BatchNormalization.call(). Incompatible types for "
    "broadcasting: input type=bool[4,6,1] and requested type=bool[4,5,3]": (
        "batch-normalization-with-a-mask-of-other-axes"
    ),
    "'>' not supported between instances of 'method' and 'int'": "num-batches-as-a-method",
    "Exception encountered when calling Concatenate.call(). Cannot concatenate arrays with shapes "
    "that differ in dimensions other than the one being concatenated: concatenating along "
    "dimension 2 for shapes (2, 5, 4), (2, 7, 4).": "sequences-of-two-lengths-concatenated",
    "Exception encountered when calling Concatenate.call(). Cannot concatenate arrays with shapes "
    "that differ in dimensions other than the one being concatenated: concatenating along "
    "dimension 3 for shapes (2, 5, 5, 4), (2, 4, 4, 4).": "maps-of-two-sizes-joined",
    "Incompatible shapes for broadcasting: shapes=[(2, 12, 4), (10, 4)]": (
        "position-table-shorter-than-the-sequence"
    ),
}
SIZE = "torch.Size(["
TORCH = {
    f"{TARGETS}shape up until the last dimension: target.shape={SIZE}8]), "
    f"output.shape={SIZE}8, 7, 4])": "targets-without-a-time-axis",
    f"{TARGETS}shape up until the last dimension: target.shape={SIZE}8, 1]), "
    f"output.shape={SIZE}8, 7, 4])": "targets-without-a-time-axis",
    f"{TARGETS}shape up until the last dimension: target.shape={SIZE}8, 9]), "
    f"output.shape={SIZE}8, 7, 4])": "labels-padded-to-another-length",
    f"{TARGETS}shape up until the last dimension: target.shape={SIZE}8, 7]), "
    f"output.shape={SIZE}8, 4])": "targets-per-step-for-one-answer-per-row",
    f"{TARGETS}shape. Received: target.shape={SIZE}8, 7, 4]), output.shape={SIZE}8, 4])": (
        "targets-per-step-for-one-answer-per-row"
    ),
    f"{TARGETS}shape. Received: target.shape={SIZE}8]), output.shape={SIZE}8, 4])": (
        "class-numbers-for-one-hot-targets"
    ),
    f"{TARGETS}shape. Received: target.shape={SIZE}8, 5, 1]), output.shape={SIZE}8, 5, 2])": (
        "class-numbers-for-one-hot-targets"
    ),
    "Exception encountered when calling BatchNormalization.call(). The expanded size of the tensor "
    "(5) must match the existing size (6) at non-singleton dimension 1.": (
        "batch-normalization-with-a-mask-of-other-axes"
    ),
    "Exception encountered when calling Concatenate.call(). Sizes of tensors must match except in "
    "dimension 2. Expected size 5 but got size 7": "sequences-of-two-lengths-concatenated",
    "Exception encountered when calling Concatenate.call(). Sizes of tensors must match except in "
    "dimension 3. Expected size 5 but got size 4": "maps-of-two-sizes-joined",
    "Target 255 is out of bounds.": "labels-padded-with-255",
    "Target -1 is out of bounds.": "labels-padded-with-minus-one",
    "Target 9 is out of bounds.": "label-beyond-the-classes",
    "Exception encountered when calling Embedding.call(). index out of range in self": (
        "token-id-beyond-the-embedding"
    ),
    "Exception encountered when calling MaxPooling1D.call(). max_pool1d() Invalid computed output "
    "size: 0": "kernel-longer-than-the-sequence",
    "Exception encountered when calling AveragePooling1D.call(). Given input size: (3x1x4). "
    "Calculated output size: (3x1x0). Output size is too small": "kernel-longer-than-the-sequence",
    "Exception encountered when calling MaxPooling2D.call(). Given input size: (3x4x9). Calculated "
    "output size: (3x0x1). Output size is too small": "image-smaller-than-the-window",
}
OWN = (
    "Exception encountered when calling Own.call(). Could not automatically infer the output shape "
    "/ dtype of 'own' (of type Own). Either the `Own.call()` method is incorrect, or you need to "
    "implement the `Own.compute_output_spec() / compute_output_shape()` method. Error encountered: "
)
OPEN = (
    "Expected int32, but got None of type 'NoneType'.",
    "Failed to convert elements of (None, -1) to Tensor.",
    "'NoneType' object cannot be interpreted as an integer",
    "Invalid dtype: NoneType",
    "'>' not supported between instances of 'NoneType' and 'int'",
    "len is not well defined for a symbolic Tensor (Placeholder:0).",
    "Iterating over a symbolic `tf.Tensor` is not allowed.",
)
ROWS |= {OWN + text: "open-size-in-a-layer-of-ones-own" for text in OPEN}
CHECKED = "Error when checking input: expected layer_1_input to have"
JOINED = "A `Concatenate` layer requires inputs with matching shapes except for the concat axis. "
# Keras 2 and TensorFlow 1 are not run here: the wordings are those of public reports.
OLDER = {
    "Cannot add tensor to the batch: number of elements does not match. Shapes are: [tensor]: [5], "
    "[batch]: [3] [Op:IteratorGetNext]": "rows-of-several-lengths-batched",
    f"{CHECKED} 3 dimensions, but got array with shape (105, 5)": (
        "sequence-without-a-features-axis"
    ),
    f"{CHECKED} 4 dimensions, but got array with shape (28, 28, 1)": (
        "one-image-without-a-batch-axis"
    ),
    "Error when checking target: expected dense_1 to have 3 dimensions, but got array with shape "
    "(105, 1)": "targets-without-a-time-axis",
    "Error when checking target: expected dense_1 to have 2 dimensions, but got array with shape "
    "(105, 7, 4)": "targets-per-step-for-one-answer-per-row",
    "Error when checking target: expected dense_2 to have shape (4,) but got array with shape "
    "(1,)": "class-numbers-for-one-hot-targets",
    f"{JOINED}Got inputs shapes: [(None, 9, 11, 2), (None, 8, 10, 2)]": "maps-of-two-sizes-joined",
    f"{JOINED}Got inputs shapes: [(None, 5, 3), (None, 7, 3)]": (
        "sequences-of-two-lengths-concatenated"
    ),
    "total size of new array must be unchanged, input_shape = [20, 3], output_shape = [7, 3]": (
        "reshape-with-a-fixed-width"
    ),
    "Cannot take the length of Shape with unknown rank.": "dataset-with-types-and-no-shapes",
    "Output of generator should be a tuple `(x, y, sample_weight)` or `(x, y)`. Found: None": (
        "generator-that-yields-no-tuple"
    ),
    "Input arrays should have the same number of samples as target arrays. Found 105 input samples "
    "and 96 target samples.": "x-and-y-differ-in-rows",
    "If a RNN is stateful, it needs to know its batch size.": "stateful-rnn-of-an-open-batch-size",
    "In a stateful network, you should only pass inputs with a number of samples that can be "
    "divided by the batch size. Found: 105 samples": "stateful-rnn-of-another-batch-size",
    "Shapes (None, 1) and (None, 4) are incompatible": "class-numbers-for-one-hot-targets",
    "Shapes (None, 7, 4) and (None, 4) are incompatible": "targets-per-step-for-one-answer-per-row",
    "Shapes (None, 4) and (None, 7, 4) are incompatible": "targets-without-a-time-axis",
    "`logits` and `labels` must have the same shape, received ((None, 4) vs (None, 1)).": (
        "class-numbers-for-one-hot-targets"
    ),
    "You are passing a target array of shape (105, 1) while using as loss "
    "`categorical_crossentropy`.": "class-numbers-for-one-hot-targets",
    "Found a sample_weight array with shape (8,) for an input with shape (8, 5, 2). sample_weight "
    "cannot be broadcast.": "weights-and-loss-with-different-axes",
}


BROADCAST = (
    "Cannot broadcast shape, the failure dim has value 5, which cannot be broadcasted to 7. "
)
SHAPES = (
    "Shapes used to initialize variables must be fully-defined (no `None` dimensions). Received: "
)
ASSIGNED = (
    "The shape of the target variable and the shape of the target value in `variable.assign(value)`"
    " must match. variable.shape=(5, 2), Received: value.shape=(7, 2)."
)
ELEMENT = (
    "Every value in `xs` must have the same shape except on the `axis` dim. But found element of "
    "shape "
)
ENTERS = (
    "Invalid input shape for input Tensor(\"data:0\", dtype=float32) with name 'keras_tensor' and "
    "path ''. Expected shape "
)
# What Keras's own checks say while a model is built, and the other wordings of their rows.
CHECKS = {
    f"{BROADCAST}Input shapes are: [None, 5, 4] and [None, 5].": "mask-without-a-features-axis",
    f"{BROADCAST}Input shapes are: [None, 5, 4] and [None, 7, 4].": (
        "sequences-of-two-lengths-added"
    ),
    "Every value in `xs` must have the same shape except on the `axis` dim. But found element of "
    "shape (None, 7, 4), which is different": "sequences-of-two-lengths-concatenated",
    "Every value in `xs` must have the same shape except on the `axis` dim. But found element of "
    "shape (None, 7, 7, 4), which is different": "maps-of-two-sizes-joined",
    "Inputs have incompatible shapes. Received shapes (8, 8, 4) and (7, 7, 4)": (
        "maps-of-two-sizes-joined"
    ),
    "Every value in `x` must have the same shape. But found element of shape (None, 7, 4)": (
        "rows-of-several-lengths-stacked"
    ),
    "All of the arrays in `x` should have the same length. Found a pair with: len(x[0]) = 8, "
    "len(x[?]) = 7": "images-and-labels-differ-in-rows",
    "Data and targets have to be of same length. Data length is 8 while target length is 7": (
        "x-and-y-differ-in-rows"
    ),
    f"{SHAPES}shape=(None,) for variable path='layer_normalization/gamma'": (
        "layer-over-an-open-size"
    ),
    "Axis 1 of input tensor should have a defined dimension but the layer received an input with "
    "shape (None, None, 4).": "layer-over-an-open-size",
    "All `axis` values to be kept must have a known shape. Received axis=(1,)": (
        "layer-over-an-open-size"
    ),
    f"A total of 1 objects could not be loaded. Example error message for object <Dense>: "
    f"{ASSIGNED}": "weights-of-another-size",
    ASSIGNED: "state-of-another-batch-size",
    "`left_size` should be either a positive integer smaller than 5, or a float": (
        "part-of-a-split-is-empty"
    ),
    "With `dataset` of length=1, `left_size`=0 and `right_size`=1.Resulting left side dataset "
    "split will be empty.": "part-of-a-split-is-empty",
    "`start_index+length=9 > end_index=7` is disallowed": "series-shorter-than-its-window",
    "If `bounding_boxes['boxes']` and `bounding_boxes['labels']` are both lists, they must have "
    "the same length.": "boxes-and-labels-differ",
    "Exception encountered when calling STFTSpectrogram.call(). The convolution operation "
    "resulted in an empty output. Output shape: (2, 0, 33).": "sound-shorter-than-its-window",
    "Values in `cropping` argument should be smaller than the corresponding spatial dimension": (
        "crop-larger-than-the-input"
    ),
    "R2Score expects 2D inputs with shape (batch_size, output_dim).": "score-of-answers-per-step",
    "`x` size on given `axis` must be dividible by `indices_or_sections`": (
        "split-of-an-odd-length"
    ),
    "axis must be a list of the same length as the input shape, expected 3, but received 2.": (
        "transpose-of-other-axes"
    ),
    "'KerasTensor' object cannot be interpreted as an integer": "keras-tensor-in-a-condition",
    "Cannot convert '5' to a shape.": "shape-with-minus-one",
    "You should provide one `sample_weight` array per output in `y`. The two structures did not": (
        "weights-for-several-outputs"
    ),
    "The input 'b' is not optional, but None was passed.": "input-missing-from-the-batch",
    "Exception encountered when calling Attention.call(). condition [2,1,5], then [2,5,7], and "
    "else [2,5,7] must be broadcastable [Op:SelectV2]": "mask-of-another-length",
    "Exception encountered when calling Attention.call(). Incompatible shapes: [2,5,7] vs. [2,1,5] "
    "[Op:Sub]": "mask-of-another-length",
    "indices[9] = [255, 1] does not index into shape [3,3] [Op:ScatterNd]": (
        "labels-padded-with-255"
    ),
    "indices[9] = [-1, 1] does not index into shape [3,3] [Op:ScatterNd]": (
        "labels-padded-with-minus-one"
    ),
    f"{TARGETS}shape up until the last dimension: target.shape=(None, 8, 8), "
    "output.shape=(None, 6, 6, 3)": "target-image-of-another-size",
    "Dimensions must be equal, but are 8 and 6 for '{{node compile_loss/dice/mul}} = Mul[T=DT_FLOAT"
    "](data_1, Sigmoid)' with input shapes: [?,8,8,1], [?,6,6,1].": (
        "target-image-of-another-size"
    ),
    "Incompatible shapes: [2,8,8,1] vs. [2,6,6,1] [[{{node compile_loss/mse/sub}}]]": (
        "target-image-of-another-size"
    ),
    f"{BROADCAST}Input shapes are: [None, 5, 4] and [7, 4].": (
        "position-table-shorter-than-the-sequence"
    ),
    f"{BROADCAST}Input shapes are: [1, 5, 4] and [None, 7, 4].": (
        "position-table-shorter-than-the-sequence"
    ),
    f"{ELEMENT}(None, 4), which is different from the first element's shape (None, 5, 3).": (
        "vector-joined-with-a-sequence"
    ),
    f"{ELEMENT}(None, 5, 3), which is different from the first element's shape (None, 4).": (
        "vector-joined-with-a-sequence"
    ),
    f"{ELEMENT}(None, 7, 4), which is different from the first element's shape (None, 5, 4).": (
        "sequences-of-two-lengths-concatenated"
    ),
    f"{ENTERS}(None, 10, 3), but input has incompatible shape (None, 10)": (
        "ids-into-a-model-of-features"
    ),
    f"{ENTERS}(None, 10, 3), but input has incompatible shape (10, 3)": (
        "vector-into-a-model-of-sequences"
    ),
    f"{ENTERS}(None, 28, 28, 3), but input has incompatible shape (2, 5, 28, 28, 3)": (
        "batches-in-a-batch"
    ),
    "expected shape=(None, 28, 28, 3), found shape=(2, 5, 28, 28, 3)": "batches-in-a-batch",
    "Kernel shape must have the same length as input, but received kernel of shape (3, 1, 4) and "
    "input of shape (None, 105, 5, 1).": "image-into-a-layer-of-sequences",
    f"{TARGETS}rank (ndim). Received: target.shape=(None,), output.shape=(None, 7, 1)": (
        "targets-without-a-time-axis"
    ),
    f"{TARGETS}rank (ndim). Received: target.shape=(None, 10), output.shape=(None, 8, 8, 10)": (
        "one-target-for-a-whole-map"
    ),
    f"{TARGETS}rank (ndim). Received: target.shape=(None, 1), output.shape=(None, 8, 8, 1)": (
        "one-target-for-a-whole-map"
    ),
    "axis 2 is out of bounds for array of dimension 1": "axis-out-of-bounds",
    "Invalid reduction dimension 2 for input with 2 dimensions. for '{{node Any}}'": (
        "axis-out-of-bounds"
    ),
    "{{function_node __wrapped__Mean_device_/job:localhost}} Invalid reduction dimension (2 for "
    "input with 2 dimension(s) [Op:Mean] name:": "axis-out-of-bounds",
    "too many indices for array: array is 2-dimensional, but 3 were indexed": (
        "index-of-an-axis-that-is-gone"
    ),
    "Input spatial dimensions must be statically known for adaptive pooling": (
        "adaptive-pooling-of-an-open-size"
    ),
    f"{TARGETS}rank (ndim). Received: target.shape=(None, 9, 9, 4), output.shape=(None, 4)": (
        "masks-for-one-answer-per-image"
    ),
    "top_padding must be >= 0. Received: top_padding=-2": "image-larger-than-its-padding",
    "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. Received: "
    "sample_weight=[1. 0.], class_weight={0: 1.0}": "class-weight-beside-sample-weight",
    "A KerasTensor is symbolic: it's a placeholder for a shape an a dtype. It doesn't have any "
    "actual numerical value. You cannot convert it to a float.": "keras-tensor-in-a-condition",
    "left_cropping must be >= 0. Received: left_cropping=-2": "margins-wider-than-the-image",
}


@pytest.mark.parametrize(("message", "row"), {**ROWS, **CHECKS, **JAX, **TORCH, **OLDER}.items())
def test_a_wording_finds_its_row(message, row):
    assert errors.find(f"ValueError: {message}").id == row


def test_the_cause_below_a_message_is_not_the_answer():
    rows = np.array([np.ones((3, 2)), np.ones((4, 2))], dtype=object)
    with pytest.raises(ValueError, match="setting an array element") as caught:
        rows.astype("float32")
    assert errors.find(caught.value).id == "object-array-made-into-numbers"
