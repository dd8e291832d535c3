import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.utils.config import (
    REQUIRED,
    OptionGroup,
    from_json,
    ignored,
    inherited,
    make,
    option,
    parse,
    to_json,
    value_of,
)
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import GIVEN, ignored_options, unmet_needs


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


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    text: str | None = option(None, "some text")
    save_path: Path | None = option(None, "a folder")


def text_of(*arguments):
    return parse(TextOptions, arguments, "program", "")[0].text


@pytest.mark.parametrize(
    "text", ["-- a snake_case film", "-- x_y=z", "--no_such_flag and more", "a_b", "-5", "-5 stars", "-", "a=b_c", "_"]
)
def test_a_text_is_never_changed(text):
    assert text_of("--text", text) == text
    assert text_of(f"--text={text}") == text


@pytest.mark.parametrize("text", ["-meh", "--no_such", "-hello there", "--=_", "--a_b=c_d", "--", "-h", "--save_path"])
def test_a_text_that_looks_like_a_flag_is_given_with_an_equals_sign(text):
    assert text_of(f"--text={text}") == text


@pytest.mark.parametrize(
    ("text", "written"),
    [("-meh", "-meh"), ("--no_such", "--no_such"), ("-hello there", "'-hello there'"), ("--a_b=c", "--a_b=c")],
)
def test_the_error_for_a_text_that_looks_like_a_flag_says_how_to_give_it(text, written):
    for arguments in (["--text", text], ["--save-path", "x", "--text", text]):
        with pytest.raises(InputError, match=re.escape(f"hyphen is given as --text={written} (see program -h)")):
            text_of(*arguments)


@pytest.mark.parametrize("arguments", [["--text"], ["--text", "--save_path", "-x"], ["--save-path=-x", "--text"]])
def test_a_text_that_is_missing_is_no_reason_for_that_hint(arguments):
    with pytest.raises(InputError) as error:
        text_of(*arguments)
    assert "given as --text" not in str(error.value)


def test_a_text_in_utf_8_is_read_in_any_locale():
    """Python passes the bytes on as halves of surrogate pairs if the locale is C."""
    assert text_of("--text", "caf\udcc3\udca9") == "caf\u00e9"
    with pytest.raises(InputError, match="--text: not UTF-8 text"):
        text_of("--text", "caf\udce9")


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


# Groups, options that need others, and options that are accepted only


@dataclass(frozen=True, kw_only=True)
class Model(OptionGroup):
    HEADING: ClassVar[str] = "which model"

    model: str = option("plain", "which", choices=("plain", "small", "large"))
    layers: int = option(1, "how many", needs={"model": ("small", "large")})
    width: float = option(0.5, "how wide", needs={"model": ("large",)})


@dataclass(frozen=True, kw_only=True)
class Run(OptionGroup):
    HEADING: ClassVar[str] = "run"

    steps: int = option(5, "steps", negated=("epochs",))
    grow: bool = option(False, "grow")
    rate: float = option(0.1, "how fast", needs={"grow": (True,)})
    limit: int | None = option(None, "how far", needs={"grow": (False,)})
    text: str | None = option(None, "a text")
    lower: bool = option(False, "in lower case", needs={"text": (GIVEN,)})
    part: str = option("dev", "a part of the data", needs={"text": (None,)})
    methods: tuple[str, ...] = option((), "some", choices=("a", "b", "c"))
    samples: int = option(3, "how many", needs={"methods": ("a", "b")})

    def __post_init__(self):
        super().__post_init__()
        if self.steps == 0:
            raise InputError("--steps: expected a number other than 0")


@dataclass(frozen=True, kw_only=True)
class Grouped(Model, Run):
    HEADING: ClassVar[str] = "data"

    place: str = option("here", "where")
    steps: int = inherited(Run, "steps", 9, "steps of this task")
    do_train: bool = ignored(False, "it always trains")
    batch: int = ignored(1, "one is enough")


EXAMPLES = ("--model small", "--steps 3")


def help_of(kind, capsys):
    with pytest.raises(SystemExit):
        parse(kind, ["-h"], "python -m program", "About.", EXAMPLES)
    return capsys.readouterr().out


def test_help_shows_each_option_once_under_the_heading_of_its_group(capsys):
    text = help_of(Grouped, capsys)
    sections = [part.splitlines() for part in text.split("\n\n")]
    found = {lines[0]: [line.split()[0] for line in lines[1:] if line.startswith("  --")] for lines in sections}
    assert list(found) == ["usage: python -m program [options]", "About.", "data:", "which model:", "run:", "examples:"]
    assert found["data:"] == ["--place"]
    assert found["which model:"] == ["--model", "--layers", "--width"]
    assert found["run:"][:3] == ["--epochs", "--steps", "--grow"]
    assert "steps of this task (default: 9)" in text


def test_help_ends_with_the_examples(capsys):
    assert help_of(Grouped, capsys).endswith(
        "examples:\n  python -m program --model small\n  python -m program --steps 3\n"
    )


