"""Tokenization of raw text, without resources that have to be downloaded."""

from nltk.tokenize import TreebankWordTokenizer
from nltk.tokenize.punkt import PunktSentenceTokenizer


def tokenize(text: str) -> list[str]:
    """Split raw text into sentences (untrained Punkt) and these into words (Penn Treebank).

    Words are substrings of the text: quotes and brackets are not replaced by the treebank's escapes.
    """
    # Words are cut out by their offsets, because TreebankWordTokenizer.tokenize() would rewrite quotation marks.
    sentences, words = PunktSentenceTokenizer(), TreebankWordTokenizer()
    return [
        sentence[start:end] for sentence in sentences.tokenize(text) for start, end in words.span_tokenize(sentence)
    ]
