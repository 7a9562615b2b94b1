"""A row knows what the same mistake says elsewhere, and does not answer for another axis."""

import pytest

from helpers import errors

EXPECTED = "Input 0 with name 'x' of layer 'functional' is incompatible with the layer: expected"
# What the same mistakes say elsewhere: run eagerly, with a fixed length, in another layer.
OTHER_WORDINGS = {
    "Exception encountered when calling Conv2D.call(). Computed output size would be negative: -1 "
    "[input_size: 3, effective_filter_size: 5, stride: 1] [Op:Conv2D]": (
        "image-smaller-than-the-window"
    ),
    "Exception encountered when calling Conv1D.call(). TypeError: object of type 'RaggedTensor' "
    "has no len()": "ragged-tensor-into-a-layer",
    "Dimensions must be equal, but are 105 and 96 for '{{node compile_loss/mse/sub}} = "
    "Sub[T=DT_FLOAT](a, b)' with input shapes: [105,1], [96,1].": (
        "labels-and-predictions-differ-in-rows"
    ),
    "Dimensions must be equal, but are 2 and 9 for '{{node compile_loss/ctc/mul_1}} = "
    "Mul[T=DT_FLOAT](a, b)' with input shapes: [2], [2,9].": "ctc-loss-with-a-mask",
    "Exception encountered when calling Multiply.call(). Dimensions must be equal, but are 9 and 2 "
    "for '{{node model/Mul}} = Mul[T=DT_FLOAT](data, data_1)' with input shapes: [?,9,2], "
    "[?,9].": "mask-without-a-features-axis",
    "Exception encountered when calling Where.call(). Dimensions must be equal, but are 9 and 2 "
    "for '{{node model/SelectV2}} = SelectV2[T=DT_FLOAT](data_1, data, model/Const)' with input "
    "shapes: [?,9], [?,9,2], [].": "mask-without-a-features-axis",
    "Exception encountered when calling Add.call(). Dimensions must be equal, but are 9 and 8 for "
    "'{{node model/add/Add}} = AddV2[T=DT_FLOAT](data, model/Reshape_1)' with input shapes: "
    "[?,9,11,2], [?,8,10,2].": "maps-of-two-sizes-joined",
    "Exception encountered when calling Concatenate.call(). Dimension 1 in both shapes must be "
    "equal, but are 9 and 8. Shapes are [?,9,11] and [?,8,10].": "maps-of-two-sizes-joined",
    "Exception encountered when calling Sequential.call(). Invalid input shape for input "
    "Tensor(\"data:0\", shape=(None, 3), dtype=float32) with name 'keras_tensor' and path ''. "
    "Expected shape (None, None, 3), but input has incompatible shape (None, 3) Arguments received "
    "by Sequential.call(): • inputs=('tf.Tensor(shape=(None, 3), dtype=float32)', "
    "'tf.Tensor(shape=(None, 3), dtype=float32)')": "rows-of-one-length-in-a-list-for-sequential",
    "Exception encountered when calling RandomErasing.call(). Input 'y' of 'Mul' Op has type "
    "int32 that does not match type float32 of argument 'x'.": "distortion-of-an-open-size",
    "Exception encountered when calling RandomElasticTransform.call(). '>' not supported between "
    "instances of 'int' and 'NoneType'": "distortion-of-an-open-size",
    "Exception encountered when calling RandomGrayscale.call(). Invalid channel size: expected 3 "
    "(RGB) or 1 (Grayscale). Received input with shape: images.shape=(2, 8, 8, 4)": (
        "images-with-transparency"
    ),
    "Input 0 with name 'None' of layer 'conv2d' is incompatible with the layer: expected axis 1 of "
    "input shape to have value 3, but received input with shape (2, 28, 28, 3)": (
        "channels-in-another-place"
    ),
    "Input 0 with name 'x' of layer 'functional' is incompatible with the layer: expected "
    "shape=(None, 28, 28, 3), found shape=(2, 3, 28, 28)": "channels-in-another-place",
    "Input 0 with name 'x' of layer 'functional' is incompatible with the layer: expected "
    "shape=(None, 3, 28, 28), found shape=(2, 28, 28, 3)": "channels-in-another-place",
    "Input 0 with name 'x' of layer 'functional' is incompatible with the layer: expected "
    "shape=(None, 28, 28, 3), found shape=(2, 3, 28, 3)": "image-of-another-size-than-the-input",
    "Input 0 with name 'None' of layer 'lstm' is incompatible with the layer: expected ndim=3, "
    "found ndim=1. Full shape received: (5,)": "numbers-into-a-model-of-sequences",
    "Exception encountered when calling TimeDistributed.call(). list assignment index out of "
    "range": "time-distributed-mask-of-another-length",
    "Cannot iterate over a shape with unknown rank.": "dataset-with-types-and-no-shapes",
    "There must be at most one unknown dimension (-1) in newshape. Received: newshape=(-1, -1).": (
        "reshape-with-two-unknown-sizes"
    ),
    "Invalid shape for argument `images`: it must have rank 3 or 4. Received: "
    "images.shape=(4, 5)": "clip-into-an-image-layer",
    "Expected input 1 to have rank 3 but got: 2 [Op:Einsum]": "einsum-of-other-axes",
    "Einstein sum subscript 'bjk' does not contain the correct number of indices for operand 1.": (
        "einsum-of-other-axes"
    ),
    "einsum(): the number of subscripts in the equation (3) does not match the number of "
    "dimensions (2) for operand 1 and no ellipsis was given": "einsum-of-other-axes",
    "Matrix size-incompatible: In[0]: [2,20], In[1]: [12,1] [[{{node sequential_1/dense/Add}}]]": (
        "flatten-of-another-length"
    ),
    "Computed output size would be negative: -1 [input_size: 3, effective_filter_size: 5, "
    "stride: 1] [Op:Conv2D]": "kernel-longer-than-the-sequence",
    "Computed output size would be zero or negative. Received `inputs shape=(None, 3, 2)`, "
    "`kernel shape=(5, 2, 2)`": "kernel-longer-than-the-sequence",
    "Exception encountered when calling Concatenate.call(). Dimension 1 in both shapes must be "
    "equal, but are 5 and 7.": "sequences-of-two-lengths-concatenated",
    "Exception encountered when calling Add.call(). Dimensions must be equal, but are 5 and "
    "7 for '{{node add/Add}} = AddV2": "sequences-of-two-lengths-added",
    "Input 0 with name 'None' of layer 'dense' is incompatible with the layer: expected axis -1 "
    "of input shape to have value 20, but received input with shape (2, 28)": (
        "flatten-of-another-length"
    ),
    "Input 0 with name 'None' of layer 'conv1d' is incompatible with the layer: expected "
    "min_ndim=3, found ndim=2.": "sequence-without-a-features-axis",
    "Shapes of all inputs must match: values[0].shape = [5,2] != values[1].shape = [3,2]": (
        "rows-of-several-lengths-stacked"
    ),
    "Failed to convert a NumPy array to a Tensor (Unsupported object type list).": (
        "rows-in-an-object-array"
    ),
    "`sequences` must be iterable.": "one-row-given-to-pad-sequences",
    "Cannot unstack 9 tensors into a TensorArray of static size 5": "mask-of-another-length",
    "operands could not be broadcast together with shapes (2,5,4) (2,5)": (
        "mask-without-a-features-axis"
    ),
    "condition [2,5], then [2,5,4], and else [] must be broadcastable [Op:SelectV2]": (
        "mask-without-a-features-axis"
    ),
    "Exception encountered when calling Softmax.call(). condition [2,5], then [2,5,3], and else "
    "[] must be broadcastable [Op:SelectV2] Arguments received by Softmax.call(): "
    "mask=tf.Tensor(shape=(2, 5), dtype=bool)": "mask-into-the-softmax-layer",
    "Exception encountered when calling Softmax.call(). The `mask` must be broadcastable to "
    "`inputs`. Received: inputs.shape=(2, 2, 5, 5), mask.shape=(1, 1, 2, 5) Arguments received "
    "by Softmax.call(): mask=tf.Tensor(shape=(1, 1, 2, 5), dtype=bool)": (
        "padding-mask-as-an-attention-mask"
    ),
    "Exception encountered when calling LSTM.call(). condition [2,8,8], then [2,2], and else "
    "[2,2] must be broadcastable [Op:SelectV2] Arguments received by LSTM.call(): "
    "mask=tf.Tensor(shape=(2, 5, 8, 8), dtype=bool)": "mask-with-too-many-axes",
    "Incompatible shapes: [4] vs. [4,5] [[{{node compile_loss/own/mul_1}}]]": (
        "weights-and-loss-with-different-axes"
    ),
    "Incompatible shapes: [4,5] vs. [4] [[{{node compile_loss/mse/mul}}]]": (
        "weights-and-loss-with-different-axes"
    ),
    "Incompatible shapes: [4] vs. [4,5] [[{{node gradient_tape/compile_loss/mse/mul/Broadcast": (
        "weights-and-loss-with-different-axes"
    ),
    "Incompatible shapes: [9,1] vs. [8,1] [[{{node compile_loss/mse/sub}}]]": (
        "labels-and-predictions-differ-in-rows"
    ),
    "Incompatible shapes: [9,1] vs. [32,1] [[{{node compile_loss/own/mul}}]]": (
        "fixed-batch-size-in-a-loss"
    ),
    "Computed output size would be negative: -1 [input_size: 3, effective_filter_size: 5, "
    "stride: 1] [[{{node sequential_1/conv2d_1/BiasAdd}}]]": "image-smaller-than-the-window",
    "Compute received an exception:Status: 2, message: could not create a descriptor for a pooling "
    "forward propagation primitive [[{{node vgg16_1/block5_pool_1/MaxPool2d}}]]": (
        "image-smaller-than-the-window"
    ),
    "Exception encountered when calling Conv2D.call(). The convolution operation resulted in an "
    "empty output. Output shape: (2, 0, 5, 3). inputs=tf.Tensor(shape=(2, 4, 9, 3), dtype": (
        "image-smaller-than-the-window"
    ),
    "Exception encountered when calling Conv2D.call(). The convolution operation resulted in an "
    "empty output. Output shape: (1, 0, 5, 3). inputs=tf.Tensor(shape=(1, 0, 5, 3), dtype": (
        "empty-crop"
    ),
    "Exception encountered when calling MaxPooling2D.call(). Computed output size would be zero or "
    "negative. Received: `inputs.shape=[None 28 3 1]`, `pool_size=[4 4]`": (
        "image-smaller-than-the-window"
    ),
    "Negative dimension size caused by subtracting 3 from 1 for '{{node conv2d_13_1/convolution}} "
    "= Conv2D[](ExpandDims, ReadVariableOp)' with input shapes: [28,28,1,1], [3,3,1,4].": (
        "one-image-without-a-batch-axis"
    ),
    "Negative dimension size caused by subtracting 5 from 4 for '{{node conv1d_1/convolution}} = "
    "Conv2D[](ExpandDims, ExpandDims_1)' with input shapes: [2,1,4,3], [1,5,3,4].": (
        "kernel-longer-than-the-sequence"
    ),
    "Input 0 with name 'None' of layer 'conv2d_11' is incompatible with the layer: expected "
    "min_ndim=4, found ndim=3. Full shape received: (28, 28, 1)": "one-image-without-a-batch-axis",
    "ConcatOp : Dimension 1 in both shapes must be equal: shape[0] = [2,9,11,2] vs. shape[1] = "
    "[2,8,10,2] [[{{node functional_4_1/concatenate_1/concat}}]]": "maps-of-two-sizes-joined",
    "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
    "Received: input_shape=[(None, 9, 11, 2), (None, 8, 10, 2)]": "maps-of-two-sizes-joined",
    "Input to reshape is a tensor with 2480 values, but the requested shape requires a multiple of "
    "56 [[{{node functional_6_1/reshape_1_1/Reshape}}]]": "reshape-with-a-fixed-width",
    "Exception encountered when calling LSTMCell.call(). Matrix size-incompatible: In[0]: [2,31], "
    "In[1]: [30,8] [Op:MatMul]": "recurrent-layer-with-other-features",
    "Matrix size-incompatible: In[0]: [2,31], In[1]: [30,8] [[{{node sequential_24_1/lstm_14_1/"
    "while/body/_1/sequential_24_1/lstm_14_1/while/lstm_cell_1/MatMul}}]]": (
        "recurrent-layer-with-other-features"
    ),
    "Input 0 with name 'x' of layer 'functional_10' is incompatible with the layer: expected "
    "shape=(None, None, None, 3), found shape=(2, 8, 8, 4)": "image-with-other-channels",
    "Input 0 with name 'x' of layer 'functional_25' is incompatible with the layer: expected "
    "shape=(None, None, 30), found shape=(2, 5, 31)": "recurrent-layer-with-other-features",
    "{{function_node __wrapped__CTCGreedyDecoder}} sequence_length(0) <= 3 [Op:CTCGreedyDecoder]": (
        "ctc-with-more-steps-than-predictions"
    ),
    "TypeError: Generator yielded an element of shape (2, 8, 14, 3) where an element of shape "
    "(None, 8, 10, 3) was expected. Your generator provides tensors with variable input dimensions "
    "other than the batch size. Make sure that the generator's first two batches do not have the "
    "same dimension value wherever there is a variable input dimension.": (
        "generator-with-two-first-batches-of-one-size"
    ),
    "`generator` yielded an element of shape (4, 5, 10) where an element of shape (4, None, 5, 10) "
    "was expected.": "signature-with-other-axes",
    "`generator` yielded an element of shape (7, 3) where an element of shape (None, None, 3) was "
    "expected.": "signature-with-other-axes",
    "`generator` yielded an element of shape (32, 4) where an element of shape (None,) was "
    "expected.": "signature-with-other-axes",
    "`generator` yielded an element of shape (9,) where an element of shape (None, 1) was "
    "expected.": "signature-with-other-axes",
    "`generator` yielded an element of shape () where an element of shape (None, 1) was "
    "expected.": "signature-with-other-axes",
    "`generator` yielded an element of shape (9,) where an element of shape (32,) was expected.": (
        "fixed-batch-size-in-an-output-signature"
    ),
    "`generator` yielded an element of shape (4, 7, 10) where an element of shape (None, 5, 10) "
    "was expected.": "first-two-batches-of-one-size",
    "`generator` yielded an element of shape (2, 7) where an element of shape (None, 5) was "
    "expected.": "first-two-batches-of-one-size",
    "Incompatible shapes: [2,3,1] vs. [2,5,1] [[{{node gradient_tape/compile_loss/mse/sub/"
    "BroadcastGradientArgs}}]]": "targets-of-another-length",
    "Exception encountered when calling EinsumDense.call(). Tensors in list passed to 'inputs' of "
    "'Einsum' Op have types [<NOT CONVERTIBLE TO TENSOR>, float32] that don't all match.": (
        "ragged-tensor-into-a-layer"
    ),
    "Unrecognized data type: x=<map object at 0x7f47a36e5930> (of type <class 'map'>)": (
        "function-where-a-generator-belongs"
    ),
    "Unrecognized data type: x=<tuple_iterator object at 0x7f47a36e6020> (of type <class "
    "'tuple_iterator'>)": "function-where-a-generator-belongs",
    "object of type 'RaggedTensor' has no len()": "predictions-of-several-lengths",
    "Exception encountered when calling Conv2D.call(). Incompatible shapes: [2,9,4,3] vs. "
    "[1,1,1,4] [Op:AddV2]": "image-smaller-than-the-window",
    "Exception encountered when calling Conv2D.call(). Incompatible shapes: [1,0,5,3] vs. "
    "[1,1,1,2] [Op:AddV2]": "empty-crop",
    "Exception encountered when calling RandomBrightness.call(). Expected the input image to be "
    "rank 3 or 4. Received inputs.shape=(2, 5, 8, 8, 3)": "clip-into-an-image-layer",
    "Input to `.fit()` should have rank 4. Got array with shape: (2, 5, 8, 8, 3)": (
        "image-data-generator-with-other-axes"
    ),
    "cannot import name 'ImageDataGenerator' from 'keras.preprocessing.image' (/site-packages/"
    "keras/preprocessing/image/__init__.py)": "image-data-generator-is-gone",
    "No module named 'tensorflow.keras.layers.experimental'": "preprocessing-layers-have-moved",
    "Sequential.call() got multiple values for argument 'training'": "layer-mapped-over-pairs",
    "could not broadcast input array from shape (224,224,3) into shape (256,256,3)": (
        "image-into-a-slot-of-another-size"
    ),
    "as_list() is not defined on an unknown TensorShape.": "dataset-with-types-and-no-shapes",
    "Exception encountered when calling RandomFlip.call(). Cannot squeeze axis=0, because the "
    "dimension is not 1.": "masks-without-channels",
    "Exception encountered when calling RandomFlip.call(). `boxes` must be a tensor with the last "
    "dimension of 4. Received: boxes.shape=(2, 1, 5)": "boxes-without-labels",
    "Exception encountered when calling RandomGrayscale.call(). {{function_node __wrapped____Mkl"
    "MatMul_device_/job:localhost/replica:0/task:0/device:CPU:0}} Matrix size-incompatible: In[0]: "
    "[128,1], In[1]: [3,1] [Op:MatMul]": "colours-of-a-grey-image",
    "Exception encountered when calling RandomSaturation.call(). Dimension must be 3 but is 1 for "
    "'{{node sequential_2_1/random_saturation_2_1/RGBToHSV}} = RGBToHSV[T=DT_FLOAT](data)' with "
    "input shapes: [?,8,8,1].": "colours-of-a-grey-image",
    "Detected unsupported operations when trying to compile graph __inference_function_1530 on "
    "XLA_CPU_JIT: ImageProjectiveTransformV3 (No registered 'ImageProjectiveTransformV3' OpKernel "
    "for XLA_CPU_JIT devices": "augmentation-and-jit-compile",
    "RandomCrop requires the input to have a fully defined height and width. Received: "
    "images.shape=(None, None, None, 3)": "random-crop-of-an-unknown-size",
    "Input shape and output shape do not match at shared dimension 'b'. Input shape is None, and "
    "output shape is 5.": "einsum-dense-of-a-fixed-length",
    "Incompatible input shapes: axis values None (at axis 1) != 7 (at axis 1). Full input shapes: "
    "(None, None, 4), (None, 7, 4)": "dot-of-two-lengths",
    "Exception encountered when calling Dot.call(). Cannot do batch_dot on inputs with shapes (2, "
    "5, 4) and (2, 7, 4) with axes=[1, 1]. x.shape[1] != y.shape[1] (5 != 7).": (
        "dot-of-two-lengths"
    ),
    "If `bounding_boxes['boxes']` is a list, then `bounding_boxes['labels']` must also be a list."
    "Received: bounding_boxes['labels']=[1 2]": "boxes-and-labels-differ",
    "If providing `bounding_boxes['labels']` as a list, it should contain integers labels. "
    "Received: bounding_boxes['labels']=[array([1]), array([1, 2])]": "boxes-and-labels-differ",
    "Input 0 with name 'None' of layer 'global_average_pooling2d' is incompatible with the layer: "
    "expected ndim=4, found ndim=5. Full shape received: (2, 5, 8, 8, 3)": (
        "clips-into-a-pooling-of-images"
    ),
    f"{EXPECTED} shape=(None, 5, 8, 8, 3), found shape=(2, 5, 9, 9, 3)": (
        "frames-of-another-size-than-the-input"
    ),
    f"{EXPECTED} shape=(None, None, 28, 28, 1), found shape=(2, 5, 32, 32)": (
        "frames-of-another-size-than-the-input"
    ),
    f"{EXPECTED} shape=(None, 5, 8, 8, 3), found shape=(2, 7, 8, 8, 3)": (
        "longer-batch-than-the-input"
    ),
    f"{EXPECTED} shape=(None, 5, 28, 28, 1), found shape=(2, 7, 28, 28)": (
        "longer-batch-than-the-input"
    ),
    f"{EXPECTED} shape=(None, 5, 1), found shape=(2, 7)": "longer-batch-than-the-input",
    f"{EXPECTED} shape=(None, None, 8, 8, 3), found shape=(2, 7, 8, 8, 4)": (
        "image-with-other-channels"
    ),
    "Input 0 with name 'None' of layer 'conv3d' is incompatible with the layer: expected axis -1 "
    "of input shape to have value 3, but received input with shape (2, 7, 8, 8, 1)": (
        "image-with-other-channels"
    ),
    f"{EXPECTED} shape=(None, 28, 28, 1), found shape=(2, 32, 32)": (
        "image-of-another-size-than-the-input"
    ),
    f"{EXPECTED} shape=(None, 28, 28, 1), found shape=(28, 40, 3)": (
        "one-image-without-a-batch-axis"
    ),
    "Exception encountered when calling Softmax.call(). The `mask` must be broadcastable to "
    "`inputs`. Each mask dimension must be 1 or match the corresponding input dimension. Received: "
    "inputs.shape=(2, 2, 7, 7), mask.shape=(1, 1, 10, 10) Arguments received by Softmax.call(): "
    "• inputs=tf.Tensor(shape=(2, 2, 7, 7), dtype=float32) • mask=tf.Tensor(shape=(1, 1, 10, 10), "
    "dtype=bool)": "attention-mask-of-another-length",
    "Exception encountered when calling Softmax.call(). The `mask` must be broadcastable to "
    "`inputs`. Each mask dimension must be 1 or match the corresponding input dimension. Received: "
    "inputs.shape=(2, 2, 7, 5), mask.shape=(2, 1, 10, 5)": "attention-mask-of-another-length",
    "Exception encountered when calling MultiHeadAttention.call(). Incompatible shapes: [2,2,7,7] "
    "vs. [2,1,10,10] [Op:LogicalAnd] Arguments received by MultiHeadAttention.call(): • "
    "query=tf.Tensor(shape=(2, 7, 4), dtype=float32) • attention_mask=tf.Tensor(shape=(2, 10, 10), "
    "dtype=bool)": "attention-mask-of-another-length",
    "adapt() yielded a batch with incompatible shape. Expected (32, 12), got (32, 15).": (
        "normalization-adapted-to-two-widths"
    ),
    "Unsupported data type: <class 'generator'>. `adapt` supports `np.ndarray`, backend tensors, "
    "`tf.data.Dataset`, and `keras.utils.PyDataset`.": "normalization-adapted-to-lists",
    "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, "
    "width, channels)`, but got input with incorrect rank, of shape (28, 40).": (
        "clip-into-a-crop-or-smart-resize"
    ),
    "The channel dimension of the inputs (last axis) should be defined. Found None. Full input "
    "shape received: input_shape=(None, None, 8, 8, None)": "image-with-unknown-channels",
    "Received an empty dataset. Argument `dataset` must be a non-empty list/tuple of "
    "`numpy.ndarray` objects or `tf.data.Dataset` objects.": "part-of-a-split-is-empty",
    "adapt() received an empty iterable (no batches). Expected at least one batch.": (
        "generator-used-twice"
    ),
    "Input 0 with name 'None' of layer 'p_re_lu_1' is incompatible with the layer: expected axis 2 "
    "of input shape to have value 28, but received input with shape (2, 32, 32, 3)": (
        "layer-over-an-open-size"
    ),
    "Exception encountered when calling PReLU.call(). {{function_node __wrapped__Mul_device_/job:"
    "localhost}} Incompatible shapes: [5,3] vs. [2,7,3] [Op:Mul]": "layer-over-an-open-size",
}


@pytest.mark.parametrize(("message", "entry_id"), OTHER_WORDINGS.items())
def test_another_wording_finds_the_same_row(message, entry_id):
    assert errors.find(message).id == entry_id


@pytest.mark.parametrize(
    "text",
    [
        "Incompatible shapes: [128,28,28,1] vs. [128,32,32,1]",  # the rows agree
        "could not broadcast input array from shape (9,5,1) into shape (32,5,1)",  # a last batch
        "could not broadcast input array from shape (7,) into shape (9,)",
    ],
)
def test_a_row_does_not_answer_for_another_axis(text):
    found = errors.find(f"ValueError: {text}")
    assert found is None or found.id not in (
        "fixed-batch-size-in-a-loss",
        "image-into-a-slot-of-another-size",
    )
