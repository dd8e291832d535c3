"""Options of the commands that explain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from latent_rationale.common.utils.config import REQUIRED, OptionGroup, ignored, inherited, option
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import GIVEN
from latent_rationale.tasks import TEXTS

# The names of registries, written out so that -h need not import torch; tests/explain/test_options.py compares them.
EXPLAINERS = (
    *("soc", "scd", "cd", "occlusion", "direct-feed", "arch", "arch-mean"),
    *("integrated-gradients", "gradient-x-input"),
)
NEED_LANGUAGE_MODEL = ("soc", "scd")

SAMPLING = {"method": NEED_LANGUAGE_MODEL}
SAMPLED = {**SAMPLING, "lm": (GIVEN,)}
OF_A_DATA_SET = {"text": (None,)}


@dataclass(frozen=True, kw_only=True)
class ContextOptions(OptionGroup):
    """Options of the contexts that are sampled from a language model."""

    HEADING: ClassVar[str] = "contexts"

    lm: Path | None = option(None, "results folder of a language model", also=("lm_path",), needs=SAMPLING)
    nb_range: int = option(
        10, "words (word pieces of a transformer) that are resampled on either side", "[0, inf)", needs=SAMPLED
    )
    sample_n: int = option(20, "contexts per phrase", within="[1, 100000]", needs=SAMPLED)
    share_samples: bool = option(
        False, "phrases with the same edge share their samples: faster, and less exact", needs=SAMPLED
    )


@dataclass(frozen=True, kw_only=True)
class SentenceOptions(OptionGroup):
    """Options of the data set, and of the sentences that are taken from it."""

    HEADING: ClassVar[str] = "sentences"

    task: str | None = option(
        None, "whose texts are explained (default: the classifier's own, and of a transformer sst)", choices=TEXTS
    )
    data_path: Path | None = option(None, "folder with the texts, if not where training found them")
    split: str = option("dev", "data set to explain", choices=("train", "dev", "test"), also=("dataset",))
    start: int = option(0, "its first sentence, counted from 0", within="[0, inf)")
    stop: int | None = option(None, "the sentence before which to stop (default: explain all)", within="[1, inf)")
    sample: int | None = option(None, "explain a random sample of this size (see --seed)", within="[1, inf)")

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if self.stop is not None and self.stop <= self.start:
            raise InputError(f"--stop: expected more than --start, {self.start}, got {self.stop}")


@dataclass(frozen=True, kw_only=True)
class ExplainedModelOptions(ContextOptions, SentenceOptions):
    """Options of every command that explains: the model, its contexts and sentences, and the run."""

    HEADING: ClassVar[str] = "model and run"

    ckpt: Path = option(
        REQUIRED,
        "folder of a trained classifier: results, or a model of transformers",
        also=("resume_snapshot",),
    )
    explain_model: str | None = option(
        None, "refuse a transformer (lstm), or a model of this package (bert)", choices=("lstm", "bert")
    )
    save_path: Path | None = option(None, "folder for what is found (default: that of --ckpt)")
    max_batch: int | None = option(
        None, "sentences that go through the model at a time (default: 2048, and of a transformer 64)", "[1, inf)"
    )
    seed: int = option(1, "seed of all random numbers", within="[0, 9007199254)")
    device: str = option("auto", "where to compute; auto: on a GPU if there is one", choices=("auto", "cpu", "cuda"))

    batch_size: int = ignored(1, "the phrases of one sentence are explained together")
    use_bert_tokenizer: bool = ignored(False, "a transformer reads its own pieces of words")
    no_subtrees: bool = ignored(False, "whole sentences are explained, and their phrases")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods to explain by."""
        return ()

    @property
    def methods_are_explicit(self) -> bool:
        """Whether the user named the methods. Without that, those are left out that a model cannot have."""
        return True

    @property
    def samples_contexts(self) -> bool:
        """Whether contexts are drawn from a language model."""
        return self.lm is not None and not set(self.methods).isdisjoint(NEED_LANGUAGE_MODEL)

    @property
    def folder(self) -> Path:
        """The folder to write to."""
        return self.save_path or self.ckpt


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(ExplainedModelOptions):
    """Options of ``python -m latent_rationale.explain``."""

    HEADING: ClassVar[str] = "method and phrases"

    method: str = option("soc", "how phrases get their scores", choices=EXPLAINERS)
    label: str | None = option(
        None, "name of the class to explain (default: the positive one of two, the predicted one of more)"
    )
    text: str | None = option(None, "explain this text instead of a data set")
    tokenized: bool = option(
        False, "the text is tokens with blanks between them, not raw text", needs={"text": (GIVEN,)}
    )
    longest: int | None = option(
        None,
        "all phrases of up to this many words (default: those that the data knows, else 3)",
        within="[1, inf)",
        needs={"agg": (False,)},
    )
    agg: bool = option(False, "grow phrases into a tree by their scores")
    percentile: float = option(
        90.0, "of the words, then of the gains, that are taken", within="[0, 100]", needs={"agg": (True,)}
    )
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
    data_path: Path | None = inherited(SentenceOptions, "data_path", None, needs=OF_A_DATA_SET)
    split: str = inherited(SentenceOptions, "split", "dev", needs=OF_A_DATA_SET)
    start: int = inherited(SentenceOptions, "start", 0, needs=OF_A_DATA_SET)
    stop: int | None = inherited(SentenceOptions, "stop", None, needs=OF_A_DATA_SET)
    sample: int | None = inherited(SentenceOptions, "sample", None, needs=OF_A_DATA_SET)

    def __post_init__(self) -> None:
        """Refuse combinations of values that do not go together."""
        super().__post_init__()
        if Path(self.exp_name).name != self.exp_name:
            raise InputError(f"--exp-name: goes into the name of a file, and cannot be {self.exp_name}")

    @property
    def methods(self) -> tuple[str, ...]:
        """The one method."""
        return (self.method,)

    @property
    def folder(self) -> Path:
        """The folder to write to, by default one for the method."""
        return self.save_path or self.ckpt / self.method

    @property
    def source(self) -> str:
        """The origin of the sentences, as explanations record it."""
        return self.split if self.text is None else "text"

    @property
    def file_name(self) -> str:
        """The name of the file to write, without its ending."""
        return f"explanations{self.exp_name}"


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ExplainedModelOptions):
    """Options of ``python -m latent_rationale.explain.evaluate``."""

    HEADING: ClassVar[str] = "methods"

    method: tuple[str, ...] = option(
        (), "how phrases get their scores (default: in every way that the model allows)", choices=EXPLAINERS
    )
    resamples: int = option(1000, "resamples of the sentences, for intervals", within="[1, 1000000]")

    @property
    def methods(self) -> tuple[str, ...]:
        """All methods to compare."""
        return tuple(dict.fromkeys(self.method or EXPLAINERS))

    @property
    def methods_are_explicit(self) -> bool:
        """Whether the user named the methods."""
        return bool(self.method)

    @property
    def scope(self) -> dict[str, Any]:
        """The options that decide what an evaluation goes over."""
        return {name: getattr(self, name) for name in ("split", "start", "stop", "sample", "seed", "resamples")}


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions(OptionGroup):
    """Options of ``python -m latent_rationale.explain.visualize``."""

    input: Path = option(REQUIRED, "explanations.jsonl, as the command that explains writes it")
    save_path: Path | None = option(None, "folder for the page and the pictures (default: that of --input)")
    start: int = option(0, "the first explanation, counted from 0", within="[0, inf)")
    stop: int | None = option(None, "the explanation before which to stop (default: 20 later)", within="[1, inf)")
    format: str = option("png", "format of the pictures", choices=("png", "pdf", "svg"))
