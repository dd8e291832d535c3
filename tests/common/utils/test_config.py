import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from latent_rationale.common.utils.config import REQUIRED, inherited, make, option, parse, to_json
from latent_rationale.common.utils.errors import InputError


@dataclass(frozen=True)
class Options:
    place: Path = option(REQUIRED, "where")
    hidden_size: int = option(150, "units", within="[1, inf)")
    share: float = option(0.5, "in % of all", within="(0, 1]")
    dependent_z: bool = option(False, "whether")
    layer: str = option("lstm", "which", choices=("lstm", "cnn"))
    classes: int = option(5, "how many", choices=(5, 2))
    splits: tuple[str, ...] = option(("dev", "test"), "some", choices=("dev", "test"))
    limit: int | None = option(None, "how many at most", within="[1, inf)")
    steps: int = option(5, "steps", negated=("epochs", "rounds"), also=("num_steps",))


def parsed(*arguments):
    return parse(Options, ["--place", "here", *arguments], "program", "About.")[0]


def test_defaults():
    assert parsed() == Options(Path("here"))


@pytest.mark.parametrize("flag", ["--dependent-z", "--dependent_z"])
def test_hyphen_and_underscore_are_the_same(flag):
    assert parsed(flag).dependent_z


def test_an_underscore_in_a_value_stays():
    assert parsed("--place=--some_where/a_b").place == Path("--some_where/a_b")
    assert parsed("--place", "a_b").place == Path("a_b")


def test_negative_numbers_are_values():
    @dataclass(frozen=True)
    class Steps:
        num_iterations: int = option(-25, "steps")

    assert parse(Steps, ["--num_iterations", "-2"], "program", "")[0].num_iterations == -2


def test_names_only_what_the_user_named():
    assert parse(Options, ["--place", "here", "--share", "0.5"], "p", "")[1] == {"place": Path("here"), "share": 0.5}


def test_several_values():
    assert parsed("--splits", "test").splits == ("test",)
    assert parsed("--splits", "test", "dev").splits == ("test", "dev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hidden", "3"], "--hidden"),
        (["--unknown"], "--unknown"),
        (["stray"], "stray"),
        (["--hidden_size", "many"], "many"),
        (["--hidden_size", "0"], "--hidden-size: expected a number in [1, inf), got 0"),
        (["--share", "0"], "--share: expected a number in (0, 1], got 0.0"),
        (["--share", "1.5"], "--share"),
        (["--share", "nan"], "--share"),
        (["--layer", "rnn"], "rnn"),
        (["--classes", "3"], "3"),
        (["--splits", "train"], "train"),
        (["--limit", "0"], "--limit"),
        (["--share"], "--share"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(arguments, message):
    with pytest.raises(InputError) as error:
        parsed(*arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_required_option_is_required():
    with pytest.raises(InputError, match="--place"):
        parse(Options, [], "program", "")


def test_help_tells_bounds_and_defaults(capsys):
    with pytest.raises(SystemExit) as stop:
        parse(Options, ["-h"], "program", "About.")
    assert stop.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "in % of all, in (0, 1] (default: 0.5)" in text
    assert "(default: dev test)" in text


def test_json_and_back():
    options = parsed("--share", "0.25", "--splits", "dev", "--dependent-z")
    again = make(Options, json.loads(json.dumps(to_json(options))))
    assert to_json(again) == to_json(options)
    assert again.splits == ("dev",)
    assert again.place == Path("here")


def test_json_with_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="--colour"):
        make(Options, {"colour": "red"})


@pytest.mark.parametrize(
    ("flags", "steps"), [(["--num_steps", "7"], 7), (["--epochs", "3"], -3), (["--rounds", "2.0"], -2)]
)
def test_other_names(flags, steps):
    options, named = parse(Options, ["--place", "here", *flags], "program", "About.")
    assert options.steps == steps
    assert named.keys() == {"place", "steps"}


def test_only_one_of_them_is_taken():
    with pytest.raises(InputError, match="not allowed with"):
        parsed("--steps", "7", "--epochs", "3")


def test_names_and_texts_of_a_base_class_are_inherited_unless_there_are_others():
    @dataclass(frozen=True)
    class Special(Options):
        steps: int = inherited(Options, "steps", 9, also=("num_rounds",))

    found, _ = parse(Special, ["--place", "here", "--num-rounds", "4"], "program", "About.")
    assert found.steps == 4
    assert parse(Special, ["--place", "here"], "program", "About.")[0].steps == 9
    assert parse(Special, ["--place", "here", "--epochs", "1"], "program", "About.")[0].steps == -1
    with pytest.raises(InputError, match="--num-steps"):
        parse(Special, ["--place", "here", "--num-steps", "4"], "program", "About.")
