"""The batches of a plan as a Keras PyDataset, whatever the lengths of its first two batches."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.batching import Plan
from helpers.feeding.augmented import Augmented, flat
from helpers.feeding.epochs import Epochs
from helpers.feeding.rows import Leaf, Ragged, make_feed
from helpers.keras_private import asked_for_shapes


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

    **Augmentation.** ``augment`` is called on every row each time it is shown, in every pass:
    evaluate and predict with a second dataset without it. It runs in the order of the plan, row
    after row, so that one seed decides everything, with one worker; the threads of several draw in
    any order. It does not run for padding slots: they repeat the first row of their batch as it was
    augmented. A batch that Keras fetches for its shapes, or to build a model, is not drawn again
    when it is fetched to be used; more than one worker, or at most two batches on JAX with Keras
    3.13, are the exceptions. On TensorFlow, Keras's own layers are slow when called like this,
    one operation after the other; `tf_dataset` calls them in a graph. So does a ``tf.function`` as
    ``augment``. Let its ``input_signature`` leave open what differs from row to row: without one it
    is traced again for every new size.

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
            batch by batch and copies nothing ahead. With ``augment`` nothing is padded once.
        augment: A function that is called on each row before it is padded, or None. It gets
            ``augment(x_row)`` and returns such a row, or with ``y`` ``augment(x_row, y_row)`` and
            returns a pair ``(x_row, y_row)``: NumPy arrays, copies, in tuples and dicts as ``x``
            and ``y`` are; of an array ``(n,)`` arrays without axes. It may return tensors. The
            number of axes stays. A row of a list may come back longer or shorter, as long as it
            fits what its batch is padded to, which the plan or ``length`` says; where they do not,
            a batch is as long as its longest row is then, and that axis counts as one that
            varies. All other axes and the dtype may change too, in all rows alike; the padding
            has the new dtype.
        workers: Threads or processes that make batches; 1 makes them in the main thread.
        use_multiprocessing: Processes instead of threads; not with ``augment``, which would draw
            the same random numbers in each. They are forked from a process in which
            the backend runs threads, which can hang; try ``workers`` alone first.
        max_queue_size: Batches that workers make ahead.

    Raises:
        TypeError: An argument of the wrong type, or rows that are not numeric.
        ValueError: The number of rows differs from ``plan.n``, a row is longer than ``length``,
            images differ in both axes and not as the plan's lengths do, or another bad value; the
            message names the argument. While batches are made, both for what ``augment`` returns:
            another structure, dtype or number of axes, or a row that is too large.

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
        >>> narrower = PlannedDataset(plan, images, augment=lambda image: image[:, :20] / 2)
        >>> [(batch[0].shape, str(batch[0].dtype)) for batch in narrower]
        [((1, 28, 32, 1), 'float64'), ((2, 28, 96, 1), 'float64')]
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
        augment: Callable | None = None,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        self._feed = make_feed(plan, x, y, sample_weight, length, side, value, store, augment)
        self._augmented = None if augment is None else Augmented(self._feed, augment)
        if augment is not None and use_multiprocessing:
            raise ValueError(
                "use_multiprocessing: expected False with augment, got True: each process would "
                "draw the same random numbers, and the same again in every epoch"
            )
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
        return max(len(self), 2) if asked_for_shapes() and self._as_made() else len(self)

    def __getitem__(self, index: int) -> tuple:
        # The batch depends on nothing that changes within an epoch: Keras fetches the first two
        # once more to see their shapes, and workers fetch in any order. Only `augment` draws anew:
        # what it made for the shapes alone is kept until the batch is fetched to be used.
        peeks = asked_for_shapes() and self._as_made()
        if index == 1 and peeks:
            return self._one_longer()
        self._check(index)
        batch = self._kept.pop(index, None) or self._read(index)
        if self._augmented is not None:
            if peeks:
                self._kept[index] = batch
            elif self._fetched <= 2:
                self._shown[index] = batch
            else:
                self._shown.clear()
        return batch

    def on_epoch_end(self) -> None:
        """Go on to the plan's next epoch, if a pass had begun and is complete. Called by Keras."""
        epoch, shown = self.epoch, self._shown if self._begun else {}
        super().on_epoch_end()
        self._shown = {}
        if self.epoch == epoch:  # to build a model, Keras may have fetched one batch or two
            self._kept |= shown

    def _show(self, plan: Plan) -> None:
        super()._show(plan)
        self._kept, self._shown = {}, {}
        self._read = (self._augmented or self._feed).reader(plan)

    def _as_made(self) -> bool:
        """Whether batches are those made here: a subclass may keep or change what it gets."""
        return type(self).__getitem__ is PlannedDataset.__getitem__

    def _one_longer(self) -> tuple:
        """Batch 0 with one more step on every axis that is not the same in all batches."""
        batch = self._kept.get(0) or self._read(0)
        parts = self._feed.parts
        arrays = iter(flat(parts, batch[:2] if len(parts) == 2 else batch[0], "batch 0"))

        def longer(leaf: Leaf) -> np.ndarray:
            more = [(0, 0), *((0, varies) for varies in self._varies(leaf))]
            return np.pad(next(arrays), more)

        return (*self._feed.map(longer), *batch[len(parts) :])  # with the weights, if there are any

    def _varies(self, leaf: Leaf) -> list[bool]:
        """For each axis of a row, whether batches may differ there, in this epoch or another."""
        plan = self._current
        varies = [steps is None for steps in leaf.shape]
        # All epochs are alike, or each has all rows in one batch.
        known = plan.remake is None or (len(plan) == 1 and not len(plan.never_seen))
        if known and isinstance(leaf, Ragged) and not leaf.open:
            lengths = leaf.lengths(plan)
            varies[: leaf.axes] = (lengths != lengths[0]).any(axis=0).tolist()
        return varies
