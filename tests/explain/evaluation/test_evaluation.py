"""Correlations with intervals, deletion of words, and the evaluation command."""

import json

import numpy as np
import pytest
import torch
from matplotlib.image import imread

import latent_rationale.explain.evaluation.command as evaluation
from latent_rationale.explain.evaluate import main as evaluate
from latent_rationale.explain.evaluation.bag_of_words import word_weights
from latent_rationale.explain.evaluation.command import MEASURES
from latent_rationale.explain.evaluation.correlation import correlation, extremes, mean
from latent_rationale.explain.evaluation.deletion import deleted
from latent_rationale.explain.explainers import EXPLAINERS
from latent_rationale.explain.explainers.explained_model import ExplainedModel
from latent_rationale.explain.hierarchy.sentence import EncodedSentence
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.sst.train import main as train_sst


def made_up(sentences, slope, noise, seed=1):
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(sentences):
        x = generator.normal(size=generator.integers(1, 9))
        found.append(np.stack([x, slope * x + noise * generator.normal(size=len(x))], axis=1))
    return found


def test_a_correlation_is_numpys_over_all_sentences():
    sentences = made_up(40, slope=-2, noise=1.5)
    expected = np.corrcoef(np.concatenate(sentences).T)[0, 1]
    found = correlation(sentences, 500, seed=3)
    assert found.value == pytest.approx(expected)
    assert found.low < expected < found.high


def test_intervals_hold_what_they_should():
    """The true correlation is sqrt(1/2). With 80 sentences, coverage is about 93 %; false-alarm rate 1 in 10,000."""
    held = 0
    for seed in range(200):
        interval = correlation(made_up(80, slope=1, noise=1, seed=seed), 300, seed)
        held += interval.low <= np.sqrt(0.5) <= interval.high
    assert held >= 172


def test_whole_sentences_are_resampled():
    """Repeating the words of each sentence must not narrow the interval."""
    sentences = made_up(30, slope=1, noise=1)
    repeated = [np.repeat(pairs, 10, axis=0) for pairs in sentences]
    once, often = correlation(sentences, 500, seed=1), correlation(repeated, 500, seed=1)
    assert (once.value, once.low, once.high) == pytest.approx((often.value, often.low, often.high))


def test_a_constant_has_no_correlation():
    found = correlation([np.array([[1.0, 2.0], [1.0, 3.0]])] * 3, 50, seed=1)
    assert all(np.isnan(number) for number in (found.value, found.low, found.high))


def test_a_sentence_without_known_words_is_no_trouble():
    sentences = made_up(20, slope=1, noise=1)
    expected = correlation(sentences, 100, seed=1)
    assert correlation([*sentences, np.zeros((0, 2))], 100, seed=1).value == pytest.approx(expected.value)


def test_extremes_are_the_highest_and_lowest_scores_of_all_sentences_together():
    sentences = [np.array([[float(x), 0.0] for x in part]) for part in (range(0, 60), range(60, 101))]
    kept = np.concatenate(extremes(sentences))[:, 0]
    assert kept.tolist() == [*range(0, 11), *range(90, 101)]


def test_a_mean_over_sentences():
    found = mean([0.0, 1.0, 2.0, 5.0], 400, seed=1)
    assert found.value == 2
    assert found.low < 2 < found.high


def test_weights_of_words_follow_their_classes():
    texts = [("a", "good", "film"), ("a", "bad", "film"), ("good", "."), ("bad", ".")]
    weights = word_weights(texts, [1, 0, 1, 0])
    assert weights["good"] > 0.3
    assert weights["bad"] == pytest.approx(-weights["good"])
    assert weights["a"] == pytest.approx(0, abs=1e-3)


