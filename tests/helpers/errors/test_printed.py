"""What the book prints of a message, a reader may paste: it gets the answer of the message."""

import re

import notebooks
import pytest

from book._ext.catalogues import messages
from helpers import errors

NAMED = re.compile(r"\s*(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Warning)\b.")
OWN = "an error of helpers, which says itself what to do"
SEVERAL = "part of several messages"
# Lines of a chapter that no row answers, and why.
UNANSWERED = {
    "ContractError: padding is not 0": OWN,
    "ContractError: expected at most 1": OWN,
    "ValueError: expected padding 'valid'": OWN,
    "ValueError: expected a box within its image": OWN,
    "ValueError: need 5 steps and have 4": OWN,
    "ValueError: rows: row 0 has 4 timesteps, more than length=2; truncate='pre' cuts its front, "
    "truncate='post' its end": OWN,
    "ValueError: got 'same'; where its windows start depends": OWN,
    "ValueError or InvalidArgumentError: … must be broadcastable …": "what two versions share",
    "InvalidArgumentError: In[0]: [2,60], In[1]: [96,16]": SEVERAL,
    "InvalidArgumentError: Matrix size-incompatible": SEVERAL,
    "InvalidArgumentError: Cannot batch tensors with different shapes": SEVERAL,
    "InvalidArgumentError: shape (None, 5, 12) was expected": SEVERAL,
    "ValueError: Dimensions must be equal, but are 8 and 9": SEVERAL,
    "ValueError: Dimensions must be equal, but are 20 and 26": SEVERAL,
    "ValueError: Negative dimension size": SEVERAL,
    "ValueError: Shapes used to initialize variables must be fully-defined": SEVERAL,
    "ValueError: could not broadcast input array from shape": SEVERAL,
    "ValueError: incompatible shape (None, 12)": SEVERAL,
}
ANSWERED = {
    "TypeError: Binding inputs to tf.function failed": "fixed-batch-size-in-an-input-signature",
    "TypeError: Binding inputs to tf.function failed due to `Can not cast TensorSpec(shape=(2, 26, "
    "12), dtype=tf.float32, name=None) to TensorSpec(shape=(32, 26, 12)": (
        "fixed-batch-size-in-an-input-signature"
    ),
    "TypeError: slice indices must be integers": "float-bounds-of-a-box",
    "TypeError: unexpected keyword argument 'target_size'": "target-size-in-the-constructor",
    "InvalidArgumentError: Incompatible shapes: [32] vs. [9]": "fixed-batch-size-in-a-loss",
    "InvalidArgumentError: yielded an element of shape (4, 7, 12) where an element of shape "
    "(None, 5, 12) was expected": "first-two-batches-of-one-size",
    "InvalidArgumentError: yielded an element of shape (4, 26, 12) where an element of shape "
    "(None, 20, 12) was expected": "first-two-batches-of-one-size",
    "UserWarning: Model doesn't support": "augmentation-and-jit-compile",
    "UserWarning: Your input ran out of data": "input-ran-out-of-data",
    "UserWarning: does not support masking": "mask-destroyed-by-a-layer",
    "ValueError: Cannot index into an inner ragged": "ragged-tensor-into-an-rnn",
    "ValueError: Data cardinality is ambiguous": "rows-of-several-lengths-in-a-list",
    "ValueError: Invalid dtype: object": "rows-in-an-object-array",
    "ValueError: Unrecognized data type: x=<map object": "function-where-a-generator-belongs",
    "ValueError: expected ndim=3, found ndim=2": "sequence-without-a-features-axis",
    "ValueError: expected ndim=3, found ndim=4": "image-into-a-recurrent-layer",
    "ValueError: expected shape=(None, 4, 2), found shape=(3, 8, 2)": "longer-batch-than-the-input",
    "ValueError: expected shape=(None, 20, 12), found shape=(2, 26, 12)": (
        "longer-batch-than-the-input"
    ),
}
ANSWERED |= {
    f"UserWarning: (of type {name}) was passed an input with a mask attached": (
        "mask-destroyed-by-a-layer"
    )
    for name in ("Conv1D", "MaxPooling1D", "Flatten", "Reshape", "Lambda")
}


