"""Reference word scores from a linear bag-of-words model.

The weight of a word in such a model is an importance score that needs no explainer. Murdoch, Liu & Yu (2018) and Jin et
al. (2020) measure how well the word scores of an explainer correlate with it.
"""

from collections.abc import Sequence

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression


def word_weights(texts: Sequence[Sequence[str]], labels: Sequence[int]) -> dict[str, float]:
    """Fit a logistic regression to bags of words and return its coefficients.

    Args:
        texts: the tokens of each text.
        labels: the class of each text, 0 or 1.

    Returns:
        The coefficient of each word for class 1.
    """
    vectorizer = CountVectorizer(analyzer=lambda tokens: tokens)
    model = LogisticRegression(max_iter=1000).fit(vectorizer.fit_transform(texts), labels)
    return dict(zip(vectorizer.get_feature_names_out(), model.coef_[0].tolist(), strict=True))
