import keras
import numpy as np
import tensorflow as tf


def provoke():
    class Images(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.ones((2, 8, (10, 10, 14)[index], 3)), np.ones((2, 3))

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.GlobalMaxPooling2D()])
    model.predict(Images(), verbose=0)


def mend():
    layers = [keras.layers.Conv1D(2, 3), keras.layers.GlobalMaxPooling1D()]

    def dataset(*lengths):
        def batches():
            return ((np.ones((2, steps, 3)), np.ones((2, 2))) for steps in lengths)

        signature = tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 2))
        return tf.data.Dataset.from_generator(batches, output_signature=signature)

    model = keras.Sequential([keras.Input((None, 3)), *layers])
    return model, [dataset(5, 7), dataset(5, 5, 4)]
