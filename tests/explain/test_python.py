"""Explanations from Python: the same as the command's, of any kind of model."""

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
import transformers
from matplotlib.image import imread

import latent_rationale
from latent_rationale.common.utils.errors import InputError
from latent_rationale.explain.__main__ import main as explain
from latent_rationale.explain.explainers import EXPLAINERS
from latent_rationale.explain.settings import Phrasing
from latent_rationale.explain.text_explainer import ExplainRequest, TextExplainer, positive_label
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.sst.train import main as train_sst

ROOT = Path(__file__).parents[2]
TEXT = "It isn't a good film."


@pytest.fixture(scope="module")
def folders(small_sst, tmp_path_factory):
    """Classifiers of two and five classes, a rationale model and a language model, trained for a moment."""
    root = tmp_path_factory.mktemp("python")
    small = ["--hidden_size", "8", "--batch_size", "20", "--num_iterations", "-2"]
    for name, options in (
        ("baseline2", ["--classes", "2"]),
        ("baseline5", []),
        ("latent_30pct", ["--model", "latent", "--selection", "0.5"]),
    ):
        assert train_sst([*options, *small, *small_sst.arguments, "--save_path", str(root / name)]) == 0
    lm = ["--ckpt", str(root / "baseline2"), *small, "--save_path", str(root / "lm")]
    assert train_lm(lm) == 0
    return root


@pytest.fixture
def command(folders, tmp_path):
    """Explanations that the command writes."""

    def run(ckpt, *arguments):
        assert explain(["--ckpt", str(ckpt), *arguments, "--save_path", str(tmp_path)]) == 0
        return [json.loads(line) for line in (tmp_path / "explanations.jsonl").read_text().splitlines()]

    return run


def as_json(explanations):
    return json.loads(json.dumps([explanation.to_json() for explanation in explanations]))


@pytest.mark.parametrize("method", EXPLAINERS)
@pytest.mark.parametrize(
    ("flags", "options"),
    [
        (["--longest", "2"], {"longest": 2}),
        (["--agg", "--percentile", "70", "--seed", "3"], {"agglomerate": True, "percentile": 70, "seed": 3}),
        (["--label", "negative", "--nb_range", "2", "--share_samples"], {"label": "Negative", "nb_range": 2}),
    ],
    ids=["longest", "tree", "label"],
)
def test_python_explains_like_the_command(folders, command, method, flags, options):
    found = command(
        folders / "baseline2",
        "--method",
        method,
        "--lm",
        str(folders / "lm"),
        "--sample_n",
        "3",
        "--text",
        TEXT,
        *flags,
    )
    model = latent_rationale.load(folders / "baseline2")
    shared = {"share_samples": "--share_samples" in flags}
    explanations = model.explain(TEXT, method, folders / "lm", sample_n=3, **shared, **options)
    assert as_json(explanations) == found
    assert (explanations[0].tree is None) != ("--agg" in flags)


def test_sentences_of_a_data_set_are_explained_alike(folders, command):
    """Sampling starts anew with each sentence, by its number."""
    found = command(
        folders / "baseline2", "--lm", str(folders / "lm"), "--longest", "2", "--stop", "3", "--sample_n", "2"
    )
    model = latent_rationale.load(folders / "baseline2")
    lm = latent_rationale.load(folders / "lm")
    explanations = model.explain([row["tokens"] for row in found], lm=lm, longest=2, sample_n=2)
    assert [row["scores"] for row in as_json(explanations)] == [row["scores"] for row in found]
    torch.rand(5)
    assert model.explain([row["tokens"] for row in found], lm=lm, longest=2, sample_n=2) == explanations


def test_another_scorer_in_between_changes_nothing(folders):
    model, lm = latent_rationale.load(folders / "baseline2"), latent_rationale.load(folders / "lm")
    texts = TextExplainer(model, lm)
    sentence, other = (
        texts.encode(ExplainRequest(number, model.examples_of(text)[0]))
        for number, text in enumerate((TEXT, "A dull story ."))
    )
    spans = [(0, 1), (2, 5)]
    expected = texts.scorer("soc", 1, sentence)(spans)
    first = texts.scorer("soc", 1, sentence)
    second = texts.scorer("scd", 1, other)
    second(spans[:1])
    torch.manual_seed(3)
    assert first(spans) == expected


