import numpy as np

more = -len(x) % 32
taken = np.arange(len(x) + more) % len(x)  # the first rows again
full_x, full_y = x[taken], y[taken]
weight = np.repeat([1.0, 0.0], [len(x), more])
model.fit(full_x, full_y, sample_weight=weight, batch_size=32, verbose=0)
answers = model.predict(full_x, batch_size=32, verbose=0)[: len(x)]
