"""Options of the commands that explain, evaluate and visualize."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from latent_rationale.common.training.options import ComputeOptions
from latent_rationale.common.utils.config import REQUIRED, OptionGroup, ignored, inherited, option
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.flags import GIVEN
from latent_rationale.tasks import TEXTS

# Names of registry entries, repeated here so that -h does not have to import torch. tests/explain/test_options.py
# compares them with the registries.
EXPLAINERS = (
    *("soc", "scd", "cd", "occlusion", "direct-feed", "arch", "arch-mean"),
    *("integrated-gradients", "gradient-x-input"),
)
NEED_LANGUAGE_MODEL = ("soc", "scd")
"""Methods that sample contexts from a language model."""

SAMPLING = {"method": NEED_LANGUAGE_MODEL}
SAMPLED = {**SAMPLING, "lm": (GIVEN,)}
OF_A_DATA_SET = {"text": (None,)}


@dataclass(frozen=True, kw_only=True)
class ContextOptions(OptionGroup):
    """Options of the contexts that are sampled from a language model."""

    HEADING: ClassVar[str] = "contexts"

    lm: Path | None = option(None, "results folder of a language model", also=("lm_path",), needs=SAMPLING)
    nb_range: int = option(
        10,
        "N: number of words (word pieces for a transformer) that are resampled on either side of a phrase",
        "[0, 10000]",
        needs=SAMPLED,
    )
    sample_n: int = option(20, "K: number of sampled contexts per phrase", within="[1, 100000]", needs=SAMPLED)
    share_samples: bool = option(
        False, "phrases with a common boundary share samples: faster, but less exact", needs=SAMPLED
    )


@dataclass(frozen=True, kw_only=True)
class SentenceOptions(OptionGroup):
    """Options of the data set and of the selection of its sentences."""

    HEADING: ClassVar[str] = "sentences"

    task: str | None = option(
        None, "task whose texts are explained (default: that of the classifier; for a transformer, sst)", choices=TEXTS
    )
    data_path: Path | None = option(None, "folder with the texts (default: as in training)")
    split: str = option("dev", "split to explain", choices=("train", "dev", "test"), also=("dataset",))
    start: int = option(0, "index of the first sentence, counted from 0", within="[0, 1e9]")
    stop: int | None = option(None, "index after the last sentence (default: explain all)", within="[1, 1e9]")
    sample: int | None = option(None, "explain a random sample of this size (see --seed)", within="[1, 1e9]")

    def __post_init__(self) -> None:
        """Check combinations of values."""
        super().__post_init__()
        if self.stop is not None and self.stop <= self.start:
            raise InputError(f"--stop: expected more than --start, {self.start}, got {self.stop}")


@dataclass(frozen=True, kw_only=True)
class OutputOptions(OptionGroup):
    """Options of the files that a command writes."""

    HEADING: ClassVar[str] = "output"

    overwrite: bool = option(False, "replace results that the output folder holds")


@dataclass(frozen=True, kw_only=True)
class ExplainedModelOptions(ContextOptions, SentenceOptions, OutputOptions, ComputeOptions):
    """Options of the commands that explain a model: the model, contexts, sentences and the run."""

    HEADING: ClassVar[str] = "model and run"

    ckpt: Path = option(
        REQUIRED,
        "folder of a trained classifier: a results folder, or a model of the transformers library",
        also=("resume_snapshot",),
    )
    explain_model: str | None = option(
        None, "required kind of model: of this package (lstm), or a transformer (bert)", choices=("lstm", "bert")
    )
    save_path: Path | None = option(None, "output folder (default: that of --ckpt)")
    max_batch: int | None = option(
        None, "maximum number of sentences per forward pass (default: 2048; for a transformer, 64)", "[1, 1e6]"
    )
    seed: int = option(1, "seed of all random numbers", within="[0, 9007199254)")

    batch_size: int = ignored(1, "the phrases of one sentence are explained together")
    use_bert_tokenizer: bool = ignored(False, "a transformer always uses its own tokenizer")
    no_subtrees: bool = ignored(False, "whole sentences and their phrases are explained")

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the explanation methods."""
        return ()

    @property
    def methods_are_explicit(self) -> bool:
        """True if the user named the methods; otherwise methods that do not fit the model are left out."""
        return True

    @property
    def samples_contexts(self) -> bool:
        """True if contexts are sampled from a language model."""
        return self.lm is not None and not set(self.methods).isdisjoint(NEED_LANGUAGE_MODEL)

    @property
    def folder(self) -> Path:
        """Folder that the command writes to."""
        return self.save_path or self.ckpt

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Files that the command writes."""
        return ()


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(ExplainedModelOptions):
    """Options of ``python -m latent_rationale.explain``."""

    HEADING: ClassVar[str] = "method and phrases"

    method: str = option("soc", "explanation method", choices=EXPLAINERS)
    label: str | None = option(
        None, "class to explain (default: of two classes the positive one, of more the predicted one)"
    )
    text: str | None = option(
        None, "text to explain, instead of a data set; shown, and written only with --save-path or --exp-name"
    )
    tokenized: bool = option(
        False, "the text is tokenized already, with blanks between tokens", needs={"text": (GIVEN,)}
    )
    longest: int | None = option(
        None,
        "score all phrases of up to this many words (default: the phrases annotated in the data, else 3)",
        within="[1, 1e6]",
        needs={"agg": (False,)},
    )
    agg: bool = option(False, "build a hierarchy of phrases by agglomeration")
    percentile: float = option(
        90.0,
        "percentile that a candidate must reach to be selected in a round of the agglomeration",
        within="[0, 100]",
        needs={"agg": (True,)},
    )
    exp_name: str = option("", "suffix of the file name")
    format: str = option(
        "jsonl",
        "seed: also write the format of the original implementation, with phrases and scores separated by tabs",
        choices=("jsonl", "seed"),
    )
    show: int = option(5, "number of explanations to show", within="[0, 1e9]")

    save_path: Path | None = inherited(
        ExplainedModelOptions,
        "save_path",
        None,
        "output folder (default: a subfolder of --ckpt, named after the method)",
    )
    data_path: Path | None = inherited(SentenceOptions, "data_path", None, needs=OF_A_DATA_SET)
    split: str = inherited(SentenceOptions, "split", "dev", needs=OF_A_DATA_SET)
    start: int = inherited(SentenceOptions, "start", 0, needs=OF_A_DATA_SET)
    stop: int | None = inherited(SentenceOptions, "stop", None, needs=OF_A_DATA_SET)
    sample: int | None = inherited(SentenceOptions, "sample", None, needs=OF_A_DATA_SET)

    def __post_init__(self) -> None:
        """Check combinations of values."""
        super().__post_init__()
        if Path(self.exp_name).name != self.exp_name:
            raise InputError(f"--exp-name: expected a suffix of a file name, got {self.exp_name}")

    @property
    def methods(self) -> tuple[str, ...]:
        """Name of the method, as a tuple of one."""
        return (self.method,)

    @property
    def folder(self) -> Path:
        """Folder that the command writes to; by default a subfolder named after the method."""
        return self.save_path or self.ckpt / self.method

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Files that the command writes, the JSON lines first; empty if it only shows the explanation of a text."""
        if self.text is not None and self.save_path is None and not self.exp_name:
            return ()
        endings = ("jsonl", "txt") if self.format == "seed" else ("jsonl",)
        return tuple(self.folder / f"explanations{self.exp_name}.{ending}" for ending in endings)

    @property
    def source(self) -> str:
        """Origin of the sentences, as explanations record it: the split, or ``text``."""
        return self.split if self.text is None else "text"


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ExplainedModelOptions):
    """Options of ``python -m latent_rationale.explain.evaluate``."""

    HEADING: ClassVar[str] = "methods"

    method: tuple[str, ...] = option(
        (), "explanation methods to compare (default: all that the model allows)", choices=EXPLAINERS
    )
    resamples: int = option(
        1000, "number of bootstrap resamples of the sentences for confidence intervals", within="[1, 1e6]"
    )

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods to compare, without repetitions."""
        return tuple(dict.fromkeys(self.method or EXPLAINERS))

    @property
    def methods_are_explicit(self) -> bool:
        """True if the user named the methods."""
        return bool(self.method)

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Files with the measures and with the deletion curves."""
        return self.folder / "evaluation.json", self.folder / "deletion.png"

    @property
    def scope(self) -> dict[str, Any]:
        """Options that determine the sentences and resamples of an evaluation."""
        return {name: getattr(self, name) for name in ("split", "start", "stop", "sample", "seed", "resamples")}


@dataclass(frozen=True, kw_only=True)
class VisualizeOptions(OutputOptions):
    """Options of ``python -m latent_rationale.explain.visualize``."""

    HEADING: ClassVar[str] = "pictures"

    input: Path = option(REQUIRED, "explanations.jsonl, as written by python -m latent_rationale.explain")
    save_path: Path | None = option(None, "output folder for the page and the pictures (default: that of --input)")
    start: int = option(0, "index of the first explanation, counted from 0", within="[0, 1e9]")
    stop: int | None = option(None, "index after the last explanation (default: --start + 20)", within="[1, 1e9]")
    format: str = option("png", "format of the pictures", choices=("png", "pdf", "svg"))
