import json

import pytest

from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.common.predictions.display import LabelledPrediction
from latent_rationale.common.predictions.files import write_predictions
from latent_rationale.common.predictions.prediction import TextPrediction
from latent_rationale.common.utils.errors import AbsentDataError, InputError
from latent_rationale.common.utils.files import read_lines
from latent_rationale.sst.reader import Phrase, SSTExample, normalize_tokens, parse_tree, read_glue, read_trees
from latent_rationale.sst.task import SST


def test_a_tree_gives_words_root_label_and_a_label_for_every_word():
    example = parse_tree("(3 (2 It) (4 (4 (2 's) (4 (3 (2 a) (4 (3 lovely) (2 film))) (1 -LRB-))) (2 .)))")
    assert (example.tokens, example.label) == (("It", "'s", "a", "lovely", "film", "-LRB-", "."), 3)
    assert example.token_labels == (2, 2, 2, 3, 2, 1, 2)


def test_every_node_is_a_phrase():
    phrases = parse_tree("(3 (2 It) (4 (2 's) (3 (2 a) (4 film))))").phrases
    assert phrases == ((0, 4, 3), (0, 1, 2), (1, 4, 4), (1, 2, 2), (2, 4, 3), (2, 3, 2), (3, 4, 4))


def test_a_flat_tree_has_no_labels_for_its_words():
    example = parse_tree("(1 a dull film)")
    assert example == SSTExample(("a", "dull", "film"), 1, (Phrase(0, 3, 1),))
    assert example.token_labels is None


def test_a_sentence_of_one_word():
    assert parse_tree("(4 Superb)") == SSTExample(("Superb",), 4, (Phrase(0, 1, 4),))


@pytest.mark.parametrize("word", ["2\u00a01\\/2", "a\u00a0b\u00a0c", "next\x85line", "thin\u2009space"])
def test_a_word_with_other_than_ascii_white_space_is_one_token_with_its_label(word):
    example = parse_tree(f"(3 (2 nearly) (3 (1 {word}) (4 hours)))")
    assert example.tokens == ("nearly", word, "hours")
    assert example.token_labels == (2, 1, 4)


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\t", " \u00a0 "])
def test_white_space_around_words_is_not_part_of_them(blank):
    text = f"(3{blank}(2{blank}nearly{blank}){blank}(4 hours{blank})){blank}"
    assert parse_tree(text) == parse_tree("(3 (2 nearly) (4 hours))")
    with pytest.raises(InputError, match="without words"):
        parse_tree(f"(3 (2 {blank}) (4 hours))")


def test_a_word_with_a_no_break_space_survives_in_files(tmp_path):
    example = parse_tree("(3 (2 nearly) (3 (1 2\u00a01\\/2) (4 hours)))")
    vocabulary = Vocabulary.build([example.tokens])
    vocabulary.save(tmp_path / "vocabulary.txt")
    loaded = Vocabulary.load(tmp_path / "vocabulary.txt")
    assert loaded.words == vocabulary.words
    assert "2\u00a01/2" in loaded.words
    assert loaded.encode(example.tokens) == vocabulary.encode(example.tokens)

    prediction = TextPrediction((0.2, 0.8), 1, "positive", example.tokens, (0.0, 1.0, 0.5))
    write_predictions(tmp_path, [LabelledPrediction("test", prediction, {"gold": 1})], zipped=False)
    ((_, line),) = read_lines(tmp_path / "rationales.txt")
    assert line == "nearly **2\u00a01\\/2** __hours__"
    ((_, row),) = read_lines(tmp_path / "predictions.jsonl")
    assert json.loads(row)["tokens"] == list(example.tokens)


def test_sentences_of_the_treebank_and_of_glue_have_a_common_spelling():
    assert normalize_tokens(("-LRB-", "2\u00a01\\/2", "Hours")) == ("(", "2", "1/2", "hours")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(3 (2 a) (2 film)", "unbalanced parentheses"),
        ("(3 (2 a)) (2 film))", "unbalanced parentheses"),
        ("(3 (2 a)) (2 film)", "not a tree"),
        (")3 a(", "not a tree"),
        ("just words", "not a tree"),
        ("(5 (2 a) (2 film))", "expected a class from 0 to 4, got 5"),
        ("(3 (good a) (2 film))", "expected a class from 0 to 4, got good"),
        ("((2 a) (2 film))", "expected a class from 0 to 4, got none"),
        ("(3 )", "without words"),
        ("(3 (2 ) (2 film))", "without words"),
    ],
)
def test_a_malformed_tree_is_named_with_its_line(tmp_path, text, message):
    path = tmp_path / "train.txt"
    path.write_text(f"(3 (2 a) (2 film))\n\n{text}\n")
    with pytest.raises(InputError, match=message) as error:
        list(read_trees(path))
    assert str(error.value).startswith(f"{path}:3: ")
    assert "\n" not in str(error.value)


def test_a_file_without_sentences_is_refused(tmp_path):
    (tmp_path / "train.txt").write_text("\n \n")
    with pytest.raises(InputError, match="holds no sentences"):
        list(read_trees(tmp_path / "train.txt"))


def glue(tmp_path, *rows, split="train"):
    path = tmp_path / f"{split}.tsv"
    path.write_text("".join(row + "\n" for row in rows))
    return path


