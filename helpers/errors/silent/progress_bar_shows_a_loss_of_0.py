import keras
import numpy as np
import tensorflow as tf


class Linear(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="zeros")
        self.mean = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.dense(x)

    def learn(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)), axis=-1)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return loss


class AsItComes(Linear):
    def train_step(self, data):
        return {"loss": self.learn(data)}


class Averaged(Linear):
    def train_step(self, data):
        self.mean.update_state(self.learn(data))
        return {"loss": self.mean.result()}

    @property
    def metrics(self):
        return [self.mean]


def broken():
    model, x, y = AsItComes(), np.ones((8, 1)), np.full((8, 1), 3.0)
    model.compile("sgd")
    return model, x, y


def mend():
    model, x, y = Averaged(), np.ones((8, 1)), np.full((8, 1), 3.0)
    model.compile("sgd")
    return model, x, y


def detect(model, x, y):
    before = float(np.mean((y - model.predict(x, verbose=0)) ** 2))
    return model.fit(x, y, batch_size=len(x), verbose=0).history["loss"][0], before
