import numpy as np

from helpers.errors.situations.shared import Rows, small_model


def provoke():
    data = Rows(np.ones((41, 4)), np.ones((41, 1)))
    small_model().fit(data, validation_split=0.2, verbose=0)


def instead():
    model = small_model()

    def measured(rows):
        x, y = np.ones((rows, 4)), np.ones((rows, 1))
        n = rows // 5
        train, check = Rows(x[:-n], y[:-n]), Rows(x[-n:], y[-n:])
        model.fit(train, validation_data=check, verbose=0)
        return len(train.x), len(check.x), sorted(model.history.history)

    return [
        (measured(41), (33, 8, ["loss", "val_loss"])),
        (measured(9), (8, 1, ["loss", "val_loss"])),
    ]
