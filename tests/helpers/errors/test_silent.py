"""Failures without a message: the detector tells the broken twin from the mended one."""

import ast
import inspect

import keras
import numpy as np
import pytest

from helpers.errors import silent

SYMPTOMS = silent.catalogue()
HERE = [each for each in SYMPTOMS if keras.backend.backend() in each.backends]


def near(one, other):
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-2)


@pytest.mark.slow
@pytest.mark.any_backend
@pytest.mark.filterwarnings("ignore:Your input ran out of data", "ignore:.*will be ignored since")
@pytest.mark.sampled(5)
@pytest.mark.parametrize("symptom", HERE, ids=lambda symptom: symptom.id)
def test_the_detector_finds_the_fault_and_is_silent_where_it_is_mended(symptom):
    module = silent.of(symptom.id)
    got, wanted = module.detect(*module.broken())
    assert not near(got, wanted)
    assert near(wanted, symptom.wanted)
    assert symptom.got is None or near(got, symptom.got)
    got, wanted = module.detect(*module.mend())
    assert near(got, wanted)
    assert near(wanted, symptom.wanted)


@pytest.mark.any_backend
@pytest.mark.parametrize("symptom", HERE, ids=lambda symptom: symptom.id)
def test_a_module_has_three_functions_that_fit_together(symptom):
    module = silent.of(symptom.id)
    taken = list(inspect.signature(module.detect).parameters)
    for function in (module.broken, module.mend):
        (definition,) = ast.parse(inspect.getsource(function)).body
        assert [ast.unparse(each) for each in definition.body[-1].value.elts] == taken
        assert len(definition.body) <= 15


def test_a_file_without_its_fields_is_named(tmp_path):
    file = tmp_path / "some-symptom.yml"
    file.write_text("title: What is seen\n")
    with pytest.raises(ValueError, match=r"some-symptom.yml: expected the fields of a symptom"):
        silent._symptom(file)
