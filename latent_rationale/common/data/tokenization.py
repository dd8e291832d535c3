"""Tokenization of raw text, without resources that have to be downloaded."""

from itertools import pairwise

import regex
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


Offsets = list[tuple[int, int]]
"""Positions of words or sentences in a text, as pairs ``(start, end)`` of characters, where ``end`` is excluded."""

# White space is what str.isspace() says: \s of the package regex lacks four control characters.
_BLANK = r"\s\x1c-\x1f"

# Scripts without blanks between words, whose characters are words of their own.
_SINGLE = r"\p{Han}\p{Hiragana}\p{Katakana}\u30fc"
# Letters with their marks, digits, underscores, soft hyphens, and the joiners inside Indic and Persian words.
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_\u00ad\u200c\u200d]--[{_SINGLE}]]"

_WORD = regex.compile(
    rf"""
    [A-Za-z]++(?=[ ,])                                # most words, found without trying the rest
  | (?:https?://|www\.)[^{_BLANK}。！？｡<>"]{{0,2000}}[\w/]  # addresses, without the punctuation behind them
  | \w[\w.+-]{{0,63}}@\w[\w-]{{0,62}}(?:\.\w[\w-]{{0,62}}){{1,8}}
  | (?:[A-Za-z][\w-]{{0,62}}\.){{1,8}}(?:com|org|net|edu|gov|info|io|co\.uk|de|fr)(?![\w@])
  | [0-9#*]\ufe0f?\u20e3                              # keycaps
  | \d+(?:[.,:/]\d+)*{_LETTER}*(?:-{_LETTER}+)*       # 3.5, 1,000, 10:30, 1/2, 3rd, 20-year-old
  | (?<!\w)(?:\p{{L}}\.){{2,}}                        # U.S.
  | (?<!\w)(?i:mr|mrs|ms|dr|prof|jr|sr|vs|etc)\.
  | [{_SINGLE}]\p{{M}}*
  | {_LETTER}+(?:['’-]{_LETTER}+)*                    # well-made, O'Neil; don't is split below
  | (?<!\w)[:;=]['’]?-?[)(\]\[DPp/|](?!\w)            # :-)
  | \.{{2,}} | -{{2,}}
  | (?![{_BLANK}])\X                                  # one character as readers see it, such as an emoji with its parts
    """,
    regex.VERBOSE | regex.VERSION1,
)

_CONTRACTION = regex.compile(r"(?i)(?<=\w)(?:n['’]t|['’](?:s|m|d|ll|re|ve))$")

_LONGEST_CONTRACTION = 3

_STOPS = ".!?…‽؟۔।॥"
_MARKS = "".join(rf"\p{{Grapheme_Cluster_Break={name}}}" for name in ("Extend", "SpacingMark", "ZWJ"))
_SENTENCE_END = regex.compile(
    rf"""
    (?<![{_STOPS}])(?P<stop>[{_STOPS}]++)(?P<closers>["'’”»)\]]*)(?=[{_BLANK}])
  | [。！？｡][。！？｡"'’”»」』）{_MARKS}]*              # scripts without blanks between sentences
  | \n[{_BLANK}]*\n                                   # a blank line
    """,
    regex.VERBOSE | regex.VERSION1,
)
_ABBREVIATION = regex.compile(
    r"(?:^|[\s(\"'“‘])(?:\p{L}|(?i:mr|mrs|ms|dr|prof|st|jr|sr|vs|e\.g|i\.e|(?:\p{L}\.)+\p{L}))$"
)
_LONGEST_ABBREVIATION = 12
_NEXT_CHARACTER = regex.compile(rf"[{_BLANK}]*[\"'“‘«(\[]*([^{_BLANK}])", regex.VERSION1)


def find_words(text: str) -> Offsets:
    """Return the offsets of the words of a raw text.

    English contractions are split as in the Penn Treebank and in word vectors (``do`` and ``n't``, ``it`` and ``'s``),
    Chinese and Japanese characters stand alone, and numbers, addresses, emoji with their modifiers and the words of
    other scripts stay whole. Every character that is not white space belongs to exactly one word.
    """
    found: Offsets = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        word = match[0]
        if "'" in word or "’" in word:
            found += _split_contractions(word, start)
        else:
            found.append((start, end))
    return found


def find_sentences(text: str) -> Offsets:
    """Return the offsets of the sentences of a raw text, without the white space around them.

    A sentence ends at ``.``, ``!`` or ``?`` before white space, unless an abbreviation or a lower-case word suggests
    that it goes on, at the full stops of other scripts, and at blank lines. In tokenised text, where a blank precedes
    the full stop, the case of the next word does not count. No word of :func:`find_words` is cut.
    """
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text) if _ends_sentence(text, match)), len(text)]
    spans = (_trimmed(text, start, end) for start, end in pairwise(starts))
    return [(start, end) for start, end in spans if start < end]


def _split_contractions(word: str, start: int) -> Offsets:
    """Return the offsets of a word and of the contractions at its end; ``start`` is the word's own offset."""
    end = len(word)
    endings: Offsets = []
    while match := _CONTRACTION.search(word, max(0, end - _LONGEST_CONTRACTION), end):
        endings.append((start + match.start(), start + end))
        end = match.start()
    return [(start, start + end), *reversed(endings)]


def _ends_sentence(text: str, match: "regex.Match[str]") -> bool:
    """Tell whether a sentence ends at a match of ``_SENTENCE_END``."""
    stop = match["stop"]
    if stop is None:
        return True
    before = text[max(0, match.start() - _LONGEST_ABBREVIATION) : match.start()]
    if not before or before[-1].isspace():  # tokenised text
        return True
    if stop == "." and not match["closers"] and _ABBREVIATION.search(before):
        return False
    following = _NEXT_CHARACTER.match(text, match.end())
    return following is None or not following[1].islower()


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
