import keras


def provoke():
    keras.utils.pad_sequences([["a", "word"], ["two", "more", "words"]], value="")


def instead():
    ids = keras.layers.StringLookup(mask_token="", vocabulary=["a", "word", "two", "words"])

    def padded(rows):
        rows = [keras.ops.convert_to_numpy(ids(row)) for row in rows]
        return keras.utils.pad_sequences(rows, padding="post").tolist()

    return [
        (padded([["a", "word"], ["two", "more", "words"]]), [[2, 3, 0], [4, 1, 5]]),
        (padded([["words"]]), [[5]]),
    ]