def test_help_says_which_option_belongs_to_what(capsys):
    text = help_of(Grouped, capsys)
    assert "[small, large] how many" in text
    assert "[with --grow] how fast" in text
    assert "[without --grow] how far" in text
    assert "[with --text] in lower case" in text


def test_a_required_option_is_in_the_usage(capsys):
    assert help_of(Options, capsys).startswith("usage: python -m program --place ... [options]\n")


@pytest.mark.parametrize(
    ("arguments", "sentence", "reason"),
    [
        (
            ["--layers", "1"],
            "--layers: belongs to --model small or large, not to plain; choose one of them",
            "without --model small or large",
        ),
        (
            ["--width", "2", "--model", "small"],
            "--width: belongs to --model large, not to small; choose --model large",
            "without --model large",
        ),
        (["--rate", "2"], None, "without --grow"),
        (["--limit", "2", "--grow"], None, "with --grow"),
        (["--lower"], None, "without --text"),
        (["--part", "dev", "--text", "a"], None, "with --text"),
        (["--samples", "2", "--methods", "c"], None, "without --methods a or b"),
    ],
    ids=str,
)
def test_a_named_option_without_effect_is_found(arguments, sentence, reason):
    """Where it belongs to another choice there is an error to tell; a switch that is off is worth a note."""
    (unmet,) = unmet_needs(*parse(Grouped, arguments, "program", "About."))
    assert unmet.reason == reason
    assert unmet.belongs_elsewhere == (sentence is not None)
    assert sentence in (None, unmet.sentence)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--model", "small", "--layers", "3"],
        ["--model", "large", "--layers", "3", "--width", "2"],
        ["--grow", "--rate", "2"],
        ["--limit", "3"],
        ["--text", "", "--lower"],
        ["--samples", "2"],
        ["--samples", "2", "--methods", "c", "b"],
    ],
    ids=str,
)
def test_options_with_an_effect_are_not(arguments):
    assert unmet_needs(*parse(Grouped, arguments, "program", "About.")) == []


def test_ignored_options_are_accepted_and_neither_shown_nor_written(capsys):
    options, named = parse(Grouped, ["--do_train", "--batch", "7", "--steps", "3"], "program", "About.")
    assert ignored_options(type(options), named) == {"do_train": "it always trains", "batch": "one is enough"}
    assert to_json(options).keys().isdisjoint({"do_train", "batch"})
    assert options.steps == 3
    text = help_of(Grouped, capsys)
    assert "--do-train" not in text
    assert "--batch" not in text


def test_json_of_an_earlier_version_is_read():
    """Names that are no options any more are dropped; a value that cannot be is refused as ever."""
    options = from_json(Grouped, {"steps": 3, "colour": "red", "batch": "no number"})
    assert options == Grouped(steps=3)
    with pytest.raises(InputError, match="--steps: 'many' has the wrong type"):
        from_json(Grouped, {"steps": "many"})
    with pytest.raises(InputError, match="--model: expected one of plain, small, large, got huge"):
        from_json(Grouped, {"model": "huge"})


def test_every_group_checks_its_own_rules():
    with pytest.raises(InputError, match="--steps: expected a number other than 0"):
        Grouped(steps=0)


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_a_switch_is_true_or_false(value):
    with pytest.raises(InputError, match=r"--grow: .* has the wrong type"):
        make(Grouped, {"grow": value})


@pytest.mark.parametrize(
    ("arguments", "value"),
    [(["--a", "b", "--ckpt", "x_y"], "x_y"), (["--ckpt=x", "-h"], "x"), (["--ckp", "x"], None), ([], None)],
)
def test_the_value_of_one_option_among_unknown_ones(arguments, value):
    assert value_of("ckpt", arguments, "program") == value


@pytest.mark.parametrize("value", [10**400, [10**400], {"a": 1}, float("nan"), "1e999x"])
def test_numbers_beyond_all_bounds_are_refused(value):
    with pytest.raises(InputError, match="--lr"):
        make(TrainOptions, {"lr": value})


@dataclass(frozen=True, kw_only=True)
class Several(OptionGroup):
    files: tuple[str, ...] = option((), "files", alone="none")
    paths: tuple[Path, ...] = option((), "paths")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("files", "a.txt", ("a.txt",)),
        ("files", ["a.txt", "b.txt"], ("a.txt", "b.txt")),
        ("files", Path("a.txt"), ("a.txt",)),
        ("files", "none", ("none",)),
        ("paths", "a.txt", (Path("a.txt"),)),
    ],
)
def test_one_value_stands_for_a_tuple_of_it(name, value, expected):
    """As earlier versions recorded it, and as Python callers write it."""
    assert getattr(from_json(Several, {name: value}), name) == expected


def test_a_value_that_stands_alone_is_not_combined():
    with pytest.raises(InputError, match="--files: none cannot be combined with other values"):
        make(Several, {"files": ["a.txt", "none"]})
    parsed, _ = parse(Several, ["--files", "none"], "program", "")
    assert parsed.files == ("none",)