def test_the_global_generator_is_neither_read_nor_changed(folders):
    model = latent_rationale.load(folders / "baseline2")
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found += model.explain(TEXT, "soc", folders / "lm", sample_n=2)
        assert torch.equal(torch.get_rng_state(), before)
    assert found[0] == found[1]


def test_one_string_is_one_text(folders):
    model = latent_rationale.load(folders / "latent_30pct")
    (prediction,) = model.predict(TEXT)
    assert prediction == model.predict([TEXT])[0]
    (explanation,) = model.explain(TEXT, "occlusion")
    assert explanation.tokens == prediction.tokens
    assert (explanation.label, explanation.probabilities) == (prediction.label, prediction.scores)
    assert len(model.predict([["a", "film"], "a film"])) == 2


def test_a_batch_size_overrides_that_of_training(folders, monkeypatch):
    model = latent_rationale.load(folders / "baseline2")
    sizes = []
    read = type(model.model).forward
    monkeypatch.setattr(
        type(model.model), "forward", lambda self, batch: sizes.append(len(batch.examples)) or read(self, batch)
    )
    texts = ["a film", "a good film", "bad", "a very good film", "it"]
    found, expected = model.predict(texts, batch_size=2), model.predict(texts)
    assert sizes == [2, 2, 1, 5]
    for one, other in zip(found, expected, strict=True):
        assert one.tokens == other.tokens
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
    with pytest.raises(InputError, match="batch_size: expected 1 or more, got 0"):
        model.predict(texts, batch_size=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "magic"}, "unknown method magic: expected one of soc, scd, "),
        ({"method": "soc"}, "needs --lm, a language model"),
        ({"method": "soc", "lm": "baseline5"}, "baseline5: holds a model for sst, not a language model"),
        ({"method": "soc", "lm": "lm", "sample_n": 0}, "expected nb_range >= 0 and sample_n >= 1"),
        ({"method": "occlusion", "longest": 0}, "longest: expected 1 or more, got 0"),
        (
            {"method": "occlusion", "agglomerate": True, "percentile": 101},
            r"percentile: expected a number in \[0, 100\]",
        ),
        ({"method": "occlusion", "label": "pos"}, "--label pos: the classes are negative, positive"),
        ({"method": "occlusion", "max_batch": 0}, "max_batch: expected 1 or more, got 0"),
    ],
)
def test_what_cannot_be_explained_is_an_error(folders, arguments, message):
    named = {"lm": folders / arguments["lm"]} if "lm" in arguments else {}
    with pytest.raises(InputError, match=message):
        latent_rationale.load(folders / "baseline2").explain(TEXT, **arguments | named)


def test_a_language_model_is_not_explained(folders):
    with pytest.raises(InputError, match="lm: holds a model for lm, not a classifier of one text"):
        latent_rationale.load(folders / "lm").explain(TEXT, "occlusion")


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (("negative", "positive"), 1),
        (("POSITIVE", "NEGATIVE"), 0),
        (("pos", "neg"), 0),
        (("yes", "no"), 0),
        (("1", "0"), 0),
        (("impossible", "possible"), 1),
        (("not_positive", "fine"), 1),
        (("true", "yes"), 1),
        (("LABEL_0", "LABEL_1"), 1),
        (("score",), 0),
    ],
)
def test_the_positive_class_has_a_name_that_says_so(names, label):
    assert positive_label(names) == label


