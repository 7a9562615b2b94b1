import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(105, 20, 4)).astype("float32")  # 9 rows are left
y = rng.integers(0, 3, 105)
