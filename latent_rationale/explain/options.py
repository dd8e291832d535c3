"""What the commands that explain take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from latent_rationale.common.utils import config
from latent_rationale.common.utils.config import REQUIRED, inherited, option
from latent_rationale.common.utils.console import LOGGER
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.tasks import TEXTS


@dataclass(frozen=True, kw_only=True)
class ExplainedModelOptions:
    """What is explained, and in which contexts: what every command that explains takes."""

    IDLE: ClassVar[frozenset[str]] = frozenset({"batch_size", "use_bert_tokenizer", "no_subtrees"})
    """Of the original's options those that do nothing here; they are taken and not shown."""

    ckpt: Path = option(
        REQUIRED,
        "folder of a trained classifier: results, or a model of transformers",
        also=("resume_snapshot",),
    )
    lm: Path | None = option(None, "results folder of a language model, for soc and scd", also=("lm_path",))
    nb_range: int = option(
        10, "words, or pieces of words where a transformer reads them, on either side that are drawn anew", "[0, inf)"
    )
    sample_n: int = option(20, "how often they are", within="[1, 100000]")
    share_samples: bool = option(False, "phrases with the same edge share their samples: faster, and less exact")

    task: str | None = option(
        None, "whose texts are explained (default: the classifier's own, and of a transformer sst)", choices=TEXTS
    )
    data_path: Path | None = option(None, "folder with the texts, if not where training found them")
    split: str = option("dev", "data set to explain", choices=("train", "dev", "test"), also=("dataset",))
    start: int = option(0, "its first sentence, counted from 0", within="[0, inf)")
    stop: int | None = option(None, "the sentence before which to stop; by default there is none", within="[1, inf)")

    sample: int | None = option(None, "so many of them alone, drawn by --seed", within="[1, inf)")

    save_path: Path | None = option(None, "folder for what is found (default: that of --ckpt)")
    max_batch: int | None = option(
        None, "sentences that go through the model at a time (default: 2048, and of a transformer 64)", "[1, inf)"
    )
    seed: int = option(1, "where all randomness starts", within="[0, 9007199254)")
    device: str = option("auto", "where to compute", choices=("auto", "cpu", "cuda"))

    explain_model: str | None = option(
        None, "refuse a transformer (lstm), or a model of this package (bert)", choices=("lstm", "bert")
    )
    batch_size: int = option(1, "the phrases of one sentence are explained together", "[1, inf)")
    use_bert_tokenizer: bool = option(False, "a transformer reads its own pieces of words")
    no_subtrees: bool = option(False, "whole sentences are explained, and their phrases")

    @property
    def methods(self) -> tuple[str, ...]:
        """Those to explain by."""
        return ()

    @property
    def insists(self) -> bool:
        """Whether the user named the methods. Of others those are left out that a model cannot have."""
        return True

    @property
    def draws(self) -> bool:
        """Whether contexts are drawn from a language model."""
        return self.lm is not None and not set(self.methods).isdisjoint(NEED_LANGUAGE_MODEL)

    @property
    def phrasing(self) -> dict[str, Any]:
        """What decides on the phrases, of ``Provenance``."""
        return {}

    def without_effect(self, named: Iterable[str]) -> dict[str, str]:
        """Those of the named options that mean nothing here, each with what keeps it from doing so."""
        reasons = {name: f"since {config.help_of(type(self), name)}" for name in self.IDLE}
        if not self.draws:
            reasons |= dict.fromkeys(("lm", "nb_range", "sample_n", "share_samples"), "without --method soc or scd")
        return {name: why for name, why in reasons.items() if name in named}

    @property
    def folder(self) -> Path:
        """Where to write."""
        return self.save_path or self.ckpt

    def __post_init__(self) -> None:
        """Refuse what no single option's bounds can.

        Raises:
            InputError: for such values.
        """
        if self.stop is not None and self.stop <= self.start:
            raise InputError(f"--stop: expected more than --start, {self.start}, got {self.stop}")


