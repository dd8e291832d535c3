"""Raw text to words, without anything to download."""

from nltk.tokenize import TreebankWordTokenizer
from nltk.tokenize.punkt import PunktSentenceTokenizer


def tokenize(text: str) -> list[str]:
    """Split raw text into sentences (untrained Punkt) and these into words (Treebank), as they stand in the text."""
    sentences, words = PunktSentenceTokenizer(), TreebankWordTokenizer()
    return [
        sentence[start:end] for sentence in sentences.tokenize(text) for start, end in words.span_tokenize(sentence)
    ]
