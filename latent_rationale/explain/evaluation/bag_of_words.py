"""A linear model of a bag of words: what its weights say of a word, a good explanation of a word should say too."""

from collections.abc import Sequence

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression


def word_weights(texts: Sequence[Sequence[str]], labels: Sequence[int]) -> dict[str, float]:
    """The coefficients of a logistic regression for the second of two classes, by word.

    Args:
        texts: as tokens.
        labels: 0 or 1 for each.
    """
    vectorizer = CountVectorizer(analyzer=lambda tokens: tokens)
    model = LogisticRegression(max_iter=1000).fit(vectorizer.fit_transform(texts), labels)
    return dict(zip(vectorizer.get_feature_names_out(), model.coef_[0].tolist(), strict=True))
