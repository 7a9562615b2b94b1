"""Passes over a dataset and epochs of its plan: what all datasets for Keras share."""

import keras

from helpers.arguments import boolean, integer, shown
from helpers.batching import PackedPlan, Plan


class Passes(keras.utils.PyDataset):
    """A PyDataset that shows the next epoch of its plan in each pass."""

    def __init__(
        self,
        plan: Plan | PackedPlan,
        *,
        workers: int,
        use_multiprocessing: bool,
        max_queue_size: int,
    ):
        boolean("use_multiprocessing", use_multiprocessing)
        super().__init__(  # Keras checks none of them: fit hangs on a queue of the wrong type
            workers=integer("workers", workers, minimum=1, maximum=1000),
            use_multiprocessing=use_multiprocessing,
            max_queue_size=integer("max_queue_size", max_queue_size, minimum=1),
        )
        self.plan = plan
        self.epoch = 0
        self._begun = False
        self._fetched = 0

    @property
    def epoch(self) -> int:
        """Number of the plan's epoch that the next pass shows; set it to start elsewhere."""
        return self._epoch

    @epoch.setter
    def epoch(self, k: int) -> None:
        k = integer("epoch", k, minimum=0)
        self._show(self.plan.epoch(k))
        self._epoch = k

    def _show(self, plan: Plan | PackedPlan) -> None:
        """Make this the plan of the epoch that is being shown."""
        self._current = plan
        self._count = len(plan)

    @property
    def current(self) -> Plan | PackedPlan:
        """The plan of the epoch that is being shown, or between passes of the next one."""
        return self._current

    def __len__(self) -> int:
        return self._count

    def _check(self, index: int) -> None:
        """Note that batch ``index`` is fetched, or say that there is none."""
        if not 0 <= integer("index", index) < self._count:
            raise IndexError(f"batch {shown(index)} of a dataset with {self._count} batches")
        self._fetched += 1

    def on_epoch_begin(self) -> None:
        """Note that a pass has begun. Called by Keras."""
        self._begun = True
        self._fetched = 0

    def on_epoch_end(self) -> None:
        """Go on to the plan's next epoch, if a pass had begun and is complete. Called by Keras.

        The order changes here and not at the beginning, because worker threads start to fetch
        before Keras calls ``on_epoch_begin``. On JAX and PyTorch, Keras begins a pass only to see
        one batch and build the model with it, and then ends it; counting the fetched batches tells
        that from an epoch. Workers fetch ahead, or in another process, so there it cannot tell.
        """
        counted = self.workers <= 1 and not self.use_multiprocessing
        if self._begun and (self._fetched >= len(self) or not counted):
            self.epoch += 1
        self._begun = False
