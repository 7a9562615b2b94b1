import keras
import numpy as np


def provoke():
    window = {"fft_length": 64, "sequence_length": 64, "sequence_stride": 16}
    keras.layers.MelSpectrogram(num_mel_bins=8, **window)(np.ones((2, 16)))


def mend():
    window = {"fft_length": 64, "sequence_length": 64, "sequence_stride": 16}
    spectrogram = keras.layers.MelSpectrogram(num_mel_bins=8, **window)
    layers = [keras.layers.Permute((2, 1)), keras.layers.SimpleRNN(2)]
    model = keras.Sequential([keras.Input((8, None)), *layers])
    sounds = [np.pad(np.ones((2, n)), ((0, 0), (0, max(0, 64 - n)))) for n in (16, 128)]
    return model, [(keras.ops.convert_to_numpy(spectrogram(x)), np.ones((2, 2))) for x in sounds]
