import keras
import tensorflow as tf


def provoke():
    # Keras's own check, called as a GPU would: a CPU never gets there.
    from keras.src.backend.tensorflow.rnn import _assert_valid_mask

    tokens = keras.utils.pad_sequences([[1, 2, 3], [4]])
    _assert_valid_mask(tf.constant(tokens != 0))
