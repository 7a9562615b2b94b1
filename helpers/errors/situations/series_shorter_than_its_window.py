import keras
import numpy as np


def provoke():
    keras.utils.timeseries_dataset_from_array(np.ones(5), None, 2, sequence_stride=5)


def mend():
    model = keras.Sequential([keras.Input((3, 1)), keras.layers.SimpleRNN(1)])
    series = [np.ones((steps, 1)) for steps in (9, 2, 12)]
    long = [each for each in series if len(each) >= 3]
    windows = keras.utils.timeseries_dataset_from_array
    return model, [windows(each, each[2:], 3, sequence_stride=2) for each in long]
