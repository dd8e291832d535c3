"""Encoders of texts. A new encoder is one file in this folder and one line in ``ENCODERS``."""

from collections.abc import Callable

from latent_rationale.common.nn.encoders.bow import BagOfWords
from latent_rationale.common.nn.encoders.cnn import CNN
from latent_rationale.common.nn.encoders.encoder import Encoder
from latent_rationale.common.nn.encoders.lstm import LSTM
from latent_rationale.common.nn.encoders.rcnn import RCNN

MakeEncoder = Callable[[int, int, bool], Encoder]
"""Type of functions from input size, hidden size and ``skip_unselected`` to an encoder."""

ENCODERS: dict[str, MakeEncoder] = {"lstm": LSTM, "rcnn": RCNN, "cnn": CNN, "bow": BagOfWords}

__all__ = ["CNN", "ENCODERS", "LSTM", "RCNN", "BagOfWords", "Encoder", "MakeEncoder"]
