"""Backbones of KerasHub, tiny and random, are right but for one; runs where KerasHub is at hand."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
from audit_backbones import tokens

from helpers.auditing import audit

pytestmark = [pytest.mark.any_backend, pytest.mark.slow, pytest.mark.wide]
BERT = {
    "vocabulary_size": 9,
    "num_layers": 1,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 16,
    "max_sequence_length": 16,
}
ROTARY = {name: BERT[name] for name in list(BERT)[:-1]}  # they know no longest sequence
LLAMA = {
    **{name: size for name, size in ROTARY.items() if name != "num_heads"},
    "num_query_heads": 2,
    "num_key_value_heads": 1,
}
BACKBONES = {
    "Albert": {**BERT, "embedding_dim": 8},
    "Bert": BERT,
    "Bloom": BERT,
    "DebertaV3": {**BERT, "bucket_size": 4},
    "DistilBert": BERT,
    "GPT2": BERT,
    "GPTNeoX": ROTARY,
    "Gemma": {**LLAMA, "head_dim": 4},
    "Llama": LLAMA,
    "Mistral": LLAMA,
    "OPT": BERT,
    "Roberta": BERT,
}


def inputs(model, given):
    return {name: given[name] for name in model.input if name in given}


@pytest.mark.parametrize("name", BACKBONES)
def test_backbone_keeps_padding_out(name):
    hub = pytest.importorskip("keras_hub")
    model = getattr(hub.models, f"{name}Backbone")(**BACKBONES[name])
    report = audit(model, inputs(model, tokens()))
    assert (report.findings, report.undecided) == ((), ()), str(report)
    if "padding_mask" in model.input and name in ("Bert", "Roberta", "DistilBert"):
        report = audit(model, inputs(model, tokens(mask=1)))  # as if there were no padding
        assert "RE202" in {finding.code for finding in report.errors}, str(report)


def test_fnet_mixes_padding_into_the_real_steps():
    hub = pytest.importorskip("keras_hub")
    model = hub.models.FNetBackbone(**{n: s for n, s in BERT.items() if n != "num_heads"})
    report = audit(model, inputs(model, tokens()))
    assert [finding.code for finding in report.findings] == ["RE202"]
    assert "f_net_layer_0" in report.findings[0].where


def test_tasks_are_right_as_they_are_compiled():
    hub = pytest.importorskip("keras_hub")
    given = tokens()
    bert = hub.models.BertBackbone(**BERT)
    task = hub.models.BertTextClassifier(bert, num_classes=2, preprocessor=None)
    assert audit(task, (inputs(task, given), np.array([0, 1, 1, 0]))).findings == ()
    task = hub.models.GPT2CausalLM(hub.models.GPT2Backbone(**BERT), preprocessor=None)
    target = np.roll(given["token_ids"], -1, axis=1)
    weight = given["padding_mask"].astype("float32")
    assert audit(task, (inputs(task, given), target, weight)).findings == ()
