import keras


def provoke():
    class Positions(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(shape[1], shape[2]), name="table")

        def call(self, x):
            return x + self.table

    keras.Sequential([keras.Input((None, 4)), Positions()])


def mend():
    class Positions(keras.layers.Layer):
        def build(self, shape):  # 20 steps: as many as the longest row has
            self.table = self.add_weight(shape=(20, shape[-1]), name="table")

        def call(self, x):
            steps = keras.ops.arange(keras.ops.shape(x)[1])
            return x + keras.ops.take(self.table, steps, axis=0)

    layers = [Positions(), keras.layers.GlobalAveragePooling1D()]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    return model, [(2, 12, 4), (2, 9, 4)]
