"""A right call of every public function, as a start for wrong ones."""

import types

import keras
import numpy as np
from drawn_plots import small_plot

import helpers
from helpers import (
    augmentation,
    batching,
    data,
    devices,
    errors,
    explore,
    feeding,
    figures,
    images,
    labs,
    masking,
    padding,
)

L = keras.layers
LENGTHS = [3, 1, 2, 5, 4]
ROWS = [[1, 2, 3], [4], [5, 6], [1, 2, 3, 4, 5], [1, 2, 3, 4]]
SIZES = [[4, 6], [5, 3], [2, 2]]
PICTURES = [np.ones(size, "float32") for size in SIZES]
PLAN = batching.bucketed(LENGTHS, 2, [3, 5], shuffle=0)
PACKED = batching.packed(LENGTHS, 5, 2)
MASK = [[True, True, False], [True, False, False]]
CONV = [L.Conv2D(1, 3), L.MaxPooling2D(2)]
STACK = [("conv", 3, 1), ("pool", 2, 2)]
LOGITS = np.zeros((2, 5, 4), "float32")
REACH = {"steps": 5, "padding": 3, "kernel": 3, "layers": 2, "zeros": True}
TEXT = {"title": "A title", "caption": "A caption.", "alt": "What it shows"}


class Task:
    """A tiny model, made when it is first needed."""

    made = None

    @classmethod
    def model(cls):
        if cls.made is None:
            inputs = keras.Input((None, 2))
            cls.made = keras.Model(inputs, L.LSTM(2)(L.Masking()(inputs)))
        return cls.made


def _expected(exceptions, shows, says):
    with errors.expected(exceptions, shows=shows, says=says):
        raise ValueError("a shape")


def _warned(shows, says, category):
    import warnings

    with errors.warned(shows=shows, says=says, category=category):
        warnings.warn("a shape", UserWarning, stacklevel=2)


def _first_batch(**arguments):
    return next(iter(feeding.tf_dataset(**arguments)))


def _gauge(rows=8):
    return {"rows": rows}


def _planned(**arguments):
    return feeding.PlannedDataset(**arguments)[0]


def _packed(**arguments):
    return feeding.PackedDataset(**arguments)[0]


def _explored(frame, controls, title, caption):
    return explore.Explorer(frame, controls, title, caption).html()


def _loss(loss, per, mean_length, name):
    return masking.SequenceLoss(loss, per=per, mean_length=mean_length, name=name)(
        np.zeros((2, 3, 1)), np.zeros((2, 3, 1))
    )


def _metric(fn, per, name):
    return masking.SequenceMetric(fn, per=per, name=name)(np.zeros((2, 3, 1)), np.zeros((2, 3, 1)))


FEED = {
    "x": ROWS,
    "y": [1, 2, 3, 4, 5],
    "sample_weight": [1.0, 2.0, 1.0, 1.0, 0.5],
    "value": 0,
    "store": True,
}
DATASET = {"plan": PLAN, **FEED, "length": 6, "side": "post", "augment": None}
WORKERS = {"workers": 1, "use_multiprocessing": False, "max_queue_size": 10}
# the rows' dtype says what a value may be; a Path is a path; a number may come as an array
ANY_KIND = {"value", "path", "runs", "answer"}
FREE = {  # a function of the caller's raises what it likes
    ("feeding.PlannedDataset", "augment"),
    ("feeding.tf_dataset", "augment"),
    ("explore.Explorer", "frame"),
    ("augmentation.check_contract", "rule"),
}
FRAME = figures.Drawing("", 10, "nothing")

