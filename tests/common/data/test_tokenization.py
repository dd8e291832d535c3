from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.common.data.tokenization import find_sentences, find_words, tokenize

# Text with much of what makes boundaries: stops, quotes, blanks of several kinds, emoji parts, marks, CJK.
PIECES = [
    *"abZ9é. ,!?'’\"()-:/@#_…。！我かカー",
    " ",
    "\n",
    "\n\n",
    "\t",
    "\x1c",
    "\xa0",
    "n't",
    "'s",
    "http://",
    ".com",
    "Mr.",
]
PIECES += ["\u200d", "\ufe0f", "\u20e3", "👩", "🏽", "🇩", "\u0301", "क्ष", "\x00", "\r\n", "\ud800"]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


def words(text):
    return [text[start:end] for start, end in find_words(text)]


def sentences(text):
    return [text[start:end] for start, end in find_sentences(text)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It's good.", ["It", "'s", "good", "."]),
        (
            "Not bad, isn't it? Yes (really)!",
            ["Not", "bad", ",", "is", "n't", "it", "?", "Yes", "(", "really", ")", "!"],
        ),
        ('He said "no".', ["He", "said", '"', "no", '"', "."]),
        ("  many   blanks ", ["many", "blanks"]),
        ("", []),
        ("é ü 漢字", ["é", "ü", "漢字"]),
    ],
)
def test_words_as_they_stand_in_the_text(tokens, text):
    assert tokenize(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I don't think it's bad.", ["I", "do", "n't", "think", "it", "'s", "bad", "."]),
        ("It’s great; can’t complain", ["It", "’s", "great", ";", "ca", "n’t", "complain"]),
        ("couldn't've", ["could", "n't", "'ve"]),
        ("O'Neil's well-made film", ["O'Neil", "'s", "well-made", "film"]),
        ("students' DON'T", ["students", "'", "DO", "N'T"]),
        ("$3.5 or 1,000, at 10:30.", ["$", "3.5", "or", "1,000", ",", "at", "10:30", "."]),
        ("a 20-year-old, 100%!!", ["a", "20-year-old", ",", "100", "%", "!", "!"]),
        ("(see http://x.com/a?b=1.)", ["(", "see", "http://x.com/a?b=1", ".", ")"]),
        ("www.foo.org/, me@x.co.uk", ["www.foo.org/", ",", "me@x.co.uk"]),
        ("great.The end...", ["great", ".", "The", "end", "..."]),
        ("Dr. Who in the U.S. and/or", ["Dr.", "Who", "in", "the", "U.S.", "and", "/", "or"]),
        ("我喜欢カー。", ["我", "喜", "欢", "カ", "ー", "。"]),
        ("नमस्ते क्षत्रिय می\u200cخواهم", ["नमस्ते", "क्षत्रिय", "می\u200cخواهم"]),
        (
            "ok👩\u200d👩\u200d👧👍🏽🇩🇪🇫🇷1\ufe0f\u20e3",
            ["ok", "👩\u200d👩\u200d👧", "👍🏽", "🇩🇪", "🇫🇷", "1\ufe0f\u20e3"],
        ),
        ("e\u0301te", ["e\u0301te"]),
        ("", []),
    ],
)
def test_words_of_raw_text(tokens, text):
    assert words(text) == tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mr. Smith went. He saw it!", ["Mr. Smith went.", "He saw it!"]),
        ('Great?  "Yes." No.', ["Great?", '"Yes."', "No."]),
        ("J. R. Tolkien wrote, e.g. this.", ["J. R. Tolkien wrote, e.g. this."]),
        ("One... two. three", ["One... two. three"]),
        ("the food was bad . the end .", ["the food was bad .", "the end ."]),
        ("no stop\n\nnew paragraph", ["no stop", "new paragraph"]),
        ("我喜欢。「真的？」对", ["我喜欢。", "「真的？」", "对"]),
        ("  ", []),
    ],
)
def test_sentences_of_raw_text(found, text):
    assert sentences(text) == found


@pytest.mark.parametrize("find", [find_words, find_sentences])
@given(text=TEXTS)
def test_offsets_ascend_and_leave_out_white_space_only(find, text):
    offsets = find(text)
    assert all(0 <= start < end <= len(text) for start, end in offsets)
    assert all(end <= start for (_, end), (start, _) in pairwise(offsets))
    covered = {i for start, end in offsets for i in range(start, end)}
    assert {i for i, character in enumerate(text) if not character.isspace()} <= covered
    assert not any(text[start].isspace() or text[end - 1].isspace() for start, end in offsets)


@given(text=TEXTS)
def test_words_hold_no_white_space_and_no_sentence_cuts_one(text):
    assert not any(character.isspace() for word in words(text) for character in word)
    inside = {i for start, end in find_words(text) for i in range(start + 1, end)}
    assert not inside & {i for offsets in find_sentences(text) for i in offsets}


@pytest.mark.parametrize("unit", ["a.", "a", "'s", "a@", "1,", ".", "\n ", "http://", "😀", ":-", "a-", "!x"])
@pytest.mark.parametrize("find", [find_words, find_sentences])
def test_long_texts_without_blanks_take_linear_time(find, unit):
    # With quadratic time this would take minutes.
    assert find(unit * 50_000 + "x")
