"""RE209: the model meets a fault of the installed Keras."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.known_faults import met
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE209",
    name="keras-fault",
    severity="error",
    title="The model meets a fault of the installed Keras",
    does=(
        "Runs layers that are known to be wrong on some version or backend: on a few rows, at two "
        "sizes, with pictures that show what was done. A layer that does right here passes."
    ),
    why=(
        "Your program is right, and what comes out is wrong: steps are lost, boxes lie beside "
        "their objects, rows become one. Mostly nothing is raised."
    ),
    fix="Take another layer, or a version of Keras without the fault.",
    chapter="images-to-sequences#clips",
)


def check(subject: Subject) -> Iterator[Found]:
    """Run each layer that may have a fault."""
    found, failed, runs = [], [], 0
    told = set()
    for fault, layer, run in met(subject):
        runs += 1
        try:
            measured = run()
        except Undecided:
            raise
        except Exception as error:
            failed.append(f"{layer.name} cannot be run alone: {first_line(error)}")
            continue
        if measured and (fault.wrong, layer.name) not in told:
            told.add((fault.wrong, layer.name))
            what = f"{type(layer).__name__} has a fault in Keras {keras.__version__} on "
            found.append(
                Found(
                    f"{what}{keras.backend.backend()}: {fault.wrong} (seen in {fault.seen})",
                    f"layer {layer.name}",
                    measured,
                    fault.way,
                )
            )
    if not runs:
        raise NothingToCheck("no layer here is known to have a fault")
    if not found and failed:
        raise Undecided(failed[0])
    yield from found


class _Boxes(keras.utils.PyDataset):
    """Pictures that are drawn with their boxes."""

    def __init__(self, layer: keras.Layer):
        super().__init__()
        self.layer = layer
        self.x = np.random.default_rng(0).random((4, 16, 16, 1)).astype("float32")

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple:
        boxes = {
            "boxes": np.tile(np.array([2, 4, 9, 8], "float32"), (4, 1, 1)),
            "labels": np.ones((4, 1)),
        }
        drawn = self.layer({"images": self.x, "bounding_boxes": boxes}, training=True)
        y = keras.ops.convert_to_numpy(drawn["bounding_boxes"]["boxes"])[:, 0]
        return keras.ops.convert_to_numpy(drawn["images"]), y


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(4))
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Let RandomShear move bounding boxes."""
    shear = keras.layers.RandomShear(0.3, 0.3, bounding_box_format="xyxy", seed=0)
    return {"model": _model(), "data": _Boxes(shear), "select": "RE2"}


def mended() -> dict:
    """Move them by a layer that moves both alike."""
    shift = keras.layers.RandomTranslation(0.3, 0.3, bounding_box_format="xyxy", seed=0)
    return {"model": _model(), "data": _Boxes(shift), "select": "RE2"}
