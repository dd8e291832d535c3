import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latent_rationale.common.data.vocabulary import Vocabulary
from latent_rationale.common.utils.errors import InputError

SENTENCES = [["a", "film", "-LRB-", "a", "gem", "-RRB-"], ["and\\/or", "a", "film"]]


def test_ids_survive_saving(tmp_path):
    built = Vocabulary.build(SENTENCES, ["extra", "two words"])
    built.save(tmp_path / "v.txt")
    loaded = Vocabulary.load(tmp_path / "v.txt")
    assert loaded.words == built.words
    assert loaded.encode(["a", "extra", "two words", "?"]) == built.encode(["a", "extra", "two words", "?"])


def test_frequent_words_come_first_after_unknown_and_padding():
    built = Vocabulary.build(SENTENCES)
    assert built.words[:4] == ["<unk>", "<pad>", "a", "film"]
    assert built.padding_id == 1
    assert built.encode(["nowhere"]) == [0]


def test_unknown_words_fall_into_classes_by_their_md5_sums(tmp_path):
    built = Vocabulary.build(SENTENCES, unknown=7)
    words = [f"nowhere{number}" for number in range(40)]
    classes = built.encode(words)
    assert {built.words[id] for id in classes} == {"<unk>", *(f"<unk{number}>" for number in range(1, 7))}
    sums = [int(hashlib.md5(word.encode()).hexdigest(), 16) % 7 for word in words]
    assert len(set(zip(classes, sums, strict=True))) == 7
    assert built.encode(["film"]) not in [[id] for id in classes]
    built.save(tmp_path / "v.txt")
    assert Vocabulary.load(tmp_path / "v.txt").encode([*words, "film"]) == [*classes, *built.encode(["film"])]


def test_a_word_that_looks_like_a_class_is_none(tmp_path):
    built = Vocabulary.build([["film", "film", "<unk3>"]])
    built.save(tmp_path / "v.txt")
    assert Vocabulary.load(tmp_path / "v.txt").encode(["nowhere", "<unk3>"]) == built.encode(["nowhere", "<unk3>"])


@pytest.mark.parametrize(
    "word",
    [
        *(
            "\r",
            "film\r",
            "\rfilm",
            "fi\nlm",
            "film\r\n",
            "a\x0bb",
            "a\x0cb",
            "a\x1cb",
            "a\x85b",
            "a\u2028b",
            "a\u2029",
        ),
        *(
            "",
            " ",
            "\ufefffilm",
            "a\0b",
            "\ud83d",
            "<unk1>",
            "<unk2>",
            '"film"',
            '"',
            '"\\n"',
            '"<unk1>"',
            '"\\"\\\\n\\""',
        ),
        *("\U0001f600", "\u202e"),
    ],
)
@pytest.mark.parametrize("unknown", [1, 2])
def test_any_word_survives_saving(tmp_path, word, unknown):
    assert_survives_saving(tmp_path, [["film", "film", word, word, word, "end"]], unknown)


WORDS = st.text(
    st.sampled_from('ab<unk1>"\\n\r\n\x85\u2028 \ud83d') | st.characters(exclude_categories=()), max_size=12
)


@given(st.lists(st.lists(WORDS), max_size=4), st.integers(1, 4))
def test_all_words_survive_saving(tmp_path_factory, sentences, unknown):
    assert_survives_saving(tmp_path_factory.mktemp("vocabulary"), sentences, unknown)


def assert_survives_saving(folder, sentences, unknown):
    built = Vocabulary.build(sentences, unknown=unknown)
    built.save(folder / "v.txt")
    loaded = Vocabulary.load(folder / "v.txt")
    assert loaded.words == built.words
    assert len(loaded) == len(built)
    unknown_words = (f"nowhere{number}" for number in range(8))
    words = [*built.words, *(word for tokens in sentences for word in tokens), *unknown_words]
    assert loaded.encode(words) == built.encode(words)


def test_ordinary_words_are_written_as_they_are(tmp_path):
    built = Vocabulary.build([['"film"', '"', "\\n", "a\x85b", "[1]"]])
    built.save(tmp_path / "v.txt")
    assert (tmp_path / "v.txt").read_bytes().decode().split("\n")[:-1] == built.words


def test_a_vocabulary_with_line_breaks_of_windows_is_read(tmp_path):
    built = Vocabulary.build([*SENTENCES, ["a\r\n", "b\r"]])
    built.save(tmp_path / "v.txt")
    (tmp_path / "w.txt.gz").write_bytes(gzip.compress((tmp_path / "v.txt").read_bytes().replace(b"\n", b"\r\n")))
    assert Vocabulary.load(tmp_path / "w.txt.gz").words == built.words


def test_looking_up_does_not_add_words():
    built = Vocabulary.build(SENTENCES)
    size = len(built)
    built.encode(["nowhere"])
    assert "nowhere" not in built
    assert len(built) == size


def test_escapes_are_looked_up_as_what_they_stand_for():
    built = Vocabulary.build(SENTENCES)
    assert built.encode(["-LRB-", "and\\/or"]) == built.encode(["(", "and/or"])
    assert 0 not in built.encode(["(", "and/or"])
    assert "-LRB-" not in built.words


def test_a_file_that_is_no_vocabulary_is_refused(tmp_path):
    (tmp_path / "v.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match="not a vocabulary"):
        Vocabulary.load(tmp_path / "v.txt")
