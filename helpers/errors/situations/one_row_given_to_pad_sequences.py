import keras


def provoke():
    keras.utils.pad_sequences([4, 2, 7])


def instead():
    def padded(row):
        return keras.utils.pad_sequences([row], maxlen=5, padding="post")

    return [
        (padded([4, 2, 7]).tolist(), [[4, 2, 7, 0, 0]]),
        (padded(range(1, 5)).tolist(), [[1, 2, 3, 4, 0]]),
    ]
