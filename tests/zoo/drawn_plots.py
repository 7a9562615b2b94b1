"""The kinds of plots that chapters show, drawn by Matplotlib in the shape language."""

import numpy as np

from helpers import figures


def small_plot():
    """A line that rises, of no style."""
    from matplotlib.figure import Figure

    fig = Figure()
    fig.subplots().plot([1, 2])
    return fig


def lines():
    """Two curves, a legend, a text at the end of one and an arrow."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    ax.plot([1, 2, 3, 4], [0.9, 0.5, 0.35, 0.3], marker="o", label="train")
    ax.plot([1, 2, 3, 4], [1.0, 0.7, 0.6, 0.65], label="validation")
    ax.legend()
    ax.set(xlabel="epoch", ylabel="loss", title="The loss falls")
    ax.text(4.1, 0.65, "0.65 & up", va="center")
    ax.annotate("here", (2, 0.5), (1.2, 0.35), arrowprops={"arrowstyle": "->"})
    return fig


def dots():
    """A strip for each of three plans, with long names and a logarithmic axis."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    for row in range(3):
        x = [10 * 2**row, 15 * 2**row, 40 * 2**row]
        ax.scatter(x, [row] * 3, s=50)
        ax.text(x[-1] * 1.1, row, f"{x[-1]} s", va="center")
    ax.set_yticks(range(3), ["one batch size", "by length", "by length, packed"])
    ax.set(xscale="log", xlabel="seconds per epoch")
    ax.set_xticks([10, 30, 100], ["10", "30", "100"], minor=False)
    ax.minorticks_off()
    ax.grid(axis="x")
    return fig


def columns():
    """Bars beside each other, one hatched, with their numbers and turned names."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    names = ["resize", "pad", "crop"]
    ax.bar_label(ax.bar(np.arange(3) - 0.2, [0.9, 0.8, 0.7], 0.4, label="right"))
    ax.bar(np.arange(3) + 0.2, [0.1, 0.2, 0.3], 0.4, color="C5", hatch="//", label="wrong")
    ax.set_xticks(range(3), names, rotation=30)
    ax.set_ylabel("share\nof images")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.05), ncols=2)
    return fig


def gallery():
    """Six pictures of two sizes with what was read, three in a row: wider than a phone."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(2, 3, figsize=(7.5, 3))
    rng = np.random.default_rng(1)
    for number, ax in enumerate(axes.flat):
        ax.imshow(rng.random((12, 20 + 8 * (number % 2))))
        ax.set_title(f"read {number}{number}", color="C6" if number == 4 else "k")
        ax.axis("off")
    fig.suptitle("What was read")
    return fig


def confusion():
    """A confusion matrix in the colour map of the book."""
    import matplotlib.pyplot as plt

    counts = np.array([[9, 1, 0], [2, 7, 1], [0, 0, 10]])
    fig, ax = plt.subplots(figsize=(4.5, 4.5))
    ax.imshow(counts, cmap="shape")
    for (row, column), count in np.ndenumerate(counts):
        ax.text(column, row, count, ha="center", va="center")
    ax.set_xticks(range(3), ["brick", "joint", "edge"])
    ax.set_yticks(range(3), ["brick", "joint", "edge"])
    ax.set(xlabel="predicted", ylabel="true class")
    return fig


KINDS = {each.__name__: each for each in (lines, dots, columns, gallery, confusion)}


def drawn(name):
    """One of them as chapters show it."""
    with figures.style():
        fig = KINDS[name]()
    return figures.plot(fig, alt=f"A plot of {name}.", caption=f"These are {name}.")
