"""Which rule a leak of padding belongs to, so that one fault has one code."""

from helpers.auditing.calls import recorded
from helpers.auditing.masks import wrong_masks
from helpers.auditing.subject import Subject
from helpers.masking import Leak


def told_elsewhere(subject: Subject, leak: Leak) -> bool:
    """Whether another rule says why padding changes the answers: a mask that is wrong before."""
    places = {call.name: i for i, call in reversed(list(enumerate(recorded(subject))))}
    first = places.get(leak.first_layer or "", len(places))
    return any(places[wrong.call.name] <= first for wrong in wrong_masks(subject))
