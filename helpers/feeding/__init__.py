"""Plans and rows to what ``fit``, ``evaluate`` and ``predict`` take: two forms, the same batches.

`PlannedDataset` is a ``keras.utils.PyDataset`` and works on every backend of Keras; `tf_dataset`
is a ``tf.data.Dataset``, for pipelines that go on in TensorFlow, and makes its batches without
Python. The lengths of both may vary from batch to batch in any order. `PackedDataset` feeds the
bins of a packed plan, several rows in each.

If the plan knows how long its rows are, a list of just these rows is padded as the plan says: to
the batch's boundary with a plan of `helpers.batching.bucketed`, and on two axes if the plan's
lengths are heights and widths. Both forms take a function ``augment`` that changes each row before
it is padded, anew in every epoch.

`rows_seen` and `prediction_gap` take a dataset of any origin and prove that it loses nothing.
"""

from helpers.feeding.packed import PackedDataset
from helpers.feeding.planned import PlannedDataset
from helpers.feeding.proofs import prediction_gap, rows_seen
from helpers.feeding.tf_graph import tf_dataset

__all__ = ["PackedDataset", "PlannedDataset", "prediction_gap", "rows_seen", "tf_dataset"]
