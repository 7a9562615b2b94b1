import numpy as np

rng = np.random.default_rng(0)
sizes = [(48, 64), (40, 30), (24, 64), (33, 17)] * 10
images = [rng.uniform(size=(*n, 1)).astype("float32") for n in sizes]
y = rng.integers(0, 3, 40)
