import pytest

from latent_rationale.common.data.tokenization import tokenize


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
