"""The models whose epochs are timed."""

VOCABULARY = 1000


def lstm():
    """Return an LSTM of 64 units over embedded tokens, one number for each row."""
    import keras

    return _compiled(
        [
            keras.layers.Embedding(VOCABULARY, 32, mask_zero=True),
            keras.layers.LSTM(64),
            keras.layers.Dense(1),
        ]
    )


def conv1d():
    """Return a convolution of 128 filters over embedded tokens, one number for each row."""
    import keras

    return _compiled(
        [
            keras.layers.Embedding(VOCABULARY, 128),
            keras.layers.Conv1D(128, 7, padding="same", activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(1),
        ]
    )


def transformer(packed: bool = False):
    """Return one transformer block over embedded tokens, one number for each token.

    It is a layer of the base Transformer at an eighth of its width: 64, 8 heads, 256 inside.

    Args:
        packed: Take what `helpers.feeding.PackedDataset` gives, and let a token see its own row.
    """
    import keras
    from keras import layers

    tokens = keras.Input((None,), dtype="int32", name="values")
    inputs, mask = tokens, None
    if packed:
        from helpers.masking import segment_mask

        segments = keras.Input((None,), dtype="int32", name="segments")
        positions = keras.Input((None,), dtype="int32", name="positions")
        inputs = {"values": tokens, "segments": segments, "positions": positions}
        mask = segment_mask(segments)
    x = layers.Embedding(VOCABULARY, 64, mask_zero=not packed)(tokens)
    attended = layers.MultiHeadAttention(8, 8)(x, x, attention_mask=mask)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    dense = layers.Dense(64)(layers.Dense(256, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, dense]))
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile("adam", "mse", jit_compile=False)
    return model


def _compiled(layers: list):
    import keras

    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile("adam", "mse", jit_compile=False)
    return model