Options = TypeVar("Options", bound=ExplainedModelOptions)


def parsed(kind: type[Options], arguments: Sequence[str], program: str, about: str) -> Options:
    """Options from the command line. The user is told of those that have no effect.

    Raises:
        InputError: if a flag or its value cannot be used.
    """
    options, named = config.parse(kind, arguments, program, about, kind.IDLE)
    for name, why in options.without_effect(named).items():
        LOGGER.info("note: %s has no effect %s", config.flag(name), why)
    return options


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(ExplainedModelOptions):
    """What ``python -m latent_rationale.explain`` takes."""

    method: str = option("soc", "how phrases get their scores", choices=tuple(EXPLAINERS))
    label: str | None = option(
        None, "name of the class to explain (default: the positive one of two, the predicted one of more)"
    )
    text: str | None = option(None, "explain this text instead of a data set")
    tokenized: bool = option(False, "the text is tokens with blanks between them, not raw text")
    longest: int | None = option(
        None, "all phrases of up to so many words (default: those that the data knows, else 3)", within="[1, inf)"
    )
    agg: bool = option(False, "grow phrases into a tree by their scores")
    percentile: float = option(90.0, "of the words, then of the gains, that are taken, with --agg", within="[0, 100]")
    exp_name: str = option("", "goes into the name of the file, before its ending")
    format: str = option(
        "jsonl", "seed: beside it the original's lines, phrases and scores apart by tabs", choices=("jsonl", "seed")
    )
    show: int = option(5, "explanations to show", within="[0, inf)")
    save_path: Path | None = inherited(
        ExplainedModelOptions,
        "save_path",
        None,
        "folder for what is found (default: in that of --ckpt, by the method's name)",
    )

    def __post_init__(self) -> None:
        """Refuse what no single option's bounds can.

        Raises:
            InputError: for such values.
        """
        super().__post_init__()
        if Path(self.exp_name).name != self.exp_name:
            raise InputError(f"--exp-name: goes into the name of a file, and cannot be {self.exp_name}")

    @property
    def methods(self) -> tuple[str, ...]:
        """The one."""
        return (self.method,)

    @property
    def phrasing(self) -> dict[str, Any]:
        """How the tree grows, or how long they are."""
        return {"percentile": self.percentile} if self.agg else {"longest": self.longest}

    def without_effect(self, named: Iterable[str]) -> dict[str, str]:
        """Likewise, of what only texts of the user's have, or only trees."""
        given = ("data_path", "split", "start", "stop", "sample")
        reasons = {"tokenized": "without --text"} if self.text is None else dict.fromkeys(given, "with --text")
        reasons |= {"longest": "with --agg"} if self.agg else {"percentile": "without --agg"}
        return super().without_effect(named) | {name: why for name, why in reasons.items() if name in named}

    @property
    def folder(self) -> Path:
        """Where to write."""
        return self.save_path or self.ckpt / self.method

    @property
    def source(self) -> str:
        """What the sentences are from."""
        return self.split if self.text is None else "text"

    @property
    def file_name(self) -> str:
        """What is written, without its ending."""
        return f"explanations{self.exp_name}"


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ExplainedModelOptions):
    """What ``python -m latent_rationale.explain.evaluate`` takes."""

    method: tuple[str, ...] = option(
        (), "how phrases get their scores (default: in every way that the model allows)", choices=tuple(EXPLAINERS)
    )
    resamples: int = option(1000, "of the sentences, for intervals", within="[1, 1000000]")

    @property
    def methods(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(dict.fromkeys(self.method or EXPLAINERS))

    @property
    def insists(self) -> bool:
        """On those that are named."""
        return bool(self.method)

    @property
    def scope(self) -> dict[str, Any]:
        """What an evaluation goes over, as far as options say."""
        return {name: getattr(self, name) for name in ("split", "start", "stop", "sample", "seed", "resamples")}
