import keras
import numpy as np


def provoke():
    boxes = {"boxes": np.ones((1, 2, 4)), "labels": np.ones(2)}
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")
    flip({"images": np.ones((1, 8, 8, 3)), "bounding_boxes": boxes}, training=True)


def instead():
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")

    def flipped(images, boxes, labels):
        most = max(map(len, boxes))
        boxes = np.stack([np.pad(each, ((0, most - len(each)), (0, 0))) for each in boxes])
        fill = {"constant_values": -1}
        labels = np.stack([np.pad(each, (0, most - len(each)), **fill) for each in labels])
        assert boxes.shape[:-1] == labels.shape
        batch = {"images": images, "bounding_boxes": {"boxes": boxes, "labels": labels}}
        return keras.ops.convert_to_numpy(flip(batch, training=True)["bounding_boxes"]["labels"])

    box = np.array([0, 0, 3, 4])
    two, one, none = np.stack([box, box]), box[None], np.zeros((0, 4))
    return [
        (flipped(np.ones((2, 8, 8, 3)), [two, one], [[3, 5], [4]]).tolist(), [[3, 5], [4, -1]]),
        (flipped(np.ones((2, 6, 9, 3)), [one, none], [[2], []]).tolist(), [[2.0], [-1.0]]),
    ]
