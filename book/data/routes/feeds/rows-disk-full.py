import math

import numpy as np


class FullBatches(keras.utils.PyDataset):
    def __len__(self):
        return math.ceil(len(x) / 32)

    def __getitem__(self, i):
        rows = np.arange(32 * i, 32 * (i + 1))
        weight = (rows < len(x)).astype("float32")
        rows = rows % len(x)  # the first rows again
        return x[rows], y[rows], weight


model.fit(FullBatches(), verbose=0)
answers = model.predict(FullBatches(), verbose=0)[: len(x)]
