import keras
from keras import layers

stack = [layers.Masking(), layers.LSTM(16), layers.Dense(3, "softmax")]
model = keras.Sequential([keras.Input((None, 4)), *stack])
model.compile("adam", "sparse_categorical_crossentropy")