def test_a_class_may_be_named(folders, command, capsys):
    model = latent_rationale.load(folders / "baseline5")
    by_default = model.explain(TEXT, "occlusion")[0]
    assert by_default.explained == model.predict(TEXT)[0].label_name
    named = model.explain(TEXT, "occlusion", label="very positive")[0]
    assert (named.explained, named.label) == ("very positive", by_default.label)
    (row,) = command(folders / "baseline5", "--method", "occlusion", "--text", TEXT, "--label", "very positive")
    assert row["scores"] == as_json([named])[0]["scores"]
    arguments = ["--ckpt", str(folders / "baseline5"), "--method", "occlusion", "--text", TEXT, "--label", "good"]
    assert explain(arguments) == 2
    assert "--label good: the classes are very negative, negative, neutral, positive" in capsys.readouterr().err


def test_two_classes_have_opposite_margins(folders):
    model = latent_rationale.load(folders / "baseline2")
    positive, negative = (model.explain(TEXT, "occlusion", label=name)[0].scores for name in ("positive", "negative"))
    assert positive == pytest.approx([-score for score in negative], abs=1e-6)


def test_an_unfinished_file_of_another_class_is_not_continued(folders, tmp_path, capsys):
    """The class is no part of the provenance, which older files have as well."""
    arguments = [
        "--ckpt",
        str(folders / "baseline2"),
        "--method",
        "occlusion",
        "--stop",
        "2",
        "--save_path",
        str(tmp_path),
    ]
    assert explain([*arguments, "--label", "negative"]) == 0
    (tmp_path / "explanations.jsonl").rename(tmp_path / "explanations.jsonl.part")
    assert explain(arguments) == 2
    assert "is not the unfinished output of this command" in capsys.readouterr().err
    assert explain([*arguments, "--overwrite"]) == 0
    assert '"explained": "negative"' not in (tmp_path / "explanations.jsonl").read_text()


def test_explanations_show_themselves(folders, tmp_path):
    (explanation,) = latent_rationale.load(folders / "baseline2").explain("<b> good film", "arch", agglomerate=True)
    figure = explanation.plot(tmp_path / "film.png")
    assert imread(tmp_path / "film.png").std() > 0.05
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == list(explanation.tokens)
    html = explanation._repr_html_()
    assert html == explanation.to_html()
    assert html.count("<div class=") - 1 == len(explanation.spans)
    assert "<b> good" not in html
    assert not re.search(r"(?:src|href)=|https?:|@import|url\(", html)
    style = re.search("<style>(.*?)</style>", html, flags=re.DOTALL)[1]
    assert all(rule.strip().startswith(".phrases") for rule in re.findall(r"([^{}]+){", style))


def test_predictions_show_themselves(folders):
    (prediction,) = latent_rationale.load(folders / "latent_30pct").predict("<i> good film")
    html = prediction._repr_html_()
    assert prediction.summary in html
    assert prediction.to_html() in html
    style = re.search("<style>(.*?)</style>", html, flags=re.DOTALL)[1]
    assert all(rule.strip().startswith(".rationale") for rule in re.findall(r"([^{}]+){", style))


@pytest.fixture(scope="module")
def transformer(tokenizer, pretrained, tmp_path_factory):
    """Folder of a classifier of the library."""
    folder = tmp_path_factory.mktemp("transformer")
    torch.manual_seed(1)
    labels = {0: "NEGATIVE", 1: "POSITIVE"}
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        pretrained, id2label=labels, label2id={name: label for label, name in labels.items()}
    )
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("method", ["occlusion", "scd", "cd", "integrated-gradients"])
def test_a_transformer_is_explained_from_its_folder_or_as_it_is(folders, command, transformer, method):
    lm = ["--lm", str(folders / "lm"), "--sample_n", "2"]
    (row,) = command(transformer, "--method", method, "--text", TEXT, "--longest", "2", *lm)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(transformer)
    tokenizer = transformers.AutoTokenizer.from_pretrained(transformer)
    for model in (
        latent_rationale.load(transformer),
        latent_rationale.from_transformers(transformer),
        latent_rationale.from_transformers(network, tokenizer),
    ):
        (explanation,) = model.explain(TEXT, method, folders / "lm", longest=2, sample_n=2)
        assert as_json([explanation]) == [row]
        assert model.predict(TEXT)[0].scores == explanation.probabilities
    assert explanation.explained == "positive"


