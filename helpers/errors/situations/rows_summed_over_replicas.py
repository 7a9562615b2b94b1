import numpy as np
import tensorflow as tf

ALONE = True  # the number of devices is set before the first tensor is made


def provoke():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    dataset = tf.data.Dataset.from_tensor_slices(np.ones((9, 4))).batch(4)
    for batch in strategy.experimental_distribute_dataset(dataset):
        squares = strategy.run(tf.square, (batch,))
        strategy.reduce("SUM", squares, axis=None)


def instead():
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    strategy = tf.distribute.MirroredStrategy(devices)

    def totals(rows):
        dataset = tf.data.Dataset.from_tensor_slices(np.ones((rows, 4))).batch(4)
        for batch in strategy.experimental_distribute_dataset(dataset):
            squares = strategy.run(tf.square, (batch,))
            yield float(strategy.reduce("SUM", strategy.run(tf.reduce_sum, (squares,)), axis=None))

    return [(list(totals(9)), [16.0, 16.0, 4.0]), (list(totals(8)), [16.0, 16.0])]
