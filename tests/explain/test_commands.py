"""Commands that explain, run as a user runs them."""

import dataclasses
import json
import shutil
import subprocess
import sys

import pytest
import torch

import latent_rationale
from latent_rationale.common.experiment.predictor import Predictor
from latent_rationale.common.structures import Tokens
from latent_rationale.common.training import checkpoint
from latent_rationale.common.utils.writing import locked
from latent_rationale.explain.__main__ import main as explain
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.models.text_model import ExplainedTextModel
from latent_rationale.explain.text_explainer import TextExplainer
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.sst.train import main as train_sst

SMALL = ["--hidden_size", "8", "--batch_size", "20", "--num_iterations", "-4"]


@pytest.fixture(scope="module")
def folders(small_sst, tmp_path_factory):
    """Folders of a classifier, a rationale model and a language model after a few training steps."""
    root = tmp_path_factory.mktemp("explain")
    for name, options in (("baseline", ["--classes", "2"]), ("latent", ["--model", "latent", "--selection", "0.5"])):
        assert train_sst([*options, *SMALL, *small_sst.arguments, "--save_path", str(root / name)]) == 0
    command = [sys.executable, "-m", "latent_rationale.explain.train_lm", "--ckpt", str(root / "baseline"), *SMALL]
    done = subprocess.run([*command, "--save_path", str(root / "lm")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "perplexity" in done.stdout
    return root


def occluding(folders, save_path, stop):
    """Return arguments that explain the first sentences of dev by occlusion."""
    arguments = ["--ckpt", folders / "baseline", "--method", "occlusion", "--stop", stop, "--save_path", save_path]
    return [str(argument) for argument in arguments]


def explained(folder):
    return [json.loads(line) for line in (folder / "explanations.jsonl").read_text().splitlines()]


def test_a_language_model_takes_a_classifiers_texts(folders):
    own, classifier = (latent_rationale.load(folders / name) for name in ("lm", "baseline"))
    texts = own.task.read_split("train")
    assert texts == [example.tokens for example in classifier.task.read_split("train")]
    assert set(own.vocabulary.words[2:]) <= set(classifier.vocabulary.words)
    assert own.predict(["a film"])[0].label_name.endswith("nats")


@pytest.mark.parametrize("model", ["baseline", "latent"])
@pytest.mark.parametrize("method", EXPLAINERS)
def test_every_method_explains_the_treebank(folders, tmp_path, capsys, method, model):
    arguments = ["--ckpt", str(folders / model), "--method", method, "--sample_n", "3", "--stop", "4"]
    if method in NEED_LANGUAGE_MODEL:
        arguments += ["--lm", str(folders / "lm")]
    if method in ("scd", "cd") and model == "latent":
        assert explain(arguments) == 2
        assert "classifiers of the full text" in capsys.readouterr().err
        return
    assert explain([*arguments, "--save_path", str(tmp_path)]) == 0
    rows = explained(tmp_path)
    assert len(rows) == 4
    for row in rows:
        length = len(row["tokens"])
        assert row["tree"][:2] == [0, length]
        assert len(row["spans"]) == len(row["scores"])
        assert [0, length] in row["spans"]
        assert row["said"].startswith(row["explained"]) or row["explained"] == "positive"


def test_the_seeds_format(folders, tmp_path):
    assert explain([*occluding(folders, tmp_path, stop=2), "--format", "seed"]) == 0
    lines = (tmp_path / "explanations.txt").read_text().splitlines()
    for line, row in zip(lines, explained(tmp_path), strict=True):
        first, *_, last = line.split("\t ")
        assert first.rsplit(" ", 1)[0] in row["tokens"]
        assert last.rsplit(" ", 1)[0] == " ".join(row["tokens"])
        assert float(last.rsplit(" ", 1)[1]) == pytest.approx(row["scores"][-1], abs=1e-6)


def test_a_text_of_ones_own_with_all_short_phrases_or_a_tree(folders, tmp_path, capsys):
    arguments = ["--ckpt", str(folders / "baseline"), "--method", "arch", "--save_path", str(tmp_path)]
    text = ["--text", "It isn't a good film."]
    assert explain([*arguments, *text, "--longest", "2"]) == 0
    (row,) = explained(tmp_path)
    assert row["tokens"] == ["It", "is", "n't", "a", "good", "film", "."]
    assert len(row["spans"]) == 7 + 6
    assert row["tree"] is None
    assert explain([*arguments, *text, "--agg", "--overwrite"]) == 0
    (row,) = explained(tmp_path)
    assert row["tree"][:2] == [0, 7]
    assert "explanations.jsonl" in capsys.readouterr().out


def test_seeds_decide_what_is_drawn(folders, tmp_path):
    arguments = ["--ckpt", str(folders / "baseline"), "--lm", str(folders / "lm"), "--stop", "2", "--sample_n", "2"]
    found = []
    for seed in (1, 1, 2):
        assert explain([*arguments, "--seed", str(seed), "--overwrite", "--save_path", str(tmp_path)]) == 0
        found.append(explained(tmp_path))
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_memory_is_bounded_and_changes_nothing(folders, tmp_path):
    arguments = occluding(folders, tmp_path, stop=3)
    assert explain(arguments) == 0
    whole = explained(tmp_path)
    assert explain([*arguments, "--max_batch", "2", "--overwrite"]) == 0
    for row, expected in zip(explained(tmp_path), whole, strict=True):
        assert row["scores"] == pytest.approx(expected["scores"], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--method soc: needs --lm, a language model"),
        (["--lm", "{root}/baseline"], "baseline: holds a model for sst, not a language model"),
        (["--method", "occlusion", "--start", "5", "--stop", "5"], "--stop: expected more than --start, 5, got 5"),
        (["--method", "occlusion", "--start", "4000"], "--start: expected less than"),
        (["--method", "occlusion", "--text", "  "], "--text: the text has no words"),
        (["--method", "magic"], "--method"),
        (["--ckpt", "{root}/lm", "--method", "occlusion"], "lm: holds a model for lm, not a classifier of one text"),
        (["--method", "occlusion", "--text", "caf\udce9"], "--text: not UTF-8 text"),
        (["--method", "occlusion", "--exp_name", "a/b"], "--exp-name: expected a suffix of a file name, got a/b"),
        (["--method", "occlusion", "--data_path", "{root}/nowhere"], "nowhere: no such folder"),
        (["--method", "cd", "--ckpt", "{root}/latent"], "error: --method cd: contextual decomposition is for"),
        (["--lm", "{root}/lm", "--sample_n", "99999999"], "--sample-n: expected a number in [1, 100000]"),
        (["--ckpt", "{root}/nowhere", "--method", "occlusion"], "no such folder"),
    ],
)
def test_bad_input_is_one_sentence(folders, tmp_path, capsys, arguments, message):
    given = [argument.format(root=folders) for argument in arguments]
    ckpt = [] if "--ckpt" in given else ["--ckpt", str(folders / "baseline")]
    assert explain([*ckpt, *given, "--save_path", str(tmp_path / "new")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_range_of_any_size_is_a_range(folders, tmp_path):
    arguments = ["--ckpt", str(folders / "baseline"), "--lm", str(folders / "lm"), "--stop", "1", "--sample_n", "2"]
    for reach in ("40", "10000"):
        assert explain([*arguments, "--nb_range", reach, "--save_path", str(tmp_path / reach)]) == 0
    first, second = (explained(path)[0]["scores"] for path in tmp_path.iterdir())
    assert first == second


def test_methods_do_not_overwrite_one_another(folders, capsys):
    arguments = ["--ckpt", str(folders / "baseline"), "--stop", "2"]
    arguments += ["--nb_range", "4", "--sample_n", "2", "--seed", "7"]
    for method in ("arch", "soc"):
        lm = ["--lm", str(folders / "lm")] if method == "soc" else []
        assert explain([*arguments, "--method", method, *lm]) == 0
    said = capsys.readouterr().out
    assert "note: --sample-n has no effect without --method soc or scd" in said
    model = str(folders / "baseline")
    models = {name: latent_rationale.load(folders / name).model for name in ("baseline", "lm")}
    digests = {name: checkpoint.digest(model.state_dict())[:12] for name, model in models.items()}
    drawn = {"lm": str(folders / "lm"), "nb_range": 4, "sample_n": 2, "share_samples": False, "seed": 7}
    drawn["lm_digest"] = digests["lm"]
    others = {"model": model, "model_digest": digests["baseline"], "percentile": None, "longest": None}
    for row in explained(folders / "baseline" / "soc"):
        assert row["provenance"] == {"method": "soc", **drawn, **others}
    for number, row in enumerate(explained(folders / "baseline" / "arch")):
        assert row["provenance"] == {"method": "arch", **dict.fromkeys(drawn), **others}
        assert (row["source"], row["number"]) == ("dev", number)


def test_a_folder_that_cannot_be_written_to_is_found_before_the_work(folders, capsys):
    file = folders / "baseline" / "config.json"
    assert explain(occluding(folders, file, stop=2)) == 2
    error = capsys.readouterr().err
    assert f"error: {file}: cannot be written to (File exists)\n" in error
    assert "sentence/s" not in error


def stop_at(monkeypatch, number):
    """Interrupt commands when they read the sentence with this number, while the patch lasts."""
    encode = TextExplainer.encode

    def stopping(texts, request):
        if request.number == number:
            raise KeyboardInterrupt
        return encode(texts, request)

    monkeypatch.setattr(TextExplainer, "encode", stopping)


def sampling(folders, save_path, *more):
    arguments = ["--ckpt", folders / "baseline", "--lm", folders / "lm", "--sample_n", "2", "--save_path", save_path]
    return [*map(str, arguments), *more]


def test_what_a_stop_leaves_is_not_lost_and_gone_on_from(folders, tmp_path, capsys, monkeypatch):
    arguments = sampling(folders, tmp_path, "--stop", "5")
    assert explain(arguments) == 0
    whole = explained(tmp_path)
    arguments.append("--overwrite")
    part = tmp_path / "explanations.jsonl.part"
    with monkeypatch.context() as patch:
        stop_at(patch, 0)
        assert explain(arguments) == 130
        assert not part.exists()
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        assert explain(arguments) == 130
    said = capsys.readouterr()
    assert said.err.endswith("stopped\n")
    assert f"the results so far are in {part}; run the same command again to continue from them" in said.out
    assert [json.loads(line) for line in part.read_text().splitlines()] == whole[:3]
    assert explained(tmp_path) == whole  # of the last run that went to its end
    (tmp_path / "explanations.jsonl").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(TextExplainer, "scorer", remembering(calls := [], TextExplainer.scorer))
        assert explain(arguments) == 0
    assert len(calls) == 2
    assert f"continuing from {part}, which has 3 explanations\n" in capsys.readouterr().out
    assert explained(tmp_path) == whole
    assert not part.exists()


def remembering(calls, function):
    def remembered(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return remembered


@pytest.mark.parametrize(
    "change", [["--seed", "2"], ["--split", "test"], ["--start", "1"], ["--longest", "2"], ["--agg"]]
)
def test_another_command_does_not_go_on_from_it(folders, tmp_path, capsys, monkeypatch, change):
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        assert explain(sampling(folders, tmp_path, "--stop", "5")) == 130
    changed = sampling(folders, tmp_path, "--stop", "5", *change)
    before = (tmp_path / "explanations.jsonl.part").read_bytes()
    assert explain(changed) == 2
    assert "explanations.jsonl.part: is not the unfinished output of this command" in capsys.readouterr().err
    assert (tmp_path / "explanations.jsonl.part").read_bytes() == before
    assert explain([*changed, "--overwrite"]) == 0
    assert "explanations.jsonl.part holds nothing to continue from and is replaced" in capsys.readouterr().out
    found = explained(tmp_path)
    assert explain([*changed, "--overwrite"]) == 0
    assert explained(tmp_path) == found


def test_another_model_does_not_go_on_from_it(folders, tmp_path, capsys, monkeypatch):
    """Another model in the same folder does not continue the explanations of the first."""
    model = tmp_path / "model"
    shutil.copytree(folders / "baseline", model)
    arguments = ["--ckpt", str(model), "--method", "occlusion", "--stop", "3", "--save_path", str(tmp_path)]
    with monkeypatch.context() as patch:
        stop_at(patch, 2)
        assert explain(arguments) == 130
    spoil_weights(model)
    assert explain(arguments) == 2
    assert "is not the unfinished output of this command" in capsys.readouterr().err


def spoil_weights(folder):
    """Change one weight of a saved model."""
    state = torch.load(folder / "last.pt", weights_only=True)
    state["model"]["embedding.weight"][3, 1] += 1
    del state["sha256"]
    torch.save(state, folder / "last.pt")
    (folder / "best.safetensors").unlink(missing_ok=True)


@pytest.mark.parametrize("cut", [1, 20])
def test_a_line_that_a_kill_cut_short_is_found_anew(folders, tmp_path, capsys, cut):
    arguments = sampling(folders, tmp_path, "--stop", "3")
    assert explain(arguments) == 0
    whole = (tmp_path / "explanations.jsonl").read_text()
    lines = whole.splitlines(keepends=True)
    (tmp_path / "explanations.jsonl.part").write_text("".join(lines[:2])[:-cut])
    (tmp_path / "explanations.jsonl").unlink()
    assert explain(arguments) == 0
    assert f"which has {2 if cut == 1 else 1} explanations" in capsys.readouterr().out
    assert (tmp_path / "explanations.jsonl").read_text() == whole


def test_a_shorter_command_takes_what_it_needs(folders, tmp_path):
    assert explain(sampling(folders, tmp_path, "--stop", "3")) == 0
    whole = explained(tmp_path)
    (tmp_path / "explanations.jsonl").rename(tmp_path / "explanations.jsonl.part")
    assert explain(sampling(folders, tmp_path, "--stop", "2")) == 0
    assert explained(tmp_path) == whole[:2]


def test_a_sentence_is_explained_alike_alone_and_among_others(folders, tmp_path):
    assert explain(sampling(folders, tmp_path, "--stop", "4")) == 0
    among = explained(tmp_path)
    assert explain(sampling(folders, tmp_path, "--start", "2", "--stop", "3", "--exp_name", ".alone")) == 0
    (alone,) = (tmp_path / "explanations.alone.jsonl").read_text().splitlines()
    assert json.loads(alone) == among[2]


@pytest.mark.parametrize("format", ["jsonl", "seed"])
def test_explanations_are_not_replaced_unasked(folders, tmp_path, capsys, format):
    arguments = [*occluding(folders, tmp_path, stop=2), "--format", format]
    for name in ("jsonl", "txt") if format == "seed" else ("jsonl",):
        path = tmp_path / f"explanations.{name}"
        path.write_text("of somebody else")
        assert explain(arguments) == 2
        said = capsys.readouterr()
        assert said.err == (
            f"error: would replace {path}; choose another folder with --save-path, or set --overwrite\n"
        )
        assert said.out == ""
        assert [file.read_text() for file in tmp_path.iterdir()] == ["of somebody else"]
        path.unlink()
    (tmp_path / "explanations.jsonl").symlink_to(tmp_path / "nowhere")
    assert explain(arguments) == 2
    assert explain([*arguments, "--overwrite"]) == 0
    assert f"note: {tmp_path}/explanations.jsonl will be replaced when this run has finished" in capsys.readouterr().out
    assert len(explained(tmp_path)) == 2
    assert not (tmp_path / "nowhere").exists()


def test_two_commands_do_not_write_one_file(folders, tmp_path, capsys):
    with locked(tmp_path, "explanations.jsonl"):
        before = list(tmp_path.iterdir())
        assert explain(occluding(folders, tmp_path, stop=2)) == 2
        assert f"error: {tmp_path}/explanations.jsonl: is in use by process " in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == before
        assert explain([*occluding(folders, tmp_path, stop=2), "--exp_name", ".own"]) == 0
    assert explain(occluding(folders, tmp_path, stop=2)) == 0


@pytest.mark.parametrize(
    "content", ["of somebody else\n", "{}\n", "[1]\n[2]\n", '{"source": "dev", "number": 0}\n', "\n\n"]
)
def test_an_unfinished_file_of_something_else_is_kept(folders, tmp_path, capsys, content):
    part = tmp_path / "explanations.jsonl.part"
    part.write_text(content)
    assert explain(occluding(folders, tmp_path, stop=2)) == 2
    assert f"error: {part}: is not the unfinished output of this command" in capsys.readouterr().err
    assert part.read_text() == content
    part.write_text('{"source": "de')  # killed while it wrote its first line
    assert explain(occluding(folders, tmp_path, stop=2)) == 0


def test_a_text_is_shown_and_written_only_under_a_name(folders, tmp_path, capsys):
    model = tmp_path / "model"
    shutil.copytree(folders / "baseline", model)
    arguments = ["--ckpt", str(model), "--method", "occlusion"]
    assert explain([*arguments, "--stop", "2"]) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert explain([*arguments, "--text", "a good film"]) == 0
    said = capsys.readouterr().out
    assert "a good film " in said
    assert "the explanation is in no file; --save-path DIR or --exp-name .NAME writes it" in said
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert explain([*arguments, "--text", "a good film", "--exp_name", ".own"]) == 0
    (row,) = (model / "occlusion/explanations.own.jsonl").read_text().splitlines()
    assert json.loads(row)["tokens"] == ["a", "good", "film"]
    assert {path: path.read_bytes() for path in before} == before


def test_a_named_length_goes_before_the_treebanks_phrases(folders, tmp_path):
    assert explain([*occluding(folders, tmp_path, stop=1), "--longest", "2"]) == 0
    (row,) = explained(tmp_path)
    words = len(row["tokens"])
    assert row["tree"] is None
    assert len(row["spans"]) == words + words - 1


def test_scores_that_are_no_numbers_are_refused(folders, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        ExplainedTextModel, "scores", lambda self, tokens: torch.full((len(tokens.ids), 2), float("nan"))
    )
    assert explain(occluding(folders, tmp_path, stop=1)) == 2
    assert "baseline: a score by occlusion is not finite in the sentence: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_prediction_that_is_no_number_is_refused(folders, tmp_path, capsys, monkeypatch):
    """Scores by direct feed are finite where the prediction for the whole sentence is not."""
    real = Predictor.predict_examples

    def without_numbers(*given):
        return [dataclasses.replace(each, scores=(float("nan"),) * 2) for each in real(*given)]

    monkeypatch.setattr(Predictor, "predict_examples", without_numbers)
    assert explain(occluding(folders, tmp_path, stop=1)) == 2
    error = capsys.readouterr().err
    assert "baseline: probabilities: expected finite numbers in the sentence: " in error
    assert not list(tmp_path.iterdir())


def test_data_may_have_moved(folders, small_sst, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "dev.txt").write_text("(3 (2 A) (3 (3 fine) (2 film)))\n")
    arguments = [*occluding(folders, tmp_path, stop=5), "--data_path", str(moved)]
    assert explain(arguments) == 0
    assert [row["tokens"] for row in explained(tmp_path)] == [["A", "fine", "film"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ckpt", "{root}/baseline", "--task", "beer"], "--task beer: the classifier in this folder is for sst"),
        (["--ckpt", "{root}/lm"], "lm: holds a model for lm; expected a classifier ("),
        (["--use_bert_tokenizer", "--explain_model", "bert"], "--use-bert-tokenizer needs --ckpt"),
    ],
)
def test_a_language_model_needs_texts(folders, tmp_path, capsys, arguments, message):
    given = [argument.format(root=folders) for argument in arguments]
    assert train_lm([*given, "--save_path", str(tmp_path / "new")]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["baseline", "latent"])
def test_explainers_are_given_the_scores_of_the_model(folders, name):
    """Explainers run recurrent classifiers on a code path of their own; scores must equal the model's."""
    predictor = latent_rationale.load(folders / name)
    tokens = Tokens.of(torch.randint(2, 20, (12, 5)) // 4, torch.tensor([5, 4, 1] * 4))
    with torch.no_grad():
        found = ExplainedTextModel(predictor.model, predictor.vocabulary.padding_id).scores(tokens)
        expected = predictor.model.forward_embedded(predictor.model.embedding(tokens.ids), tokens).scores
    torch.testing.assert_close(found, expected)