def printed():
    """Return the lines that the chapters print of exceptions and warnings."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for path in notebooks.all_notebooks()
        if path.parent.name == "book"
        for cell in notebooks.read(path).cells
        for output in cell.get("outputs", ())
    ]
    lines = (line.strip() for text in texts for line in text.splitlines())
    # some begin with what was tried: "list of arrays: ValueError: …"
    parts = (line if NAMED.match(line) else line.partition(": ")[2] for line in lines)
    return sorted({part for part in parts if NAMED.match(part)})


def test_every_line_of_a_chapter_that_names_an_exception_is_known():
    assert printed() == sorted([*ANSWERED, *UNANSWERED])


@pytest.mark.parametrize(("line", "row"), ANSWERED.items())
def test_a_line_of_a_chapter_is_answered(line, row):
    found = errors.explain(line)
    assert found.entry.id == row
    assert found.other is None


@pytest.mark.parametrize("line", UNANSWERED)
def test_a_line_that_may_be_of_several_messages_gets_no_answer(line):
    assert errors.find(line) is None


# Rows whose message is told apart by what stands beside it, so that of what the page shows a part
# is answered by a more general row, or by none.
BESIDE = {
    "empty-array-as-a-batch": "row-without-a-batch-axis",
    "empty-crop": "kernel-longer-than-the-sequence",
    "image-smaller-than-the-window": "kernel-longer-than-the-sequence",
    "images-of-several-channels-batched": "rows-of-several-lengths-batched",
    "initial-state-of-another-batch": "fixed-batch-size-in-a-loss",
    "lists-in-batches-of-one-size": "targets-of-another-structure",
    "padding-mask-as-an-attention-mask": "sizes-that-do-not-fit",
    "maps-of-two-sizes-joined": "sequences-of-two-lengths-concatenated",
    "rows-written-into-the-input": "one-image-without-a-batch-axis",
    "stateful-rnn-smaller-batch": "fixed-batch-size-in-a-loss",
    "x-and-y-differ-in-rows": "rows-of-several-lengths-in-a-list",
}
UNSURE = {
    "attention-mask-of-another-length",
    "batch-normalization-of-one-feature-with-a-mask",
    "columns-of-an-unknown-height",
    "ctc-loss-with-a-mask",
    "fixed-batch-size-in-a-loss",
    "flatten-of-an-unknown-length",
    "flatten-of-another-length",
    "full-batches-only",
    "initial-state-of-another-batch",
    "label-beyond-the-classes",
    "labels-and-predictions-differ-in-rows",
    "labels-padded-to-another-length",
    "layer-over-an-open-size",
    "mask-into-the-softmax-layer",
    "mask-of-another-length",
    "masks-without-channels",
    "padding-mask-as-an-attention-mask",
    "random-rotation-in-a-mapped-function",
    "sequences-of-two-lengths-concatenated",
    "stateful-rnn-smaller-batch",
    "time-distributed-with-more-rows-than-steps",
    "vector-joined-with-a-sequence",
    "weights-and-loss-with-different-axes",
}


@pytest.mark.parametrize("row", errors.catalogue(), ids=lambda row: row.id)
def test_what_a_page_shows_of_its_message_is_answered_by_its_row(row):
    shown = [messages.beginning(row), *row.versions.values()]
    right = {row.id, BESIDE.get(row.id), None if row.id in UNSURE else row.id}
    for text in (f"{name}{text}" for text in shown for name in ("", f"{row.exception[0]}: ")):
        found = errors.find(text)
        assert (found and found.id) in right, text


def test_a_part_of_a_message_of_many_subjects_gets_no_answer():
    for text in (
        "Using a symbolic `tf.Tensor` as a Python `bool` is not allowed",
        "Exception encountered when calling Softmax.call().",
        "found ndim=3",
        "a layer",
    ):
        assert errors.find(f"ValueError: {text}") is None
