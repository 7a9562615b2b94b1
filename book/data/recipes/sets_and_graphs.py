import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(0)
nodes = [rng.normal(size=(n, 4)).astype("float32") for n in [3, 7, 5] * 6]
edges = [rng.random((len(n), len(n))) < 0.4 for n in nodes]
y = rng.integers(0, 2, len(nodes))


def batch(nodes, edges):
    most = max(map(len, nodes))
    x = np.zeros((len(nodes), most, 5), "float32")
    a = np.zeros((len(nodes), most, most), "float32")
    for i, (own, joined) in enumerate(zip(nodes, edges, strict=True)):
        x[i, : len(own)] = np.c_[own, np.ones(len(own))]  # 1: a real node
        a[i, : len(own), : len(own)] = joined
    return [x, a / np.maximum(1, a.sum(axis=-1, keepdims=True))]


x, a = keras.Input((None, 5)), keras.Input((None, None))
real = x[..., -1:]
h = x
for _ in range(2):  # each node, and the mean of its neighbours
    near = ops.matmul(a, layers.Dense(16)(h))
    h = ops.relu(layers.Dense(16)(h) + near)
mean = ops.sum(h * real, axis=1) / ops.sum(real, axis=1)
model = keras.Model([x, a], layers.Dense(2, "softmax")(mean))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(batch(nodes, edges), y, verbose=0)
answers = model.predict(batch(nodes, edges), verbose=0)
