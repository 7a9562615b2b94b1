import keras
from keras import layers

image = keras.Input((48, 64, 2))
h = layers.Conv2D(16, 8, strides=8)(image)  # a patch of 8 x 8 is a step
h = layers.Reshape((-1, 16))(h)
real = layers.Reshape((-1,))(layers.MaxPooling2D(8)(image[..., 1:]))
heads = layers.MultiHeadAttention(2, 8)
h = h + heads(h, h, attention_mask=real[:, None] > 0)
h = layers.GlobalAveragePooling1D()(h, mask=real > 0)
model = keras.Model(image, layers.Dense(3, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
