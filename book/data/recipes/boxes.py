import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
images = rng.uniform(size=(16, 32, 32, 1)).astype("float32")
corners = [rng.uniform(0, 20, (n, 2)) for n in [0, 3, 1, 6] * 4]
boxes = [np.concatenate([c, c + 8], axis=1) for c in corners]
labels = [rng.integers(0, 3, len(c)) for c in corners]

padded = np.zeros((16, 6, 4), "float32")  # at most 6 boxes to an image
classes = np.full((16, 6), -1)  # -1: no box
for i, own in enumerate(boxes):
    padded[i, : len(own)], classes[i, : len(own)] = own, labels[i]
flip = layers.RandomFlip("horizontal", bounding_box_format="xyxy", seed=0)
given = {"boxes": padded, "labels": classes}
both = flip({"images": images, "bounding_boxes": given}, training=True)
moved, found = both["images"], both["bounding_boxes"]["boxes"]
weight = (classes >= 0).astype("float32")

image, box = keras.Input((32, 32, 1)), keras.Input((None, 4))
seen = layers.Conv2D(16, 3, activation="relu")(image)
seen = layers.Dense(16)(layers.GlobalAveragePooling2D()(seen))
h = layers.Dense(16, "relu")(box) + seen[:, None]  # the image, to each box
model = keras.Model([image, box], layers.Dense(3, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
y = np.maximum(classes, 0)  # any class: its weight is 0
model.fit([moved, found], y, sample_weight=weight, verbose=0)
answers = model.predict([images, padded], verbose=0)