def bag_of_words(folder):
    """Vocabulary of a bag of words, functions that score ids and embeddings, and the weights of the words."""
    words = (folder / "vocabulary.txt").read_text().splitlines()
    weights = torch.randn(len(words), 2, generator=torch.Generator().manual_seed(1))
    weights[words.index("<pad>")] = 0
    return words, lambda ids: weights[ids].sum(1), lambda embedded: embedded.sum(1), weights


@pytest.mark.parametrize("method", [name for name in EXPLAINERS if name not in ("scd", "cd")])
def test_a_function_is_explained(folders, method):
    words, score, score_embedded, weights = bag_of_words(folders / "lm")
    model = latent_rationale.from_function(score, words, ("bad", "good"), lambda ids: weights[ids], score_embedded)
    (explanation,) = model.explain("a film", method, folders / "lm", sample_n=2)
    a, film = (weights[words.index(word)] for word in ("a", "film"))
    margins = [float(each[1] - each[0]) for each in (a, film, a + film)]
    assert explanation.scores == pytest.approx(margins, abs=1e-5)
    assert explanation.explained == "good"
    assert model.predict("a film")[0].scores == pytest.approx((a + film).softmax(0).tolist())


def test_what_a_function_cannot_answer_is_an_error(folders):
    words, score, *_ = bag_of_words(folders / "lm")
    model = latent_rationale.from_function(score, words)
    for method, message in (
        ("scd", "contextual decomposition needs the layers of a model and cannot explain a function"),
        ("cd", "contextual decomposition needs the layers"),
        ("gradient-x-input", "needs gradients: pass the functions embed and score_embedded"),
    ):
        with pytest.raises(InputError, match=message):
            model.explain("a film", method, folders / "lm")
    with pytest.raises(InputError, match="expected a list that contains <unk> and <pad>"):
        latent_rationale.from_function(score, words[1:])


def test_a_function_is_given_some_sentences_at_a_time(folders):
    words, score, *_ = bag_of_words(folders / "lm")
    sizes = []
    model = latent_rationale.from_function(lambda ids: sizes.append(len(ids)) or score(ids), words)
    model.explain("a good film", "occlusion", max_batch=2)
    assert max(sizes) == 2


def test_phrasing_refuses_nothing_that_the_options_allow():
    assert Phrasing(longest=10**12, percentile=0).percentile == 0


def examples():
    """Blocks of Python in the documentation that explain or predict with models of this package."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            if ("latent_rationale.load(" in block or "EXPLAINERS" in block) and "path/to" not in block:
                yield block


@pytest.mark.parametrize("block", list(examples()))
def test_examples_in_the_documentation_run_and_are_reproducible(folders, small_sst, block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folders, tmp_path / "results/sst")
    data = f"data_path={str(small_sst.folder)!r}, word_vectors={str(small_sst.vectors)!r}"
    small = f"overwrite=True, num_iterations=4, hidden_size=8, {data}, "
    block = re.sub(r"(latent_rationale\.train\(.*?)(save_path=)", rf"\1{small}\2", block)
    printed = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(block, "example", "exec"), {})
        printed.append(output.getvalue())
    assert printed[0] == printed[1] != ""


def test_there_are_examples():
    assert sum("explain" in block for block in examples()) >= 2


def test_one_string_is_no_pair_of_sentences():
    model = latent_rationale.load(next((ROOT / "tests/saved_models").glob("snli*")), device="cpu")
    for texts in ("A man sleeps.", ["A man sleeps.", "A woman sleeps."]):
        with pytest.raises(InputError, match="example 1: expected premise and hypothesis, got 1 texts"):
            model.predict(texts)
    with pytest.raises(InputError, match="holds a model for snli, not a classifier of one text"):
        model.explain([("A man sleeps.", "A woman sleeps.")], "occlusion")
