import keras


def broken():
    rows = [[3, 4, 5, 6, 7], [8, 9]]
    x = keras.utils.pad_sequences(rows, maxlen=4, padding="post")
    return x, rows


def mend():
    rows = [[3, 4, 5, 6, 7], [8, 9]]
    x = keras.utils.pad_sequences(rows, maxlen=4, padding="post", truncating="post")
    return x, rows


def detect(x, rows):
    return x[:, 0].tolist(), [row[0] for row in rows]
