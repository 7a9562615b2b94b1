import numpy as np

rng = np.random.default_rng(0)
counts = rng.integers(5, 41, 70)
rows = [rng.normal(size=(n, 4)).astype("float32") for n in counts]
for row in rows:
    row[:, -1] = 1  # so that no item is all zeros, as padding is
y = rng.integers(0, 3, 70)
