import keras
import numpy as np
from keras import layers

texts = ["a good film", "dull", "not a good film at all", "so very dull"]
y = np.array([1, 0, 0, 0])  # is it praise?
words = sorted({word for text in texts for word in text.split()})
number = {word: i + 2 for i, word in enumerate(words)}


def ids(texts):  # 0 is padding, 1 is any word that is not known
    rows = [[number.get(word, 1) for word in t.split()] for t in texts]
    return keras.utils.pad_sequences(rows, padding="post")


model = keras.Sequential(
    [
        keras.Input((None,)),
        layers.Embedding(len(number) + 2, 16, mask_zero=True),
        layers.Bidirectional(layers.LSTM(16)),
        layers.Dense(1, "sigmoid"),
    ]
)
model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
model.fit(ids(texts), y, epochs=40, verbose=0)
answers = model.predict(ids(["a good film", "not a good plot"]), verbose=0)
