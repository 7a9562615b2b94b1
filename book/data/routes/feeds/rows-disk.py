import math


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return math.ceil(len(x) / 32)  # not //

    def __getitem__(self, i):
        rows = slice(32 * i, 32 * (i + 1))
        return x[rows], y[rows]


model.fit(Batches(), verbose=0)
answers = model.predict(Batches(), verbose=0)
