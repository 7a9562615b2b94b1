"""Small data, a model, and what a report says of a rule, for tests of the audit's rules."""

import keras
import numpy as np
from audit_programs import compiled
from keras import layers


def rows(n=4, features=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, features)).astype("float32")


def pair(n=4):
    return rows(n), rows(n, 1)


def codes(report):
    return [finding.code for finding in report.findings]


def why(report, code):
    """What the audit says of a rule that found nothing, in which list."""
    lists = {"passed": report.passed, "undecided": report.undecided}
    return next((n, v.why) for n, found in lists.items() for v in found if v.rule.code == code)


def lstm():
    return compiled(keras.Sequential([keras.Input((None, 3)), layers.LSTM(1)]))
