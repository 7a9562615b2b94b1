import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
table = rng.normal(size=(40, 3)).astype("float32")  # a customer a row
orders = [rng.uniform(1, 9, (n, 2)) for n in rng.integers(0, 15, 40)]
orders[0] = np.zeros((0, 2))  # a new customer: no order yet
y = rng.integers(0, 2, 40)


def batch(table, orders):
    most = max(1, max(map(len, orders)))  # an LSTM needs one step at least
    history = np.zeros((len(orders), most, 2), "float32")
    for padded, own in zip(history, orders, strict=True):
        padded[: len(own)] = own
    return {"table": table, "history": history}


columns = keras.Input((3,), name="table")
history = keras.Input((None, 2), name="history")
h = layers.LSTM(16)(layers.Masking()(history))  # one vector a row
h = layers.Concatenate()([layers.Dense(16, "relu")(columns), h])
answer = layers.Dense(2, "softmax")(h)
model = keras.Model({"table": columns, "history": history}, answer)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(batch(table, orders), y, verbose=0)
answers = model.predict(batch(table, orders), verbose=0)
