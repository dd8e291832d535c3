"""What the commands that explain take."""

from dataclasses import dataclass
from pathlib import Path

from latent_rationale.common.config import REQUIRED, option
from latent_rationale.common.errors import InputError
from latent_rationale.explain.methods import METHODS, NEED_LANGUAGE_MODEL

FILES = {"jsonl": "explanations.jsonl", "seed": "explanations.txt"}
"""What is written, by format."""


@dataclass(frozen=True, kw_only=True)
class SubjectOptions:
    """What is explained, and in which contexts: what every command that explains takes."""

    ckpt: Path = option(REQUIRED, "the results folder of a trained classifier")
    lm: Path | None = option(None, "the results folder of a language model, for soc and scd")
    nb_range: int = option(10, "words on either side of a phrase that are drawn anew", within="[0, inf)")
    sample_n: int = option(20, "how often they are", within="[1, inf)")
    share_samples: bool = option(False, "phrases with the same edge share their samples: faster, and less exact")

    split: str = option("dev", "data set to explain", choices=("train", "dev", "test"))
    start: int = option(0, "its first sentence, counted from 0", within="[0, inf)")
    stop: int | None = option(None, "the sentence before which to stop; by default there is none", within="[1, inf)")

    save_path: Path | None = option(None, "folder for what is found; by default that of --ckpt")
    max_batch: int = option(2048, "sentences that go through the model at a time", within="[1, inf)")
    seed: int = option(1, "where all randomness starts", within="[0, 9007199254)")
    device: str = option("auto", "where to compute", choices=("auto", "cpu", "cuda"))

    @property
    def methods(self) -> tuple[str, ...]:
        """Those to explain by."""
        return ()

    @property
    def folder(self) -> Path:
        """Where to write."""
        return self.save_path or self.ckpt

    def __post_init__(self) -> None:
        """Refuse what no single option's bounds can.

        Raises:
            InputError: for such values.
        """
        for method in self.methods:
            if method in NEED_LANGUAGE_MODEL and self.lm is None:
                train = "python -m latent_rationale.explain.train_lm"
                raise InputError(f"--method {method} needs --lm, a language model; train one with {train}")
        if self.stop is not None and self.stop <= self.start:
            raise InputError(f"--stop: expected more than --start, {self.start}, got {self.stop}")


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(SubjectOptions):
    """What ``python -m latent_rationale.explain`` takes."""

    method: str = option("soc", "how phrases get their scores", choices=tuple(METHODS))
    text: str | None = option(None, "explain this text instead of a data set")
    tokenized: bool = option(False, "the text is tokens with blanks between them, not raw text")
    longest: int = option(3, "where nobody knows the phrases: all of up to so many words", within="[1, inf)")
    agg: bool = option(False, "grow phrases into a tree by their scores")
    percentile: float = option(90.0, "of the words, then of the gains, that are taken, with --agg", within="[0, 100]")
    format: str = option("jsonl", "of the file: JSON, or phrases and scores apart by tabs", choices=tuple(FILES))
    show: int = option(5, "explanations to show", within="[0, inf)")

    @property
    def methods(self) -> tuple[str, ...]:
        """The one."""
        return (self.method,)


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(SubjectOptions):
    """What ``python -m latent_rationale.explain.evaluate`` takes."""

    method: tuple[str, ...] = option(tuple(METHODS), "how phrases get their scores", choices=tuple(METHODS))
    resamples: int = option(1000, "of the sentences, for intervals", within="[1, inf)")

    @property
    def methods(self) -> tuple[str, ...]:
        """All of them."""
        return self.method
