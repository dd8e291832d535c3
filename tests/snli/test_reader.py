import csv
import gzip
import io
import json

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.files import plain_or_zipped, read_lines
from latent_rationale.snli.reader import (
    RELATIONS,
    Highlight,
    SNLIPair,
    align,
    read_highlighted_pairs,
    read_pairs,
    treebank_tokens,
)

PAIR = {"gold_label": "neutral", "sentence1": "A dog barks.", "sentence2": "It's hungry."}
PARSED = PAIR | {
    "sentence1_binary_parse": "( ( A dog ) ( barks . ) )",
    "sentence2_binary_parse": "( It ( ( 's hungry ) . ) )",
}
MARKED = {
    "gold_label": "contradiction",
    "Sentence1": "A dog barks.",
    "Sentence2": "It isn't a dog.",
    "Sentence1_Highlighted_1": "1",
    "Sentence2_Highlighted_1": "3,1",
}
TOKENS = ("It", "is", "n't", "a", "dog", ".")


def pairs(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return list(read_pairs(path))


def as_csv(*rows):
    """Format rows as CSV, with the columns of the first row as header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return text.getvalue()


def highlighted_pairs(path, *rows):
    path.write_text(as_csv(*rows), encoding="utf-8")
    return list(read_highlighted_pairs(path))


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


def assert_refused(path, read, line, message):
    with pytest.raises(InputError) as error:
        list(read(path))
    assert str(error.value).startswith(f"{path}:{line}: {message}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("row", [PAIR, PARSED])
def test_a_pair_has_the_words_of_both_sentences(tmp_path, row):
    expected = SNLIPair(("A", "dog", "barks", "."), ("It", "'s", "hungry", "."), RELATIONS.index("neutral"), ())
    assert pairs(tmp_path / "a.jsonl", row) == [expected]


@pytest.mark.parametrize(("label", "relation"), [(0, "entailment"), (1, "contradiction"), (2, "neutral")])
def test_labels_are_indices_of_relations(tmp_path, label, relation):
    (pair,) = pairs(tmp_path / "a.jsonl", PAIR | {"gold_label": relation})
    assert pair.label == label


def test_words_of_the_parse_come_before_those_of_the_sentence(tmp_path):
    parse = "( ( A ( ( -LRB- big ) -RRB- ) ) `` dog '' )"
    (pair,) = pairs(tmp_path / "a.jsonl", PAIR | {"sentence2_binary_parse": parse})
    assert pair.premise == ("A", "dog", "barks", ".")
    assert pair.hypothesis == ("A", "-LRB-", "big", "-RRB-", "``", "dog", "''")


@pytest.mark.parametrize("parse", ["", "  ", "( )"])
def test_a_parse_without_words_is_none(tmp_path, parse):
    (pair,) = pairs(tmp_path / "a.jsonl", PAIR | {"sentence1_binary_parse": parse})
    assert pair.premise == ("A", "dog", "barks", ".")


def test_pairs_without_agreement_and_empty_lines_are_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [json.dumps(PAIR), "", " \t", json.dumps(PAIR | {"gold_label": "-"}), json.dumps(PARSED), ""]
    path.write_text("\n".join(lines))
    assert [pair.label for pair in read_pairs(path)] == [2, 2]


def test_plain_and_gzipped_files_hold_the_same(tmp_path):
    rows = PAIR, PAIR | {"sentence1": "Zwei Männer schlafen."}
    plain = pairs(tmp_path / "a.jsonl", *rows)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    assert list(read_pairs(tmp_path / "a.jsonl.gz")) == plain
    assert plain[1].premise == ("Zwei", "Männer", "schlafen", ".")

    plain = highlighted_pairs(tmp_path / "a.csv", MARKED)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    assert list(read_highlighted_pairs(tmp_path / "a.csv.gz")) == plain


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("A man, (smiling) walks.", ["A", "man", ",", "-LRB-", "smiling", "-RRB-", "walks", "."]),
        ('A "big" dog', ["A", "``", "big", "''", "dog"]),
        ("They don't and cannot.", ["They", "do", "n't", "and", "can", "not", "."]),
        ("Mr. Smith's here.", ["Mr.", "Smith", "'s", "here", "."]),
        ("  many   blanks ", ["many", "blanks"]),
        (" ", []),
    ],
)
def test_raw_text_is_split_as_the_parses_are(sentence, tokens):
    assert treebank_tokens(sentence) == tuple(tokens)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON ("),
        ("no JSON", "not JSON ("),
        ("[]", "a pair needs gold_label, sentence1, sentence2"),
        ("null", "a pair needs gold_label, sentence1, sentence2"),
        ('"gold_label sentence1 sentence2"', "a pair needs gold_label, sentence1, sentence2"),
        ('{"sentence1": "A dog."}', "a pair needs gold_label, sentence2"),
        *((json.dumps(without(PAIR, name)), f"a pair needs {name}") for name in PAIR),
        *((json.dumps(PARSED | {name: None}), f"{name}: expected text") for name in PARSED),
        (json.dumps(PAIR | {"sentence1": ["A", "dog"]}), "sentence1: expected text"),
        (json.dumps(PAIR | {"gold_label": 1}), "gold_label: expected text"),
        (
            json.dumps(PAIR | {"gold_label": ""}),
            "gold_label: expected entailment, contradiction, neutral or -, got none",
        ),
        (
            json.dumps(PAIR | {"gold_label": "Neutral\nor so"}),
            "gold_label: expected entailment, contradiction, neutral or -, got Neutral or so",
        ),
        (json.dumps(PAIR | {"sentence1": ""}), "sentence1 has no words"),
        (json.dumps(PAIR | {"sentence2": " \n"}), "sentence2 has no words"),
        (json.dumps(PAIR | {"sentence1": "A \ude00 dog"}), r"half of a surrogate pair (\ude00)"),
        (json.dumps(PARSED | {"sentence2_binary_parse": "( \ud83d )"}), r"half of a surrogate pair (\ud83d)"),
        (json.dumps(PAIR | {"sentence2": "", "gold_label": "-"}), "sentence2 has no words"),
    ],
)
def test_a_line_that_is_no_pair(tmp_path, line, message):
    path = tmp_path / "a.jsonl"
    path.write_text(f"{json.dumps(PAIR)}\n\n{line}\n{json.dumps(PAIR)}\n")
    assert_refused(path, read_pairs, 3, message)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_pairs, "", "holds no pairs"),
        (read_pairs, "\n \n", "holds no pairs"),
        (read_pairs, json.dumps(PAIR | {"gold_label": "-"}), "holds no pairs with a gold label"),
        (read_highlighted_pairs, "", "holds no pairs with a gold label"),
        (read_highlighted_pairs, as_csv(MARKED).splitlines()[0], "holds no pairs with a gold label"),
        (read_highlighted_pairs, as_csv(MARKED | {"gold_label": "-"}), "holds no pairs with a gold label"),
    ],
    ids=range(6),
)
def test_a_file_without_pairs_is_refused(tmp_path, read, text, message):
    path = tmp_path / "a"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        list(read(path))
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize("read", [read_pairs, read_highlighted_pairs])
def test_files_that_cannot_be_read_are_named(tmp_path, read):
    with pytest.raises(InputError, match=r"none\.gz: no such file$"):
        list(read(tmp_path / "none.gz"))
    (tmp_path / "plain.gz").write_text("no gzip")
    with pytest.raises(InputError, match=r"plain\.gz: cannot be read"):
        list(read(tmp_path / "plain.gz"))
    (tmp_path / "latin").write_bytes("é".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin:1: not UTF-8 text$"):
        list(read(tmp_path / "latin"))


@pytest.mark.parametrize(
    ("words", "tokens", "expected"),
    [
        ([(0, 3)], [(0, 3)], {0}),
        ([(0, 6)], [(0, 5), (5, 6)], {0, 1}),  # "barks."
        ([(2, 7)], [(0, 1), (2, 4), (4, 7), (8, 9)], {1, 2}),  # "I don't ?"
        ([(0, 1), (4, 5)], [(0, 5)], {0}),  # one token over three words
        ([(3, 5)], [(0, 3), (5, 8)], set()),  # what only touches shares no character
        ([(3, 3)], [(0, 3), (3, 6)], set()),
        ([(3, 3)], [(0, 6)], set()),  # nor does what is empty
        ([], [(0, 3)], set()),
        ([(0, 3)], [], set()),
    ],
)
def test_words_are_aligned_to_tokens_by_characters(words, tokens, expected):
    assert align(words, tokens) == expected


@pytest.mark.parametrize(
    ("sentence", "words", "tokens"),
    [
        ("A dog barks.", "2", ["barks", "."]),
        ("Well, a dog", "0,2", ["Well", ",", "dog"]),
        ("They don't bark", "1", ["do", "n't"]),
        ("The dogs' owners' house", "1", ["dogs", "'"]),
        ('A "big bad" dog', "1", ["``", "big"]),
        ('A "big bad" dog', "2", ["bad", "''"]),
        ("A (big) dog", "1", ["-LRB-", "big", "-RRB-"]),
        ("A  big   dog", "2", ["big"]),
        ("A  big   dog", "5", ["dog"]),
        ("A  big   dog", "1,3,4", []),
        (" A dog ", "1", ["A"]),
        ("A dog barks.", "2,0,2", ["A", "barks", "."]),
        ("A dog barks.", "{}", []),
    ],
)
def test_highlighted_words_become_tokens(tmp_path, sentence, words, tokens):
    row = MARKED | {"Sentence1": sentence, "Sentence1_Highlighted_1": words}
    (pair,) = highlighted_pairs(tmp_path / "a.csv", row)
    (highlight,) = pair.highlights
    assert [pair.premise[index] for index in sorted(highlight.premise)] == tokens
    assert highlight.hypothesis == {1, 2, 4, 5}


def test_a_highlighted_pair(tmp_path):
    highlight = Highlight(frozenset({1}), frozenset({1, 2, 4, 5}))
    expected = SNLIPair(("A", "dog", "barks", "."), TOKENS, RELATIONS.index("contradiction"), (highlight,))
    assert highlighted_pairs(tmp_path / "a.csv", MARKED) == [expected]


def test_columns_are_found_by_name_in_any_case(tmp_path):
    expected = highlighted_pairs(tmp_path / "a.csv", MARKED)
    turned = {"pairID": "7"} | {name.lower(): MARKED[name] for name in reversed(MARKED)}
    assert highlighted_pairs(tmp_path / "b.csv", turned) == expected


@pytest.mark.parametrize("annotators", [1, 2, 3, 4])
def test_there_are_as_many_highlights_as_annotators(tmp_path, annotators):
    row = dict(MARKED)
    for annotator in range(2, annotators + 1):
        row |= {f"Sentence1_Highlighted_{annotator}": "{}", f"Sentence2_Highlighted_{annotator}": "0"}
    (pair,) = highlighted_pairs(tmp_path / "a.csv", row)
    assert len(pair.highlights) == annotators
    assert all(highlight == Highlight(frozenset(), frozenset({0})) for highlight in pair.highlights[1:])


def test_an_annotator_without_an_answer_is_passed_over(tmp_path):
    cells = {"Sentence1_Highlighted_2": "", "Sentence2_Highlighted_2": ""}
    (alone,) = highlighted_pairs(tmp_path / "a.csv", MARKED)
    assert highlighted_pairs(tmp_path / "b.csv", MARKED | cells) == [alone]
    (pair,) = highlighted_pairs(tmp_path / "c.csv", MARKED | cells | {"Sentence2_Highlighted_2": "{}"})
    assert pair.highlights == (*alone.highlights, Highlight(frozenset(), frozenset()))


def test_rows_may_be_empty_and_may_span_lines(tmp_path):
    path = tmp_path / "a.csv"
    header, row = as_csv(MARKED).splitlines()
    spanning = 'contradiction,"A ""dog"",\n\nbarks.",It is not.,0,{}'
    path.write_text("\n".join(["", header, row, " ", spanning, ",,,,", row.replace("3,1", "3,9")]), newline="\r\n")
    found = read_highlighted_pairs(path)
    assert next(found).hypothesis == TOKENS
    assert next(found).premise == ("A", "``", "dog", "''", ",", "barks", ".")
    with pytest.raises(InputError, match=r"a\.csv:9: sentence2_highlighted_1: there is no word 9 among 4"):
        next(found)


@pytest.mark.parametrize("name", MARKED)
def test_what_a_highlighted_pair_lacks_is_named(tmp_path, name):
    (tmp_path / "a.csv").write_text(as_csv(without(MARKED, name)))
    assert_refused(tmp_path / "a.csv", read_highlighted_pairs, 2, f"a pair needs {name.lower()}")


def test_every_annotator_needs_both_columns(tmp_path):
    (tmp_path / "a.csv").write_text(as_csv(MARKED | {"Sentence1_Highlighted_2": "0"}))
    assert_refused(tmp_path / "a.csv", read_highlighted_pairs, 2, "a pair needs sentence2_highlighted_2")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"gold_label": "maybe"}, "gold_label: expected entailment, contradiction, neutral or -, got maybe"),
        ({"Sentence1": " ", "Sentence1_Highlighted_1": "{}"}, "sentence1 has no words"),
        ({"Sentence2": "", "Sentence2_Highlighted_1": "{}"}, "sentence2 has no words"),
        ({"Sentence1_Highlighted_1": "3"}, "sentence1_highlighted_1: there is no word 3 among 3, counted from 0"),
        ({"Sentence1_Highlighted_1": "-1"}, "sentence1_highlighted_1: there is no word -1 among 3, counted from 0"),
        ({"Sentence2_Highlighted_1": "dog"}, "sentence2_highlighted_1: expected indices of words, got dog"),
        ({"Sentence2_Highlighted_1": "{1}"}, "sentence2_highlighted_1: expected indices of words, got {1}"),
        ({"Sentence2_Highlighted_1": "1,,2"}, "sentence2_highlighted_1: expected indices of words, got 1,,2"),
        ({"Sentence2_Highlighted_1": "1.0"}, "sentence2_highlighted_1: expected indices of words, got 1.0"),
        ({"Sentence2_Highlighted_1": " "}, "sentence2_highlighted_1: expected indices of words, got none"),
        ({"Sentence2_Highlighted_1": "9" * 5000}, "sentence2_highlighted_1: expected indices of words, got 999"),
    ],
    ids=lambda part: str(part)[:50],
)
def test_a_row_that_is_no_highlighted_pair(tmp_path, changed, message):
    (tmp_path / "a.csv").write_text(as_csv(MARKED, MARKED | changed, MARKED))
    assert_refused(tmp_path / "a.csv", read_highlighted_pairs, 3, message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("contradiction,A dog.,A cat.,{}", "expected 5 cells, got 4"),
        ("contradiction,A dog.,A cat.,{},{},{}", "expected 5 cells, got 6"),
        ("contradiction,A dog.,A cat.,0,1,{}", "expected 5 cells, got 6"),
        ('contradiction,"A dog.,A cat.,{},{}', "not CSV ("),
        ('contradiction,"A" dog.,A cat.,{},{}', "not CSV ("),
        pytest.param(f"contradiction,{'dog' * 50_000},A cat.,{{}},{{}}", "not CSV (", id="too long"),
    ],
)
def test_a_malformed_row_is_named_with_its_line(tmp_path, line, message):
    (tmp_path / "a.csv").write_text(as_csv(MARKED) + line)
    assert_refused(tmp_path / "a.csv", read_highlighted_pairs, 3, message)


@pytest.mark.parametrize(("name", "count"), [("dev", 9842), ("test", 9824)])
def test_real_pairs(data_root, name, count):
    found = list(read_pairs(plain_or_zipped(data_root / "snli" / f"snli_1.0_{name}.jsonl")))
    assert len(found) == count
    assert {pair.label for pair in found} == {0, 1, 2}
    assert not any({"(", ")"} & {*pair.premise, *pair.hypothesis} for pair in found)


def test_real_training_pairs(data_root):
    found = list(read_pairs(plain_or_zipped(data_root / "snli" / "snli_1.0_train.jsonl")))
    labels = [pair.label for pair in found]
    assert all(0.3 < labels.count(label) / len(found) < 0.37 for label in range(len(RELATIONS)))
    assert found[0].highlights == ()


def test_parses_and_raw_text_have_the_same_words_in_all_but_a_few_sentences(data_root, tmp_path):
    path = plain_or_zipped(data_root / "snli" / "snli_1.0_dev.jsonl")
    rows = [json.loads(line) for _, line in read_lines(path)]
    raw = pairs(tmp_path / "raw.jsonl", *(without(row, *PARSED.keys() - PAIR.keys()) for row in rows))
    same = [
        words == others
        for pair, other in zip(read_pairs(path), raw, strict=True)
        for words, others in ((pair.premise, other.premise), (pair.hypothesis, other.hypothesis))
    ]
    assert len(same) == 2 * 9842
    assert sum(same) / len(same) > 0.999


@pytest.fixture(scope="module")
def real_highlights(data_root):
    return list(read_highlighted_pairs(plain_or_zipped(data_root / "esnli" / "esnli_dev.csv")))


def test_all_real_highlighted_pairs_are_read(real_highlights):
    labels = [pair.label for pair in real_highlights]
    assert [labels.count(label) for label in range(len(RELATIONS))] == [3329, 3278, 3235]
    assert all(len(pair.highlights) == 3 for pair in real_highlights)
    first = real_highlights[0]
    chosen = [[first.hypothesis[index] for index in sorted(choice.hypothesis)] for choice in first.highlights]
    assert chosen[:2] == [["lunch", "."], ["sisters", "hugging", "goodbye"]]


def test_real_highlights_lie_within_their_sentences(real_highlights):
    for pair in real_highlights:
        for highlight in pair.highlights:
            assert highlight.premise <= set(range(len(pair.premise)))
            assert highlight.hypothesis <= set(range(len(pair.hypothesis)))
            assert highlight.premise | highlight.hypothesis


def test_a_real_premise_is_highlighted_unless_neutral(real_highlights):
    """Camburu et al. (2018), section 3, asked for words of the hypothesis alone where a pair is neutral."""
    neutral = RELATIONS.index("neutral")
    for pair in real_highlights:
        assert any(highlight.premise for highlight in pair.highlights) == (pair.label != neutral)
