import keras
import numpy as np


def provoke():
    class Images(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.ones((2, 8, (10, 10, 14)[index], 3)), np.ones((2, 3))

    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.GlobalMaxPooling2D()])
    model.predict(Images(), verbose=0)