def test_the_strongest_words_are_deleted_first():
    sentence = EncodedSentence(("w",) * 10, torch.arange(10, 20), tuple(range(11)))
    rows = deleted(sentence, [float(x) for x in (0, 9, 1, 8, 2, 7, 3, 6, 4, 5)], 1, (0.01, 0.2, 0.5))
    assert [(row == 1).nonzero().squeeze(1).tolist() for row in rows] == [[1], [1, 3], [1, 3, 5, 7, 9]]


def test_a_word_is_deleted_with_all_its_pieces():
    sentence = EncodedSentence(("a", "lovely", "film"), torch.arange(10, 16), (0, 1, 4, 6))
    rows = deleted(sentence, [0.0, 2.0, 1.0], 1, (0.1, 0.7))
    assert rows.tolist() == [[10, 1, 1, 1, 14, 15], [10, 1, 1, 1, 1, 1]]


@pytest.fixture(scope="module")
def classifier(small_sst, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    small = ["--hidden_size", "8", "--batch_size", "20", "--num_iterations", "-4", *small_sst.arguments]
    for classes in ("2", "5"):
        assert train_sst(["--classes", classes, *small, "--save_path", str(folder / classes)]) == 0
    rcnn = ["--classes", "2", "--layer", "rcnn", *small, "--save_path", str(folder / "rcnn")]
    assert train_sst(rcnn) == 0
    lm = ["--ckpt", str(folder / "rcnn"), "--hidden_size", "8", "--num_iterations", "4"]
    assert train_lm([*lm, "--save_path", str(folder / "lm")]) == 0
    return folder


def test_one_table_over_methods(classifier, tmp_path, capsys):
    capsys.readouterr()
    arguments = ["--ckpt", str(classifier / "2"), "--method", "occlusion", "arch", "--stop", "12"]
    assert evaluate([*arguments, "--resamples", "20", "--save_path", str(tmp_path)]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [row[0] for row in rows] == ["method", "---", "occlusion", "arch"]
    written = json.loads((tmp_path / "evaluation.json").read_text())
    assert set(written["arch"]) == {*MEASURES, "deletion", "provenance", "scope"}
    scope = {"split": "dev", "start": 0, "stop": 12, "sample": None, "seed": 1, "resamples": 20, "sentences": 12}
    assert written["arch"]["scope"].items() >= scope.items()
    curve = [point["value"] for point in written["arch"]["deletion"].values()]
    assert list(written["arch"]["deletion"]) == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert written["arch"]["AOPC"]["value"] == pytest.approx(sum(curve) / 5)
    assert written["arch"]["provenance"]["method"] == "arch"
    assert imread(tmp_path / "deletion.png").std() > 0.05
    assert written["arch"]["words"]["value"] != written["occlusion"]["words"]["value"]
    assert rows[3][1].startswith(f"{written['arch']['words']['value']:.3f} (")


def test_an_evaluation_needs_two_classes(classifier, capsys):
    assert evaluate(["--ckpt", str(classifier / "5"), "--method", "arch"]) == 2
    assert "very positive; evaluation needs a two-class model" in capsys.readouterr().err


def test_methods_that_a_model_cannot_have_are_left_out_unless_named(classifier, tmp_path, capsys):
    arguments = ["--ckpt", str(classifier / "rcnn"), "--stop", "3", "--resamples", "5", "--save_path", str(tmp_path)]
    lm = ["--lm", str(classifier / "lm"), "--sample_n", "2"]
    capsys.readouterr()
    assert evaluate([*arguments, *lm]) == 0
    assert "note: method cd is left out: CD is for LSTMs, and the model has an RCNN" in capsys.readouterr().out
    assert list(json.loads((tmp_path / "evaluation.json").read_text())) == [name for name in EXPLAINERS if name != "cd"]
    assert evaluate([*arguments, "--method", "arch", "cd", "--overwrite"]) == 2
    assert "error: --method cd: CD is for LSTMs" in capsys.readouterr().err
    assert evaluate([*arguments, "--overwrite"]) == 0
    assert "note: method soc is left out: needs --lm, a language model" in capsys.readouterr().out


def test_rows_are_written_as_they_come(classifier, tmp_path, capsys, monkeypatch):
    run = evaluation._score_all

    def stopping(session, method, *given):
        if method == "occlusion":
            raise KeyboardInterrupt
        return run(session, method, *given)

    monkeypatch.setattr(evaluation, "_score_all", stopping)
    arguments = ["--ckpt", str(classifier / "2"), "--method", "arch", "occlusion", "--stop", "3", "--resamples", "5"]
    assert evaluate([*arguments, "--save_path", str(tmp_path)]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.json.part"]
    assert list(json.loads((tmp_path / "evaluation.json.part").read_text())) == ["arch"]
    assert "the results so far are in" in capsys.readouterr().out
    monkeypatch.setattr(evaluation, "_score_all", lambda *given: calls.append(given[1]) or run(*given))
    calls = []
    assert evaluate([*arguments, "--save_path", str(tmp_path)]) == 0
    assert calls == ["occlusion"]
    assert "evaluation.json.part, which has arch\n" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deletion.png", "evaluation.json"]
    gone_on = (tmp_path / "evaluation.json").read_text()
    (tmp_path / "evaluation.json").rename(tmp_path / "evaluation.json.part")
    assert evaluate([*arguments, "--seed", "2", "--overwrite", "--save_path", str(tmp_path)]) == 0
    assert calls == ["occlusion", "arch", "occlusion"]
    assert evaluate([*arguments, "--overwrite", "--save_path", str(tmp_path)]) == 0
    assert (tmp_path / "evaluation.json").read_text() == gone_on


def test_other_texts_do_not_go_on_from_what_is_unfinished(classifier, small_sst, tmp_path):
    arguments = ["--ckpt", str(classifier / "2"), "--method", "arch", "--stop", "3", "--resamples", "5"]
    assert evaluate([*arguments, "--save_path", str(tmp_path)]) == 0
    before = json.loads((tmp_path / "evaluation.json").read_text())
    (tmp_path / "evaluation.json").rename(tmp_path / "evaluation.json.part")
    (tmp_path / "deletion.png").unlink()
    other = tmp_path / "other"
    other.mkdir()
    for name in ("train", "dev"):
        lines = (small_sst.folder / f"{name}.txt").read_text().splitlines()
        (other / f"{name}.txt").write_text("\n".join(reversed(lines)) + "\n")
    arguments += ["--data_path", str(other), "--save_path", str(tmp_path)]
    assert evaluate(arguments) == 2
    assert [path.name for path in tmp_path.glob("*.*")] == ["evaluation.json.part"]
    assert evaluate([*arguments, "--overwrite"]) == 0
    assert json.loads((tmp_path / "evaluation.json").read_text())["arch"]["AOPC"] != before["arch"]["AOPC"]


@pytest.fixture(scope="module")
def unfinished_evaluation(classifier, tmp_path_factory):
    """Arguments of an evaluation, its result, and a folder that holds it under the name of an unfinished one."""
    folder = tmp_path_factory.mktemp("unfinished")
    arguments = ["--ckpt", str(classifier / "2"), "--method", "arch", "--stop", "3", "--resamples", "5"]
    arguments += ["--save_path", str(folder)]
    assert evaluate(arguments) == 0
    (folder / "deletion.png").unlink()
    return arguments, json.loads((folder / "evaluation.json").read_text()), folder


def changed(row, change):
    """Return a copy of a JSON value after a change of its parts."""
    copy = json.loads(json.dumps(row))
    change(copy["arch"])
    return json.dumps(copy)


CHANGES = {
    "no measure": lambda row: row.pop("AOPC"),
    "no point": lambda row: row["deletion"].pop("0.3"),
    "another share": lambda row: row["deletion"].update({"0.9": row["deletion"].pop("0.3")}),
    "shares in another order": lambda row: row["deletion"].update({"0.1": row["deletion"].pop("0.1")}),
    "a point without a number": lambda row: row["deletion"]["0.3"].update(value=None),
    "a measure that is no number": lambda row: row["words"].update(value=float("nan")),
    "a measure without end": lambda row: row["words"].update(high=float("inf")),
    "a correlation of 2": lambda row: row["words"].update(value=2.0),
    "text": lambda row: row["words"].update(value="0.5"),
    "a boolean": lambda row: row["words"].update(value=True),
    "an integer of 400 digits": lambda row: row["words"].update(value=10**400),
    "no bounds": lambda row: row.update(words={"value": 0.5}),
    "another key": lambda row: row["words"].update(middle=0.5),
    "a list": lambda row: row.update(words=[0.5, 0.5, 0.5]),
}


@pytest.mark.parametrize("damage", ["[]", "no", '{"arch": {}}', "", *CHANGES])
def test_a_damaged_unfinished_evaluation_is_refused_or_replaced(unfinished_evaluation, capsys, damage):
    arguments, whole, folder = unfinished_evaluation
    text = changed(whole, CHANGES[damage]) if damage in CHANGES else damage
    (folder / "evaluation.json").unlink(missing_ok=True)
    (folder / "evaluation.json.part").write_text(text)
    assert evaluate(arguments) == 2
    error = capsys.readouterr().err
    assert "evaluation.json.part: is not the unfinished output of this command" in error
    assert error.count("\n") == 1
    assert (folder / "evaluation.json.part").read_text() == text
    assert evaluate([*arguments, "--overwrite"]) == 0
    assert "holds nothing to continue from and is replaced" in capsys.readouterr().out
    assert json.loads((folder / "evaluation.json").read_text()) == whole
    (folder / "deletion.png").unlink()


def test_an_evaluation_is_not_replaced_unasked(unfinished_evaluation, capsys):
    arguments, whole, folder = unfinished_evaluation
    (folder / "evaluation.json.part").unlink(missing_ok=True)
    for name in ("evaluation.json", "deletion.png"):
        for path in folder.iterdir():
            path.unlink()
        (folder / name).write_text("of somebody else")
        assert evaluate(arguments) == 2
        assert (
            f"error: would replace {folder / name}; choose another folder with --save-path" in capsys.readouterr().err
        )
        assert [path.read_text() for path in folder.iterdir()] == ["of somebody else"]
    assert evaluate([*arguments, "--overwrite"]) == 0
    assert f"note: {folder / 'deletion.png'} will be replaced" in capsys.readouterr().out
    assert json.loads((folder / "evaluation.json").read_text()) == whole


def test_a_probability_that_is_no_number_is_refused(classifier, tmp_path, capsys, monkeypatch):
    margins = ExplainedModel.margins
    monkeypatch.setattr(
        ExplainedModel, "margins", lambda *given: margins(*given) * (float("nan") if len(given[1].ids) == 5 else 1)
    )
    arguments = ["--ckpt", str(classifier / "2"), "--method", "gradient-x-input", "--stop", "1", "--resamples", "5"]
    assert evaluate([*arguments, "--save_path", str(tmp_path)]) == 2
    assert "a probability after deletion of words is not finite in the sentence: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_no_number_is_none_in_json(classifier, tmp_path):
    """A single sentence without phrases of several words has no correlation of phrases."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.txt").write_text("(3 (3 good) (2 film))\n(1 (1 bad) (2 film))\n")
    (data / "dev.txt").write_text("(3 zymurgy)\n")
    arguments = ["--ckpt", str(classifier / "2"), "--method", "occlusion", "--data_path", str(data)]
    assert evaluate([*arguments, "--resamples", "5", "--save_path", str(tmp_path)]) == 0
    text = (tmp_path / "evaluation.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["occlusion"]["phrases"] == {"value": None, "low": None, "high": None}
