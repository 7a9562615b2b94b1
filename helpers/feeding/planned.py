"""The batches of a plan as a Keras PyDataset, whatever the lengths of its first two batches."""

import sys
from types import FrameType
from typing import Any

import numpy as np

from helpers.batching import Plan
from helpers.feeding.epochs import Epochs
from helpers.feeding.rows import Leaf, Ragged, make_feed


class PlannedDataset(Epochs):
    """The batches of a plan, for ``model.fit``, ``evaluate`` and ``predict``.

    A batch is ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``. The weight, float32 ``(batch,)``,
    is there in every batch if the plan has padding slots or ``sample_weight`` is given, and in none
    otherwise. Without ``y`` there is no weight: ``predict`` also returns the padding slots, and
    ``plan.restore`` takes them out.

    **Weights of timesteps.** Where ``y`` is a list of rows, the loss has one number for each
    timestep, ``(batch, time)``, and Keras refuses weights ``(batch,)``. There the weight is
    ``(batch, 1)``, which Keras broadcasts over the steps, also those of padding inside a row: mask
    these, or pad ``y`` with a value that the loss ignores. Rows of more axes have weights of more
    axes: ``(batch, 1, 1)`` for targets ``(height, width)`` or ``(time, a, b)``. If ``y`` is a tuple
    or a dict of several targets and one of them is a list of rows, the weight is a structure like
    ``y``, ``(batch,)`` for its arrays; otherwise one array ``(batch,)`` counts for all of them.

    **Pass** ``shuffle=False`` **to** ``fit``. Its default, True, shows the batches of a PyDataset
    in an order of Keras's own, drawn from Python's ``random``. Each batch still holds the plan's
    rows, but a smaller last batch can come anywhere.

    **Epochs.** Each pass over the dataset shows the next epoch of the plan: ``fit(epochs=3)`` shows
    ``plan.epoch(0)``, ``epoch(1)`` and ``epoch(2)``, and a second ``fit`` goes on with
    ``epoch(3)``. The attribute ``epoch`` is the number of the epoch that the next pass shows; set
    it to start elsewhere. The calls of ``on_epoch_end`` that Keras makes beyond one an epoch change
    nothing. ``evaluate`` and ``predict`` are passes too. So with a shuffled plan, evaluate and
    predict with a second dataset on an unshuffled plan (the rows are not copied), and never use one
    dataset inside its own epoch. Leave ``steps_per_epoch`` alone: a shuffled pass that is cut short
    has no defined rows; ``tf_dataset(...).repeat()`` is right for that. On JAX with ``workers``
    above 1, or with at most two batches and Keras 3.13, the first ``fit`` of a model not yet built
    can start at ``epoch(1)``: build it before.

    **Lengths.** On TensorFlow, Keras reads the shapes of a PyDataset off its first two batches and
    makes every axis but the batch static on which they agree; a later batch of another length is
    then refused. Here they never agree on an axis that may vary: when Keras fetches the two for
    their shapes alone, the second is the first with one more step on these axes. An axis that has
    one length in every batch of every epoch stays static. A subclass that overrides
    ``__getitem__`` does without this; give it a ``length=``.

    Args:
        plan: Which rows share a batch.
        x: Inputs. A list is a list of ``n`` rows, arrays ``(time, ...)``, padded per batch. If
            every row has the length that the plan has for it, the list follows the plan: a batch
            is padded to ``plan.padded_lengths``, and where ``plan.lengths`` has heights and
            widths the rows are images ``(height, width)`` or ``(height, width, channels)``, padded
            on both axes. Any other list (labels, say), and every list if the plan has no lengths,
            is padded along its first axis to its batch's own longest row. A list of ``n`` scalars
            is an array ``(n,)``. An array holds rows along axis 0 and is never padded. A tuple or
            a dict is a structure of such inputs.
        y: Targets in the same forms, or None. Targets given as a list of rows are padded like
            ``x``, with the same ``length``, ``side`` and ``value``; pass an array (``np.stack``)
            for targets that have no time axis.
        sample_weight: ``(n,)`` numbers, or None. A padding slot's weight stays 0.
        length: Timesteps of every padded batch, of every list, whatever the plan says; None for
            the plan's or the batch's own. If the plan has heights and widths, an integer is meant
            for both, and a pair (height, width), each an integer or None, is for the images alone.
        side: ``"post"`` pads behind the row, ``"pre"`` before it, which images cannot be.
        value: What the padding holds.
        store: Whether lists whose rows are padded to the same length in every epoch (the plan has
            boundaries, or ``length`` is given, or all batches are of one length) are padded once,
            when the dataset is made. A batch is then one ``take`` instead of a loop over its rows.
            The padded copy lives in memory as long as the dataset: the data times the rows' padded
            over their true length, which is ``1 / plan.fill`` with a plan of buckets that shows
            every row once. In each epoch 8 bytes for each slot and list come on top. False pads
            batch by batch and copies nothing ahead.
        workers: Threads or processes that make batches; 1 makes them in the main thread.
        use_multiprocessing: Processes instead of threads. They are forked from a process in which
            the backend runs threads, which can hang; try ``workers`` alone first.
        max_queue_size: Batches that workers make ahead.

    Raises:
        TypeError: An argument of the wrong type, or rows that are not numeric.
        ValueError: The number of rows differs from ``plan.n``, a row is longer than ``length``,
            images differ in both axes and not as the plan's lengths do, or another bad value; the
            message names the argument.

    Example:
        >>> from helpers.batching import fixed
        >>> x, y = np.zeros((105, 4), "float32"), np.zeros(105, "int64")
        >>> [batch[0].shape for batch in PlannedDataset(fixed(105, 32), x, y)]
        [(32, 4), (32, 4), (32, 4), (9, 4)]
        >>> from helpers.batching import bucketed
        >>> sizes = [(28, 30), (20, 90), (28, 84)]
        >>> plan = bucketed(sizes, 2, [(28, 32), (28, 96)])
        >>> images = [np.ones((height, width, 1), "uint8") for height, width in sizes]
        >>> [batch[0].shape for batch in PlannedDataset(plan, images)]
        [(1, 28, 32, 1), (2, 28, 96, 1)]
    """

    def __init__(
        self,
        plan: Plan,
        x: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        length: int | tuple[int | None, int | None] | None = None,
        side: str = "post",
        value: float = 0,
        store: bool = True,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        self._feed = make_feed(plan, x, y, sample_weight, length, side, value, store)
        super().__init__(
            plan,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )

    @property
    def num_batches(self) -> int:
        """Number of batches in every epoch."""
        # Of a single batch Keras would take every axis for static; it gets two to compare.
        return max(len(self), 2) if self._only_shapes(sys._getframe(1)) else len(self)

    def __getitem__(self, index: int) -> tuple:
        # The batch depends on nothing that changes within an epoch: Keras fetches the first two
        # once more to see their shapes, and workers fetch in any order.
        if index == 1 and self._only_shapes(sys._getframe(1)):
            return self._one_longer()
        self._check(index)
        return self._read(index)

    def _show(self, plan: Plan) -> None:
        super()._show(plan)
        self._read = self._feed.reader(plan)

    def _only_shapes(self, caller: FrameType) -> bool:
        """Whether Keras asks in order to compare the shapes of its first two batches."""
        if type(self).__getitem__ is not PlannedDataset.__getitem__:
            return False  # it may keep or change what it gets
        if caller.f_code.co_name == "<listcomp>":  # before Python 3.12, in a frame of its own
            caller = caller.f_back
        module = caller.f_globals.get("__name__", "")
        return caller.f_code.co_name == "get_tf_dataset" and module.endswith("py_dataset_adapter")

    def _one_longer(self) -> tuple:
        """Batch 0 with one more step on every axis that is not the same in all batches."""

        def longer(leaf: Leaf) -> np.ndarray:
            more = [(0, 0), *((0, varies) for varies in self._varies(leaf))]
            return np.pad(leaf.reader(self._current)(0), more)

        parts = self._feed.map(longer)
        return (*parts, *self._read(0)[len(parts) :])  # with the weights, if there are any

    def _varies(self, leaf: Leaf) -> list[bool]:
        """For each axis of a row, whether batches may differ there, in this epoch or another."""
        plan = self._current
        varies = [steps is None for steps in leaf.shape]
        # All epochs are alike, or each has all rows in one batch.
        known = plan.remake is None or (len(plan) == 1 and not len(plan.never_seen))
        if known and isinstance(leaf, Ragged):
            lengths = leaf.lengths(plan)
            varies[: leaf.axes] = (lengths != lengths[0]).any(axis=0).tolist()
        return varies
