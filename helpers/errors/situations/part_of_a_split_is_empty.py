import numpy as np

from helpers.errors.situations.shared import small_model


def provoke():
    small_model().fit(np.ones((1, 4)), np.ones(1), validation_split=0.2, verbose=0)


def instead():
    model = small_model()

    def measured(rows):
        x, y = np.ones((rows, 4)), np.ones(rows)
        n = max(1, len(x) // 5)
        check = x[-n:], y[-n:]
        model.fit(x[:-n], y[:-n], validation_data=check, verbose=0)
        return len(x[:-n]), len(check[0]), sorted(model.history.history)

    return [
        (measured(2), (1, 1, ["loss", "val_loss"])),
        (measured(12), (10, 2, ["loss", "val_loss"])),
    ]