# name: what is called, and with what; what is called dear is not called in every run of the tests
CALLS = {
    "batching.fixed": (
        batching.fixed,
        {"n": 5, "batch_size": 2, "tail": "pad", "shuffle": 0, "lengths": LENGTHS},
    ),
    "batching.bucketed": (
        batching.bucketed,
        {"lengths": LENGTHS, "batch_size": 2, "boundaries": [3, 5], "most_cells": 10, "shuffle": 0},
    ),
    "batching.bucketed images": (
        batching.bucketed,
        {"lengths": SIZES, "batch_size": 2, "boundaries": [[4, 6], [6, 4]], "tail": "pad"},
    ),
    "batching.grouped": (
        batching.grouped,
        {"lengths": LENGTHS, "batch_size": 2, "window": 2, "tail": "pad", "shuffle": 0},
    ),
    "batching.token_budget": (
        batching.token_budget,
        {"lengths": LENGTHS, "budget": 10, "boundaries": [3, 5], "tail": "keep", "shuffle": 0},
    ),
    "batching.packed": (
        batching.packed,
        {"lengths": LENGTHS, "capacity": 6, "batch_size": 2, "tail": "keep", "shuffle": 0},
    ),
    "batching.ladder": (batching.ladder, {"lengths": LENGTHS, "k": 3, "cost": "linear"}),
    "batching.geometric_ladder": (batching.geometric_ladder, {"lengths": LENGTHS, "k": 3}),
    "batching.quantile_ladder": (batching.quantile_ladder, {"lengths": LENGTHS, "k": 3}),
    "batching.lengths": (batching.lengths, {"rows": ROWS}),
    "batching.recommend": (
        batching.recommend,
        {
            "lengths": LENGTHS,
            "model_or_cost": "linear",
            "batch_size": 2,
            "jit": False,
            "shuffle": 0,
            "most_cells": 10,
            "quantiles": True,
        },
    ),
    "batching.expected_cost": (
        batching.expected_cost,
        {"lengths": LENGTHS, "batch_size": 2, "kind": "steps"},
    ),
    "Plan.epoch": (lambda k: PLAN.epoch(k), {"k": 1}),
    "Plan.cost": (lambda kind: PLAN.cost(kind), {"kind": "steps"}),
    "Plan.weights": (lambda i: PLAN.weights(i), {"i": 1}),
    "Plan.batch": (lambda i: PLAN[i], {"i": 1}),
    "Plan.restore": (lambda outputs: PLAN.restore(outputs), {"outputs": [1, 2, 3, 4, 5]}),
    "PackedPlan.epoch": (lambda k: PACKED.epoch(k), {"k": 1}),
    "PackedPlan.cost": (lambda kind: PACKED.cost(kind), {"kind": "linear"}),
    "PackedPlan.places": (lambda i: PACKED.places(i), {"i": 0}),
    "PackedPlan.restore": (lambda outputs: PACKED.restore(outputs), {"outputs": [1, 2, 3, 4, 5]}),
    "padding.pad": (
        padding.pad,
        {"rows": ROWS, "length": 4, "axes": 1, "side": "post", "value": 0, "truncate": "post"},
    ),
    "padding.pad images": (padding.pad, {"rows": PICTURES, "length": (6, 6), "axes": 2}),
    "padding.unpad": (padding.unpad, {"array": np.ones((2, 3)), "mask": MASK}),
    "padding.pack": (padding.pack, {"rows": ROWS, "plan": PACKED, "i": 0, "value": 0}),
    "padding.unpack": (padding.unpack, {"array": np.ones((2, 5)), "plan": PACKED, "i": 0}),
    "padding.as_rows": (padding.as_rows, {"rows": ROWS, "axes": 1}),
    "padding.fill_value": (
        lambda value: padding.fill_value(value, np.dtype("float32")),
        {"value": 1.0},
    ),
    "padding.check_options": (padding.check_options, {"length": 3, "side": "post", "axes": 1}),
    "padding.check_packed": (padding.check_packed, {"plan": PACKED}),
    "padding.fitted_size": (
        padding.fitted_size,
        {"size": (20, 30), "box": (16, 16), "enlarge": True},
    ),
    "padding.segments_of": (padding.segments_of, {"plan": PACKED, "i": 0}),
    "feeding.PlannedDataset": (_planned, {**DATASET, **WORKERS}),
    "feeding.PlannedDataset array": (
        _planned,
        {"plan": PLAN, "x": np.ones((5, 2)), "y": {"a": [1, 2, 3, 4, 5]}},
    ),
    "feeding.PackedDataset": (_packed, {"plan": PACKED, **FEED, "y": ROWS, **WORKERS}),
    "feeding.tf_dataset": (_first_batch, DATASET),
    "feeding.rows_seen": (feeding.rows_seen, {"batches": [(ROWS, np.arange(5))], "n": 5}),
    "feeding.prediction_gap": (  # what Keras makes of the data is Keras's to say
        lambda model: feeding.prediction_gap(model, np.ones((2, 1)), np.ones((2, 1))),
        {"model": types.SimpleNamespace(predict=lambda x, verbose: x)},
    ),
    "feeding.PlannedDataset.epoch": (
        lambda epoch: setattr(feeding.PlannedDataset(PLAN, ROWS), "epoch", epoch),
        {"epoch": 1},
    ),
    "feeding.PlannedDataset.batch": (
        lambda index: feeding.PlannedDataset(PLAN, ROWS)[index],
        {"index": 1},
    ),
    "feeding.augment": (
        lambda augment: feeding.PlannedDataset(PLAN, ROWS, augment=lambda row: augment)[0],
        {"augment": [1, 2]},
    ),
    "data.japanese_vowels": (data.japanese_vowels, {"split": "train"}),
    "data.digit_strings": (
        data.digit_strings,
        {"count": 2, "digits": (1, 3), "heights": (8, 10), "split": "train", "seed": 0},
    ),
    "data.texture_crops": (
        data.texture_crops,
        {"count": 2, "size": (32, 48), "split": "train", "seed": 0},
    ),
    "data.texture_scales": (
        data.texture_scales,
        {"count": 2, "size": (24, 32), "scales": (1, 2), "split": "train", "seed": 0},
    ),
    "data.random_lengths": (
        data.random_lengths,
        {"count": 3, "kind": "lognormal", "mean": 6.0, "maximum": 12, "seed": 0},
    ),
    "figures.css": (figures.css, {"role": "batch"}),
    "figures.Drawing": (
        lambda **arguments: figures.Drawing(**arguments).html,
        {"body": "", "height": 10.0, "width": 20.0, **TEXT},
    ),
    "figures.figcaption": (figures.figcaption, {"title": "A title", "caption": "A caption."}),
    "figures.svg_element": (
        figures.svg_element,
        {"body": "", "width": 10.0, "height": 10.0, "alt": "A", "key": "a", "widest": 405.0},
    ),
    "figures.plot": (figures.plot, {"fig": small_plot(), "alt": "It rises", "caption": "A line."}),
    "figures.style": (figures.style, {}),
    "figures.bars": (
        figures.bars,
        {"values": {"a": 1.0, "b": 2.0}, "wrong": ("a",), "form": "{:g}", **TEXT},
    ),
    "figures.draw_curves": (
        figures.draw_curves,
        {
            "series": {"a": [1.0, 2.0], "b": [2.0, 3.0]},
            "x": "epoch",
            "y": "loss",
            "from_zero": True,
            "form": "{:.2f}",
            **TEXT,
        },
    ),
    "figures.column_spans": (
        figures.column_spans,
        {"width": 13, "layers": STACK, "padding": "same"},
    ),
    "figures.column_cells": (
        figures.column_cells,
        {"x": 1.0, "y": 1.0, "cell": 9.0, "real": 2, "total": 3, "paint": "red", "height": 9.0},
    ),
    "figures.draw_columns": (
        figures.draw_columns,
        {
            "image": np.ones((4, 13)),
            "layers": STACK,
            "padded": 20,
            "padding": "valid",
            "alone": True,
            "view": (0.0, 20.0),
            "ink": 1.0,
            **TEXT,
        },
    ),
    "figures.draw_plan": (figures.draw_plan, {"plan": PLAN, **TEXT}),
    "figures.describe_plan": (figures.describe_plan, {"plan": PLAN}),
    "figures.compare_plans": (figures.compare_plans, {"plans": {"a": PLAN}, **TEXT}),
    "figures.draw_batches": (figures.draw_batches, {"plan": PLAN, "longest": 9, **TEXT}),
    "figures.describe_batches": (figures.describe_batches, {"plan": PLAN}),
    "figures.draw_images": (
        figures.draw_images,
        {
            "images": [np.ones((6, 6))] * 2,
            "sizes": [[4, 6], [5, 3]],
            "boxes": [[[0, 0, 2, 2]], []],
            "names": ["a", "b"],
            "ink": 1.0,
            **TEXT,
        },
    ),
    "figures.draw_images padded": (
        figures.draw_images,
        {"images": PICTURES, "padded": (6, 6), "sizes": None},
    ),
    "figures.describe_images": (
        figures.describe_images,
        {"images": PICTURES, "padded": (6, 6), "boxes": [[], [], []], "names": ["a", "b", "c"]},
    ),
    "figures.pixels": (
        figures.pixels,
        {"image": np.ones((2, 3)), "x": 1.0, "y": 1.0, "scale": 2.0, "ink": 1.0},
    ),
    "figures.draw_photos": (
        figures.draw_photos,
        {
            "images": PICTURES,
            "names": ["a", "b", "c"],
            "sizes": SIZES,
            "boxes": [[[0, 0, 2, 2]], [], []],
            "masks": [None, None, np.ones((2, 2), int)],
            "wrong": (1,),
            "clip": False,
            "scale": 2.0,
            "white": 1.0,
            **TEXT,
        },
    ),
    "figures.describe_photos": (
        figures.describe_photos,
        {"images": {"a": [np.ones((2, 3))] * 3}, "wrong": (1,), "clip": True},
    ),
    "figures.draw_padded": (
        figures.draw_padded,
        {"mask": MASK, "values": [[1, 2, 0], [3, 0, 0]], "seen": MASK, **TEXT},
    ),
    "figures.describe_padded": (figures.describe_padded, {"mask": MASK, "seen": MASK}),
    "figures.draw_reach": (figures.draw_reach, {**REACH, **TEXT}),
    "figures.reach": (figures.reach, REACH),
    "figures.step_cells": (
        figures.step_cells,
        {"x": 1.0, "y": 1.0, "cell": 9.0, "real": MASK[0], "values": ["a", "b", "c"]},
    ),
    "figures.draw_mask_path": (
        figures.draw_mask_path,
        {"steps": [("Masking", "born"), ("LSTM", "consumed")], **TEXT},
    ),
    "explore.Control": (
        explore.Control,
        {"name": "a", "label": "A", "values": (1, 2), "default": 1},
    ),
    "explore.Explorer": (
        _explored,
        {
            "frame": lambda a: FRAME,
            "controls": (explore.Control("a", "A", (1, 2), 1),),
            "title": "A title",
            "caption": "A caption.",
        },
    ),
    "explore.leaky_states": (
        explore.leaky_states,
        {"inputs": np.ones((2, 3)), "mask": np.array(MASK)},
    ),
    "devices.read_runs": (devices.read_runs, {"path": "nowhere.json"}),
    "devices.gpu_cell": (
        devices.gpu_cell,
        {"function": _gauge, "small": {"rows": 3}, "runs": "nowhere.json"},
    ),
    "augmentation.alignment_cards": (
        augmentation.alignment_cards,
        {
            "count": 2,
            "size": (16, 24),
            "channels": 1,
            "value_range": (0.0, 1.0),
            "classes": (1, 2),
            "seed": 0,
        },
    ),
    "augmentation.check_contract": (
        augmentation.check_contract,
        {
            "batches": [np.ones((2, 3), "float32")],
            "declared": augmentation.Declared((None, 3), "float32", 0, 1),
            "limit": 1,
            "aligned": None,
            "rule": lambda batch: None,
        },
    ),
    "augmentation.Declared": (
        augmentation.Declared,
        {"shape": (None, 3), "dtype": "float32", "low": 0.0, "high": 1.0},
    ),
    "augmentation.letterbox": (
        augmentation.letterbox,
        {
            "images": PICTURES,
            "size": (6, 6),
            "enlarge": True,
            "value": 0.0,
            "interpolation": "bilinear",
            "antialias": False,
        },
    ),
    "augmentation.pad_to_bucket": (
        augmentation.pad_to_bucket,
        {"images": PICTURES, "boxes": [[6, 6]], "value": 0.0},
    ),
    "augmentation.OneDraw": (augmentation.OneDraw, {"layers": L.RandomFlip(), "mask_value": 0}),
    "images.bucket_sizes": (images.bucket_sizes, {"sizes": SIZES, "count": 2, "by": "width"}),
    "images.greedy_decode": (
        lambda logits, lengths: images.greedy_decode(logits, lengths),
        {"logits": LOGITS, "lengths": [5, 4]},
    ),
    "images.greedy_decode mask": (
        lambda logits, mask: images.greedy_decode(logits, mask=mask),
        {"logits": LOGITS, "mask": np.ones((2, 5), bool)},
    ),
    "images.CTCLoss": (
        lambda y_true, y_pred: images.CTCLoss()(y_true, y_pred),
        {"y_true": np.array([[1, 2], [1, 0]]), "y_pred": LOGITS},
    ),
    "images.CTCLoss()": (images.CTCLoss, {"reduction": "sum", "name": "ctc"}),
    "images.ExactMatch": (
        lambda y_true, y_pred: images.ExactMatch()(y_true, y_pred),
        {"y_true": np.array([[1, 2], [1, -1]]), "y_pred": LOGITS},
    ),
    "images.ink_boxes": (
        images.ink_boxes,
        {"image": np.eye(6), "threshold": 0.0, "gap": 1, "smallest": 1, "widest": 6},
    ),
    "images.output_sizes": (images.output_sizes, {"layers": CONV, "sizes": [[8, 9], [9, 12]]}),
    "images.smallest_size": (images.smallest_size, {"layers": CONV}),
    "images.strides": (images.strides, {"layers": CONV}),
    "images.steps_needed": (images.steps_needed, {"labels": [[1, 2], [3]]}),
    "images.pad_boxes": (
        images.pad_boxes,
        {
            "boxes": [[[0, 0, 2, 2]], [], []],
            "sizes": SIZES,
            "most": 2,
            "overflow": "first",
            "outside": "clip",
        },
    ),
    "images.PerFrame": (images.PerFrame, {"layer": L.Dense(1)}),
    "images.SizedStack": (images.SizedStack, {"layers": CONV}),
    "images.CropRegions": (images.CropRegions, {"size": (2, 3), "stride": (1, 1)}),
    "images.ToSequence": (images.ToSequence, {"order": "columns", "across": "mean"}),
    "masking.lengths_from_mask": (masking.lengths_from_mask, {"mask": MASK}),
    "masking.mask_from_lengths": (
        masking.mask_from_lengths,
        {"lengths": [3, 1], "steps": np.int64(4), "side": "post"},  # a tensor may be one, too
    ),
    "masking.strided_lengths": (
        masking.strided_lengths,
        {
            "lengths": [9, 3],
            "kernel_size": 3,
            "strides": 2,
            "padding": "valid",
            "dilation_rate": 1,
        },
    ),
    "masking.segment_mask": (masking.segment_mask, {"segments": [[1, 1, 2], [1, 0, 0]]}),
    "masking.SequenceLoss": (
        _loss,
        {"loss": "mse", "per": "step", "mean_length": 3.0, "name": "loss"},
    ),
    "masking.SequenceLoss call": (
        lambda **arguments: masking.SequenceLoss("mse")(**arguments),
        {
            "y_true": np.zeros((2, 3, 1)),
            "y_pred": np.ones((2, 3, 1)),
            "sample_weight": np.ones((2, 3)),
        },
    ),
    "masking.SequenceMetric": (_metric, {"fn": "mse", "per": "step", "name": "metric"}),
    "masking.KeepMask": (masking.KeepMask, {"layer": L.Conv1D(1, 3)}),
    "masking.padding_leak": (
        lambda **arguments: masking.padding_leak(Task.model(), **arguments),
        {
            "rows": [np.ones((3, 2), "float32"), np.ones((4, 2), "float32")],
            "lengths": None,
            "sides": ("post",),
            "amounts": (1,),
            "value": 0,
            "seeds": 1,
            "weights": "random",
            "check": ("outputs",),
            "loss": None,
            "tolerance": 1e-4,
        },
    ),
    "masking.padding_leak model": (
        lambda model: masking.padding_leak(model, [np.ones((3, 2), "float32")]),
        {"model": L.Dense(1)},
    ),
    "masking.trace": (
        lambda **arguments: masking.trace(Task.model(), **arguments),
        {"batch": np.ones((2, 3, 2), "float32"), "lengths": [3, 2], "predict": False},
    ),
    "masking.trace model": (
        lambda model: masking.trace(model, np.ones((2, 3, 2))),
        {"model": L.Dense(1)},
    ),
    "errors.find": (errors.find, {"error": "expected ndim=3, found ndim=2"}),
    "errors.explain": (errors.explain, {"error": "expected ndim=3, found ndim=2"}),
    "errors.fold": (errors.fold, {"text": "a text"}),
    "errors.expected": (_expected, {"exceptions": ValueError, "shows": "shape", "says": "a shape"}),
    "errors.warned": (_warned, {"shows": "shape", "says": "a", "category": UserWarning}),
    "helpers.explain": (helpers.explain, {"error": "expected ndim=3, found ndim=2"}),
    "labs.check": (lambda task: labs.check(task, ...), {"task": "tail-batches/count"}),
    "labs.summary": (labs.summary, {"lab": "tail-batches"}),
    "labs.check_number": (
        labs.check_number,
        {"answer": 3, "expected": 3.0, "name": "floor", "atol": 0.1, "hint": "count"},
    ),
    "labs.check_rows_seen": (labs.check_rows_seen, {"seen": [0, 1, 2], "n": 3, "name": "rows"}),
    "labs.check_same_rows": (
        labs.check_same_rows,
        {
            "answer": np.ones((2, 3)),
            "expected": np.ones((2, 3)),
            "axes": ("batch", "time"),
            "name": "outputs",
            "atol": 0.1,
        },
    ),
    "labs.check_shape": (
        labs.check_shape,
        {"answer": (2, 3), "expected": {"batch": 2, "time": 3}, "name": "shape", "hint": "x"},
    ),
    "labs.spell_rows": (labs.spell_rows, {"rows": [1, 2, 3], "most": 3}),
}
# Not called: what only holds what it is given, takes nothing, measures, or hooks into IPython.
LEFT_OUT = {
    "augmentation": {"Bucket", "ContractError", "Kept", "fitted_size"},
    "batching": {"Advice", "Option", "PackedPlan", "Plan"},
    "data": {"digits", "photographs", "plaid_lengths", "textures"},
    "devices": {"Cell", "Gpu", "Result", "Run", "gpu", "main", "record"},
    "errors": {
        "Entry",
        "Explanation",
        "catalogue",
        "load_ipython_extension",
        "unload_ipython_extension",
    },
    "explore": {
        f"{name}_explorer"
        for name in ("fit", "image", "mask", "plan", "shape", "tail", "value_range")
    },
    "labs": {"Wrong", "first_line", "hand_over", "rows_shown"},
    "masking": {"Leak", "Mask", "Side", "Step", "Trace"},
    "padding": {"Packed", "fill_bins"},
}