def test_glues_rows_are_texts_of_two_classes(tmp_path):
    path = glue(tmp_path, "sentence\tlabel", "a lovely film \t1", "", "dull\t0")
    assert list(read_glue(path)) == [SSTExample(("a", "lovely", "film"), 1), SSTExample(("dull",), 0)]


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        (["a film\t1"], 1, "expected the line"),
        (["sentence\tlabel", "a film\t1", "a film\t2"], 3, "expected a sentence, a tab, and 0 or 1"),
        (["sentence\tlabel", "a film 1"], 2, "expected a sentence, a tab, and 0 or 1"),
        (["sentence\tlabel", " \t1"], 2, "a row without words"),
    ],
)
def test_a_malformed_row_of_glue_is_named_with_its_line(tmp_path, rows, line, message):
    path = glue(tmp_path, *rows)
    with pytest.raises(InputError, match=message) as error:
        list(read_glue(path))
    assert str(error.value).startswith(f"{path}:{line}: ")


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no sentences"):
        list(read_glue(glue(tmp_path, "sentence\tlabel")))


def test_glue_has_two_classes(tmp_path):
    glue(tmp_path, "sentence\tlabel", "a film\t1")
    with pytest.raises(InputError, match="--classes 2"):
        SST.without_vectors(data_path=tmp_path).read_split("train")


def test_no_whole_sentence_is_too_few(small_sst, tmp_path, monkeypatch):
    glue(tmp_path, "sentence\tlabel", "no sentence of the treebank\t1")
    (tmp_path / "sst").symlink_to(small_sst.folder)
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path))
    with pytest.raises(InputError, match="--no-subtrees: no row is a whole sentence"):
        SST.without_vectors(classes=2, data_path=tmp_path, no_subtrees=True).read_split("train")


def test_a_table_that_is_missing_is_named(tmp_path):
    glue(tmp_path, "sentence\tlabel", "a film\t1")
    with pytest.raises(InputError, match=r"dev.tsv: no such file"):
        SST.without_vectors(classes=2, data_path=tmp_path).read_split("dev")


def test_glues_table_is_read_in_full(data_root):
    task = SST.without_vectors(classes=2, data_path=data_root / "sst2")
    assert [len(examples) for examples in vars(task.read_splits()).values()] == [67349, 872, 0]
    whole = SST.without_vectors(classes=2, data_path=data_root / "sst2", no_subtrees=True).read_split("train")
    assert len(whole) == 6872
    assert whole[0].tokens[:4] == ("swimming", "is", "above", "all")


def test_the_treebank_is_read_in_full(data_root):
    examples = {name: list(read_trees(data_root / "sst" / f"{name}.txt")) for name in ("dev", "test")}
    assert {name: len(found) for name, found in examples.items()} == {"dev": 1101, "test": 2210}
    words = [word for example in examples["dev"] for word in example.tokens]
    assert len(words) == 21274
    assert all(len(example.tokens) == len(example.token_labels) for example in examples["test"])
    train = list(read_trees(data_root / "sst" / "train.txt"))
    assert len(train) == 8544
    assert all(example.token_labels for example in train)
    no_break = [(line, token) for line, ex in enumerate(train, start=1) for token in ex.tokens if "\u00a0" in token]
    assert no_break == [(4342, "8\u00a01\\/2"), (5799, "2\u00a01\\/2"), (7409, "2\u00a01\\/2")]
    assert examples["dev"][0].tokens[:5] == ("It", "'s", "a", "lovely", "film")
    assert {example.label for example in examples["dev"]} == {0, 1, 2, 3, 4}


TREEBANKS = "(1 (1 a) (2 film))\n"


def treebank_nearby(tmp_path, monkeypatch):
    """A treebank where data is looked for, none of whose sentences may enter other data."""
    (tmp_path / "sst").mkdir()
    for name in ("train", "dev", "test"):
        (tmp_path / f"sst/{name}.txt").write_text(TREEBANKS)
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([], "test.tsv: no such file"), (["index\tsentence", "0\ta film"], "test.tsv: has no labels")],
    ids=["missing", "unlabelled"],
)
def test_a_table_without_a_test_set_gets_none_from_elsewhere(tmp_path, monkeypatch, caplog, rows, reason):
    caplog.set_level("INFO", "latent_rationale")
    glue(tmp_path, "sentence\tlabel", "a film\t1", split="dev")
    treebank_nearby(tmp_path, monkeypatch)
    glue(tmp_path, "sentence\tlabel", "a film\t1")
    if rows:
        glue(tmp_path, *rows, split="test")
    task = SST.without_vectors(classes=2, data_path=tmp_path)
    with pytest.raises(AbsentDataError, match=reason):
        task.read_split("test")
    assert len(task.read_splits().test) == 0
    assert f"note: no test set: {tmp_path}" in caplog.text


def test_a_table_of_ones_own_has_its_own_test_set(tmp_path, monkeypatch):
    treebank_nearby(tmp_path, monkeypatch)
    for split, word in (("train", "fine"), ("test", "own")):
        glue(tmp_path, "sentence\tlabel", f"{word} film\t1", split=split)
    assert SST.without_vectors(classes=2, data_path=tmp_path).read_split("test") == [SSTExample(("own", "film"), 1)]


def test_trees_without_a_test_set_get_none_from_elsewhere(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "latent_rationale")
    treebank_nearby(tmp_path, monkeypatch)
    (tmp_path / "mine").mkdir()
    for name in ("train", "dev"):
        (tmp_path / f"mine/{name}.txt").write_text(TREEBANKS)
    assert len(SST.without_vectors(data_path=tmp_path / "mine").read_splits().test) == 0
    assert "note: no test set: " in caplog.text
