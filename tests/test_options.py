"""Numbers that the options of every command accept: all of them are bounded, and absurd ones are refused at once."""

import contextlib
import dataclasses
import json
import math
import typing
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.__main__ import COMMANDS
from latent_rationale.common.utils import config
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.values import check, convert, element_type
from latent_rationale.tasks import TASKS, TEXTS, find_task

MODULES = sorted(
    {module.format(task=task) for module, _ in COMMANDS.values() for task in TEXTS}
    | {f"latent_rationale.{task}.predict" for task in TEXTS}
)
MODULES.remove("latent_rationale.predict")  # it passes its arguments on to the command of a task
CLASSES = sorted(
    {
        *(import_module(module).main.options_class for module in MODULES),
        *(find_task(task).options_class for task in TASKS),
        *(find_task(task).predict_options_class for task in TASKS),
    },
    key=lambda kind: kind.__name__,
)


def fields_of(kind, *types):
    hints = typing.get_type_hints(kind)
    return [field for field in dataclasses.fields(kind) if element_type(hints[field.name]) in types]


def required(kind):
    """Values of the options that have to be set."""
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind) if field.default is config.REQUIRED]
    return {name: ["x"] if typing.get_origin(hints[name]) is tuple else "x" for name in names}


NUMBERS = [
    pytest.param(kind, field, id=f"{kind.__name__}-{field.name}")
    for kind in CLASSES
    for field in fields_of(kind, int, float)
    if not field.metadata["ignored"]  # read by nothing
]


def test_there_are_options_of_every_command():
    assert len(CLASSES) >= 13
    assert len(NUMBERS) > 150


@pytest.mark.parametrize(("kind", "field"), NUMBERS)
def test_every_number_is_bounded(kind, field):
    within, choices = field.metadata["within"], field.metadata["choices"]
    if choices:
        return
    low, high = (float(end) for end in within[1:-1].split(","))
    assert -1e9 <= low <= high
    assert high <= 1e30  # which float32 can still represent
    if element_type(typing.get_type_hints(kind)[field.name]) is int:
        assert high < 2**53


@pytest.mark.parametrize(("kind", "field"), NUMBERS)
def test_absurd_numbers_are_refused(kind, field):
    whole = element_type(typing.get_type_hints(kind)[field.name]) is int
    for value in (10**12 if whole else 1e31, -(10**12), 1e300, math.inf, -math.inf, math.nan, 10**400):
        with pytest.raises(InputError) as error:
            config.from_json(kind, {field.name: [value] if isinstance(field.default, tuple) else value})
        message = str(error.value)
        assert message.startswith(f"--{field.name.replace('_', '-')}: ")
        assert "\n" not in message
        assert len(message) < 200


@pytest.mark.parametrize("module", MODULES)
def test_an_absurd_number_on_the_command_line_is_one_sentence(module, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = import_module(module).main
    for kind, values in (int, ["1e30", str(10**12), "inf", "9" * 5000]), (float, ["1e31", "-1e31", "inf", "nan"]):
        for field in fields_of(command.options_class, kind):
            for value in [] if field.metadata["ignored"] else values:
                assert command([f"--{field.name}", value]) == 2
                assert capsys.readouterr().err.startswith("error: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("kind", "field"), NUMBERS)
def test_every_default_is_within_its_bounds(kind, field):
    check(field, field.default)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(CLASSES), VALUES, st.data())
def test_a_value_is_of_the_type_of_its_option_or_refused(kind, value, data):
    field = data.draw(st.sampled_from(dataclasses.fields(kind)))
    with contextlib.suppress(InputError):
        converted = config.make(kind, required(kind) | {field.name: value})
        json.dumps(config.to_json(converted), allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        *((int, True), (int, 1.5), (int, "1"), (int, None), (int | None, {}), (float, "0.1"), (float, False)),
        *((str, 1), (str, ["a"]), (bool, 1), (bool, "")),
        *((tuple[str, ...], 1), (tuple[int, ...], "3"), (tuple[int, ...], 3), (tuple[int, ...], ["3"])),
    ],
)
def test_values_of_another_type_are_not_converted(hint, value):
    with pytest.raises(TypeError):
        convert(hint, value)
