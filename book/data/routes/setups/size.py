import numpy as np

rng = np.random.default_rng(0)
sizes = [(48, 64), (40, 30), (24, 64), (33, 17)] * 10
images = [rng.uniform(size=(*size, 1)) for size in sizes]
images = [(x * rng.uniform(0, 9)).astype("float32") for x in images]
y = rng.integers(0, 3, 40)
