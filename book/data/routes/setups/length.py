import numpy as np

rng = np.random.default_rng(0)
lengths = rng.integers(5, 41, 70)
rows = [rng.normal(size=(n, 4)).astype("float32") for n in lengths]
y = rng.integers(0, 3, 70)
