"""The batches of a plan as a Keras PyDataset, whatever the lengths of its first two batches."""

from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.arguments import integer
from helpers.batching import Plan
from helpers.feeding.augmented import Augmented, flat
from helpers.feeding.feed import make_feed
from helpers.feeding.leaves import Leaf, Padding, Ragged
from helpers.feeding.passes import Passes
from helpers.keras_private import asked_for_shapes


class PlannedDataset(Passes):
    """The batches of a plan, for ``model.fit``, ``evaluate`` and ``predict``.

    A batch is ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, with a weight of 0 for padding
    slots. Each pass shows the next epoch of the plan: pass ``shuffle=False`` to ``fit``, and
    evaluate and predict with a second dataset. Lengths may vary from batch to batch in any order.
    What all this means in detail is on the page :doc:`Feeding </book/feeding>`.

    Args:
        plan: Which rows share a batch.
        x: Inputs: a list of ``n`` rows, padded per batch as the plan says or to the longest; an
            array with rows along axis 0, never padded; or a tuple or a dict of these.
        y: Targets in the same forms, or None.
        sample_weight: ``(n,)`` numbers, or None. A padding slot's weight stays 0.
        length: Timesteps of every padded batch, or of images an integer or a pair (height, width),
            each an integer or None; None for the plan's or the batch's own.
        side: ``"post"`` pads behind the row, ``"pre"`` before it, which images cannot be.
        value: What the padding holds.
        store: Whether rows whose padded length never changes are padded once, in a copy.
        augment: A function that is called on each row before it is padded, as ``augment(x_row)``
            or ``augment(x_row, y_row)``, and returns the like; or None.
        workers: Threads or processes that make batches; 1 makes them in the main thread.
        use_multiprocessing: Processes instead of threads; not with ``augment``.
        max_queue_size: Batches that workers make ahead.

    Raises:
        TypeError: An argument of the wrong type, or rows that are not numeric.
        ValueError: The number of rows differs from ``plan.n``, a row is longer than ``length``, or
            another bad value; the message names the argument. While batches are made: ``augment``
            returns another structure, dtype or number of axes, or a row that is too large.

    Example:
        >>> from helpers.batching import bucketed
        >>> sizes = [(28, 30), (20, 90), (28, 84)]
        >>> images = [np.ones((height, width, 1), "uint8") for height, width in sizes]
        >>> plan = bucketed(sizes, 2, [(28, 32), (28, 96)])
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
        augment: Callable | None = None,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        padding = Padding(length, side, value)
        self._feed = make_feed(plan, x, y, sample_weight, padding, store, augment)
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
        index = integer("index", index)
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
