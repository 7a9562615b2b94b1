"""The batches of a packed plan as a Keras PyDataset: bins with several rows in each."""

from typing import Any

import numpy as np

from helpers.arguments import boolean
from helpers.batching import PackedPlan
from helpers.feeding.feed import row_weights
from helpers.feeding.leaves import check_count, is_scalar
from helpers.feeding.passes import Passes
from helpers.padding import as_rows, check_packed, fill_bins, fill_value, segments_of


class PackedDataset(Passes):
    """The batches of a packed plan, for ``model.fit``, ``evaluate`` and ``predict``.

    A batch is ``(x,)`` or ``(x, y, sample_weight)``. ``x`` is a dict: ``"values"``, the rows of the
    batch in bins, ``(batch, capacity, ...)``; ``"segments"``, int32 ``(batch, capacity)``, 1, 2, 3
    and so on at the steps of the rows of a bin and 0 in padding; and ``"positions"``, int32
    ``(batch, capacity)``, the number of each step within its row. ``y`` is packed like the values.
    The weight, float32 ``(batch, capacity)``, is 0 in padding.

    The model keeps the rows apart: with `helpers.masking.segment_mask` in attention and with
    ``positions`` instead of the steps' numbers in the bin. `helpers.padding.unpack` takes the rows
    out of what ``predict`` returns.

    Epochs, passes and ``shuffle=False`` are as in `PlannedDataset`.

    Args:
        plan: Made by `helpers.batching.packed`.
        x: List of ``n`` rows, arrays ``(time, ...)``, each as long as the plan has it.
        y: List of ``n`` rows, a target for each timestep of ``x``; or None.
        sample_weight: ``(n,)`` numbers, one for all steps of a row; None means 1.
        value: What the padding of ``x`` and ``y`` holds.
        store: Whether the rows are copied end to end into one array, from which a batch is one
            ``take``. False gathers each batch from the rows and copies nothing ahead.
        workers: As in `PlannedDataset`.
        use_multiprocessing: As in `PlannedDataset`.
        max_queue_size: As in `PlannedDataset`.

    Raises:
        TypeError: An argument of the wrong type, or rows that are not numeric or not of one dtype.
        ValueError: The number of rows differs from ``plan.n``, a row has another length than in
            the plan, ``y`` has one target per row, or another bad value; the message names the
            argument.

    Example:
        >>> from helpers.batching import packed
        >>> plan = packed([3, 2, 4], capacity=5, batch_size=2)
        >>> dataset = PackedDataset(plan, [[1, 2, 3], [4, 5], [6, 7, 8, 9]])
        >>> {name: array.tolist() for name, array in dataset[0][0].items()}["values"]
        [[6, 7, 8, 9, 0], [1, 2, 3, 4, 5]]
    """

    def __init__(
        self,
        plan: PackedPlan,
        x: list,
        y: list | None = None,
        *,
        sample_weight: Any = None,
        value: float = 0,
        store: bool = True,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ):
        check_packed(plan)
        boolean("store", store)
        self._x = _Cells(plan, x, "x", value, store)
        self._y = None if y is None else _Cells(plan, y, "y", value, store)
        if sample_weight is not None:
            if y is None:
                raise ValueError("sample_weight: expected y too, got y=None")
            sample_weight = row_weights(sample_weight, plan.n)
        self._sample_weight = sample_weight
        super().__init__(
            plan,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )

    def __getitem__(self, index: int) -> tuple:
        self._check(index)
        plan = self._current
        segments, positions = segments_of(plan, index)
        values = self._x.bins(plan, index)
        x = {"values": values, "segments": segments, "positions": positions}
        if self._y is None:
            return (x,)
        if self._sample_weight is None:
            return x, self._y.bins(plan, index), (segments > 0).astype(np.float32)
        rows = plan[index]
        weights = np.repeat(self._sample_weight[rows], plan.lengths[rows])
        return x, self._y.bins(plan, index), fill_bins(weights, plan, index, np.float32(0))


class _Cells:
    """The timesteps of all rows."""

    def __init__(self, plan: PackedPlan, rows: list, name: str, value: float, store: bool):
        if not isinstance(rows, list):
            raise TypeError(f"{name}: expected a list of rows, got {type(rows).__name__}")
        if name == "y" and rows and all(map(is_scalar, rows)):
            raise ValueError(
                "y: expected a row of targets for each row of x, one per timestep, got one target "
                "per row; a bin holds several rows, so that its output is not one per row"
            )
        rows = as_rows(rows, name)
        check_count(len(rows), name, plan.n)
        lengths = np.array([len(row) for row in rows])
        if (lengths != plan.lengths).any():
            row = int((lengths != plan.lengths).argmax())
            raise ValueError(
                f"{name}: row {row} has {lengths[row]} timesteps, but the plan has it as "
                f"{plan.lengths[row]}"
            )
        self._fill = fill_value(value, rows[0].dtype, f"value for {name}")
        self._rows = None if store else rows
        self._flat = np.concatenate(rows) if store else None
        self._starts = np.cumsum(lengths) - lengths

    def bins(self, plan: PackedPlan, i: int) -> np.ndarray:
        """Those of batch ``i``, in its bins."""
        rows = plan[i]
        if self._flat is None:
            cells = np.concatenate([self._rows[row] for row in rows])
        else:
            lengths = plan.lengths[rows]
            ends = np.cumsum(lengths)
            shift = np.repeat(self._starts[rows] - (ends - lengths), lengths)
            cells = self._flat.take(shift + np.arange(ends[-1]), axis=0)
        return fill_bins(cells, plan, i, self._fill)
