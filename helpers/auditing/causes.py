"""Which rule a leak of padding belongs to, so that one fault has one code."""

import numpy as np

from helpers.auditing.calls import again, array, recorded
from helpers.auditing.masks import wrong_masks
from helpers.auditing.mixing import mixed_rows
from helpers.auditing.rule import Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.masking import Leak
from helpers.masking.recording import Call


def cause(subject: Subject, leak: Leak) -> str:
    """Return the code of the rule that says why padding changes the answers."""
    if leak.mask_lost_at:
        return "RE201"
    calls = recorded(subject)
    places = {call.name: i for i, call in reversed(list(enumerate(calls)))}
    last = len(places)
    first = places.get(leak.first_layer or "", last)
    if any(places[wrong.call.name] <= first for wrong in wrong_masks(subject)):
        return "RE203"
    try:
        mixed = mixed_rows(subject)
    except (Undecided, NothingToCheck):
        mixed = None
    if mixed is not None and places.get(mixed.first, 0) <= first:
        return "RE204"
    at_fault = [call for call in calls if call.name == leak.first_layer]
    return "RE205" if any(map(reads_what_is_masked, at_fault)) else "RE202"


def reads_what_is_masked(call: Call) -> bool:
    """Whether a layer keeps the mask that it gets, yet other contents of padding move real steps.

    The contents of the padded steps are replaced, not their number, which positions depend on too.
    """
    masks = [*call.mask_in, *call.mask_out]
    if call.operation or len(masks) != 2 or any(mask is None for mask in masks):
        return False
    x, mask, kept = array(call.inputs[0]), array(call.mask_in[0]), array(call.mask_out[0])
    if x.dtype.kind != "f" or mask.shape != x.shape[:2] or kept.shape != mask.shape:
        return False
    other = np.where(mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), x, 1.5 - 2 * x)
    results = [again(call, [one.astype(x.dtype)], [mask]) for one in (x, other)]
    if results[0] is None or results[1] is None or results[0][0].shape[:2] != kept.shape:
        return False
    a, b = (np.nan_to_num(one[0][kept]) for one in results)
    return bool(np.abs(a - b).max(initial=0) > 1e-4 * max(1.0, float(np.abs(a).max(initial=0))))
