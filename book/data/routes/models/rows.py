import keras
from keras import layers

stack = [layers.LSTM(16), layers.Dense(3, "softmax")]  # or any other model
model = keras.Sequential([keras.Input((20, 4)), *stack])
loss = "sparse_categorical_crossentropy"
model.compile("adam", loss, weighted_metrics=["accuracy"])
