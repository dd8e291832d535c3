"""Fine-tuning, a language model of pieces, and explanations, as a user runs them."""

import json
import shutil
import subprocess
import sys

import pytest
import torch
import transformers
from safetensors import SafetensorError

import latent_rationale
from latent_rationale.common.data.word_pieces import WordPieces
from latent_rationale.common.training import loop as training
from latent_rationale.explain.__main__ import main as explain
from latent_rationale.explain.evaluate import main as evaluate
from latent_rationale.explain.explainers import EXPLAINERS, NEED_LANGUAGE_MODEL
from latent_rationale.explain.finetune_bert import main as finetune
from latent_rationale.explain.models.finetuning import FineTuning
from latent_rationale.explain.models.options import FineTuningOptions
from latent_rationale.explain.train_lm import main as train_lm
from latent_rationale.sst.reader import normalize_tokens
from latent_rationale.sst.task import SST
from latent_rationale.sst.train import main as train_sst

SMALL = ["--hidden_size", "8", "--batch_size", "20", "--num_iterations", "-3"]


@pytest.fixture(scope="module")
def data(small_sst, tmp_path_factory):
    """A folder with the treebank and with GLUE's table of it, where data is looked for."""
    root = tmp_path_factory.mktemp("data")
    (root / "sst").symlink_to(small_sst.folder)
    (root / "sst2").mkdir()
    treebank = SST.without_vectors(classes=2, data_path=small_sst.folder)
    for name in ("train", "dev"):
        rows = [
            f"{' '.join(normalize_tokens(example.tokens))}\t{example.label}\n" for example in treebank.read_split(name)
        ]
        part = ["not a whole sentence of it\t0\n"] if name == "train" else []
        (root / "sst2" / f"{name}.tsv").write_text("".join(["sentence\tlabel\n", *rows, *part]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_RATIONALE_DATA", str(root))
        yield root


@pytest.fixture(scope="module")
def folders(data, pretrained, tmp_path_factory):
    """A fine-tuned encoder, a language model of its pieces, and a classifier and a language model of words."""
    root = tmp_path_factory.mktemp("runs")
    command = [sys.executable, "-m", "latent_rationale.explain.finetune_bert", "--bert_model", str(pretrained)]
    command += ["--data_dir", str(data / "sst2"), "--output_dir", str(root / "bert"), "--no_subtrees"]
    command += ["--num_train_epochs", "2", "--learning_rate", "1e-3", "--max_seq_length", "32"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pieces = ["--ckpt", str(root / "bert"), "--use_bert_tokenizer", *SMALL, "--save_path", str(root / "lm_pieces")]
    assert train_lm(pieces) == 0
    assert train_lm(["--task", "sst", *SMALL, "--save_path", str(root / "lm_words")]) == 0
    words = ["--classes", "2", *SMALL, "--word_vectors", "none", "--save_path", str(root / "words")]
    assert train_sst(words) == 0
    shutil.copytree(root / "lm_pieces", root / "lm_foreign")
    pieces = (root / "lm_foreign/vocabulary.txt").read_text().splitlines()
    foreign = [*pieces[:2], *(f"Ġ{piece}" for piece in pieces[2:])]
    (root / "lm_foreign/vocabulary.txt").write_text("\n".join(foreign) + "\n")
    recorded = json.loads((root / "lm_foreign/config.json").read_text())
    (root / "lm_foreign/config.json").write_text(json.dumps({**recorded, "files": {}}))
    return root


def explained(folder):
    return [json.loads(line) for line in (folder / "explanations.jsonl").read_text().splitlines()]


def test_a_fine_tuned_encoder_is_a_folder_of_the_library(folders):
    exported = folders / "bert" / "transformers"
    network = transformers.AutoModelForSequenceClassification.from_pretrained(exported)
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    assert network.config.id2label == {0: "negative", 1: "positive"}
    own = latent_rationale.load(folders / "bert")
    with torch.no_grad():
        expected = network(**tokenizer("a film that is not good", return_tensors="pt")).logits.softmax(-1)[0]
    assert own.predict(["a film that is not good"])[0].scores == pytest.approx(expected.tolist(), abs=1e-5)


def test_damaged_weights_of_a_fine_tuned_encoder_are_noticed(folders, tmp_path, capsys):
    copy = shutil.copytree(folders / "bert", tmp_path / "bert")
    path = copy / "transformers/model.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert explain(["--ckpt", str(copy), "--method", "occlusion", "--text", "a film"]) == 2
    assert "model.safetensors: is damaged" in capsys.readouterr().err


def test_only_whole_sentences_are_read_where_asked(folders, data):
    whole = latent_rationale.load(folders / "bert").task
    everything = FineTuning(FineTuningOptions()).resolved()
    assert len(everything.read_split("train")) == len(whole.read_split("train")) + 1
    for task in (whole, everything):  # the test set of the treebank is other data
        assert len(task.read_splits().test) == 0


def test_fine_tuning_goes_on_where_it_was(data, pretrained, tmp_path, monkeypatch):
    """Stopped in the middle of an epoch, it ends where an uninterrupted run does, to the bit."""
    common = ["--bert_model", str(pretrained), "--data_path", str(data / "sst2"), "--lr", "1e-3", "--save_every", "2"]
    common += ["--num_iterations", "8", "--batch_size", "20"]
    assert finetune([*common, "--save_path", str(tmp_path / "whole")]) == 0
    real, steps = training.train_step, []

    def interrupted(*arguments):
        steps.append(arguments)
        if len(steps) == 6:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_step", interrupted)
        assert finetune([*common, "--save_path", str(tmp_path / "halves")]) == 130
    assert finetune(["--resume", "--save_path", str(tmp_path / "halves")]) == 0
    ends = [torch.load(tmp_path / name / "last.pt", weights_only=True)["model"] for name in ("whole", "halves")]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    exported = [(tmp_path / name / "transformers/model.safetensors").read_bytes() for name in ("whole", "halves")]
    assert exported[0] == exported[1]


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("mine", ["setup.py", "src/model.json", "weights.bin", ".git/config", "LICENSE"])
def test_a_folder_of_the_users_is_never_removed(data, pretrained, tmp_path, capsys, mine):
    """It may be a clone of the library, which has the name of the folder that a run writes."""
    (tmp_path / "transformers" / mine).parent.mkdir(parents=True)
    (tmp_path / "transformers" / mine).write_text("mine")
    arguments = ["--bert_model", str(pretrained), "--data_path", str(data / "sst2"), "--num_iterations", "1"]
    arguments += ["--save_path", str(tmp_path)]
    before = contents(tmp_path)
    assert finetune(arguments) == 2
    assert f"error: would replace {tmp_path}/transformers; choose another folder" in capsys.readouterr().err
    assert finetune([*arguments, "--overwrite"]) == 2
    first = mine.partition("/")[0]
    message = f"error: {tmp_path}/transformers/{first}: was not written by fine-tuning and is not replaced"
    assert message in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_link_of_the_users_is_not_followed(data, pretrained, tmp_path, capsys):
    (tmp_path / "library").mkdir()
    (tmp_path / "library/config.json").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/transformers").symlink_to(tmp_path / "library")
    arguments = ["--bert_model", str(pretrained), "--data_path", str(data / "sst2"), "--num_iterations", "1"]
    assert finetune([*arguments, "--save_path", str(tmp_path / "run"), "--overwrite"]) == 2
    assert "run/transformers: is not a folder of a fine-tuned model" in capsys.readouterr().err
    assert (tmp_path / "library/config.json").read_text() == "mine"


def test_the_files_of_an_earlier_run_are_replaced(data, pretrained, tmp_path, capsys):
    arguments = ["--bert_model", str(pretrained), "--data_path", str(data / "sst2"), "--num_iterations", "1"]
    arguments += ["--lr", "1e-3", "--save_path", str(tmp_path)]
    assert finetune(arguments) == 0
    first = (tmp_path / "transformers/model.safetensors").read_bytes()
    (tmp_path / "transformers/model-00001-of-00002.safetensors").write_text("of a larger model")
    (tmp_path / ".transformers.unfinished").mkdir()
    (tmp_path / ".transformers.unfinished/model.safetensors").write_text("of a run that was killed")
    assert finetune([*arguments, "--seed", "2", "--overwrite"]) == 0
    assert (tmp_path / "transformers/model.safetensors").read_bytes() != first
    names = {path.name for path in (tmp_path / "transformers").iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert not (tmp_path / ".transformers.unfinished").exists()


def test_a_full_disk_ends_a_fine_tuning_with_a_sentence(data, pretrained, tmp_path, capsys, monkeypatch):
    def full(*given, **named):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(transformers.BertForSequenceClassification, "save_pretrained", full)
    arguments = ["--bert_model", str(pretrained), "--data_path", str(data / "sst2"), "--num_iterations", "1"]
    assert finetune([*arguments, "--save_path", str(tmp_path)]) == 2
    assert f"error: {tmp_path}/transformers: cannot be written (Error while serializing" in capsys.readouterr().err
    monkeypatch.undo()
    assert finetune(["--resume", "--save_path", str(tmp_path)]) == 0
    assert (tmp_path / "transformers/model.safetensors").exists()


LANGUAGE_MODELS = {method: ["lm_pieces", "lm_words"] for method in NEED_LANGUAGE_MODEL}


@pytest.mark.parametrize(
    ("method", "lm"), [(name, lm) for name in EXPLAINERS for lm in LANGUAGE_MODELS.get(name, [None])]
)
def test_every_method_explains_the_treebank(folders, tmp_path, method, lm):
    arguments = ["--ckpt", str(folders / "bert"), "--method", method, "--sample_n", "3", "--nb_range", "3"]
    if lm is not None:
        arguments += ["--lm", str(folders / lm)]
    assert explain([*arguments, "--stop", "3", "--save_path", str(tmp_path)]) == 0
    for row in explained(tmp_path):
        assert row["tree"][:2] == [0, len(row["tokens"])]
        assert len(row["spans"]) == len(row["scores"])
        assert any(row["scores"])


def test_the_originals_flags(folders, tmp_path, capsys):
    """As its README has them, behind the name of the module."""
    arguments = ["--resume_snapshot", str(folders / "bert"), "--method", "soc", "--lm_path", str(folders / "lm_pieces")]
    arguments += ["--batch_size", "1", "--start", "0", "--stop", "2", "--exp_name", ".sst_demo", "--task", "sst"]
    arguments += ["--explain_model", "bert", "--nb_range", "10", "--sample_n", "2", "--use_bert_tokenizer", "--agg"]
    assert explain([*arguments, "--format", "seed", "--save_path", str(tmp_path), "--dataset", "dev"]) == 0
    assert len((tmp_path / "explanations.sst_demo.txt").read_text().splitlines()) == 2
    out = capsys.readouterr().out
    assert "note: --batch-size has no effect since the phrases of one sentence are explained together" in out
    assert "note: --use-bert-tokenizer has no effect" in out


def test_the_originals_fine_tuning_needs_glues_folder_alone(data, pretrained, tmp_path, monkeypatch, capsys):
    """As its README has it; its test set has no labels."""
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    command = f"--task_name SST-2 --do_train --do_eval --do_lower_case --data_dir {data}/sst2 --bert_model {pretrained}"
    command += " --max_seq_length 128 --train_batch_size 32 --learning_rate 2e-5 --num_train_epochs 1 --output_dir bert"
    assert finetune(command.split()) == 0
    out = capsys.readouterr().out
    assert f"note: no test set: {data}/sst2/test.tsv: no such file" in out
    assert "note: --do-train has no effect since this command always trains" in out
    assert not [name for name in json.loads((tmp_path / "bert/results.json").read_text()) if name.startswith("test")]
    explaining = ["--ckpt", "bert", "--method", "occlusion", "--data_path", f"{data}/sst2", "--save_path", "."]
    assert explain([*explaining, "--split", "test"]) == 2
    assert "sst2/test.tsv: no such file" in capsys.readouterr().err
    assert explain([*explaining, "--stop", "2"]) == 0
    assert len(explained(tmp_path)) == 2


def test_a_text_of_ones_own_needs_no_data(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_RATIONALE_DATA", str(tmp_path / "nowhere"))
    monkeypatch.chdir(tmp_path)
    arguments = ["--ckpt", str(folders / "bert" / "transformers"), "--method", "occlusion", "--save_path", "."]
    assert explain([*arguments, "--text", "It isn't a good film.", "--longest", "2"]) == 0
    (row,) = explained(tmp_path)
    assert row["tokens"] == ["It", "is", "n't", "a", "good", "film", "."]
    assert len(row["spans"]) == 7 + 6


def save_classifier(folder, tokenizer, pretrained, names):
    """A model of the library with a random head for these classes."""
    torch.manual_seed(1)
    labels = dict(enumerate(names))
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        pretrained, id2label=labels, label2id={name: label for label, name in labels.items()}
    )
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("method", ["scd", "cd", "occlusion"])
def test_any_number_of_classes(folders, tokenizer, pretrained, tmp_path, method):
    save_classifier(tmp_path / "model", tokenizer, pretrained, ["Sad", "Glad", "Bored"])
    arguments = ["--ckpt", str(tmp_path / "model"), "--method", method, "--text", "a good film"]
    arguments += ["--lm", str(folders / "lm_pieces"), "--sample_n", "2"]
    assert explain([*arguments, "--save_path", str(tmp_path)]) == 0
    (row,) = explained(tmp_path)
    assert row["explained"] in ("sad", "glad", "bored")
    assert row["said"].startswith(row["explained"])
    assert len(row["probabilities"]) == 3


@pytest.mark.parametrize("kind", ["multi_label_classification", "regression"])
def test_scores_that_are_no_classes_are_refused(tokenizer, pretrained, tmp_path, capsys, kind):
    save_classifier(tmp_path / "model", tokenizer, pretrained, ["sad", "tall"])
    path = tmp_path / "model/config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"problem_type": kind}))
    assert explain(["--ckpt", str(tmp_path / "model"), "--method", "occlusion", "--text", "a film"]) == 2
    assert f"model: expected a model of exclusive classes, got {kind}" in capsys.readouterr().err


def test_the_positive_class_is_explained_wherever_it_stands(tokenizer, pretrained, tmp_path):
    scores = []
    for names in (["NEGATIVE", "POSITIVE"], ["POSITIVE", "NEGATIVE"]):
        save_classifier(tmp_path / names[0], tokenizer, pretrained, names)
        arguments = ["--ckpt", str(tmp_path / names[0]), "--method", "occlusion", "--text", "a good film"]
        assert explain([*arguments, "--save_path", str(tmp_path / names[0])]) == 0
        (row,) = explained(tmp_path / names[0])
        assert row["explained"] == "positive"
        scores.append(row["scores"])
    assert scores[0] == pytest.approx([-score for score in scores[1]], abs=1e-5)


def test_an_older_transformer_in_the_folder_of_another_run_is_not_taken(folders, small_sst, tmp_path):
    shutil.copytree(folders / "bert", tmp_path / "run")
    words = ["--classes", "2", *SMALL, "--word_vectors", "none", "--overwrite", "--save_path", str(tmp_path / "run")]
    assert train_sst(words) == 0
    arguments = ["--ckpt", str(tmp_path / "run"), "--method", "occlusion", "--explain_model", "lstm", "--stop", "1"]
    assert explain(arguments) == 0


def test_a_text_that_is_too_long_is_explained_as_far_as_it_is_read(folders, tmp_path, capsys):
    arguments = ["--ckpt", str(folders / "bert"), "--method", "occlusion", "--save_path", str(tmp_path)]
    assert explain([*arguments, "--text", "a film " * 60, "--longest", "1"]) == 0
    (row,) = explained(tmp_path)
    assert len(row["tokens"]) == 62  # of 64 places two are for what stands around the text
    assert "note: a text of 120 words is truncated to 62, the limit of the model: a ..." in capsys.readouterr().out


def test_an_evaluation_over_some_sentences(folders, data, tmp_path, capsys):
    arguments = ["--ckpt", str(folders / "bert"), "--method", "arch", "--split", "test", "--resamples", "20"]
    arguments += ["--data_path", str(data / "sst")]  # the treebank, whose phrases have labels
    found = []
    for sample, seed in (("6", "1"), ("6", "1"), ("6", "2")):
        options = ["--sample", sample, "--seed", seed, "--overwrite", "--save_path", str(tmp_path)]
        assert evaluate([*arguments, *options]) == 0
        found.append(json.loads((tmp_path / "evaluation.json").read_text()))
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_words_stand_for_all_their_pieces(folders, tmp_path):
    """Occlusion of a word takes all of its pieces."""
    arguments = ["--ckpt", str(folders / "bert"), "--method", "occlusion", "--save_path", str(tmp_path)]
    assert explain([*arguments, "--text", "a lovely film", "--longest", "1"]) == 0
    (row,) = explained(tmp_path)
    exported = folders / "bert" / "transformers"
    network = transformers.AutoModelForSequenceClassification.from_pretrained(exported).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    assert tokenizer.tokenize("a lovely film") == ["a", "love", "##ly", "film"]
    ids = torch.tensor([tokenizer("a lovely film")["input_ids"]] * 2)
    ids[1, 2:4] = WordPieces(tokenizer, 20).padding_id
    with torch.no_grad():
        logits = network(input_ids=ids).logits
    margins = logits[:, 1] - logits[:, 0]
    assert row["scores"][1] == pytest.approx(float(margins[0] - margins[1]), abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--explain_model", "lstm"], "--explain-model lstm: the folder holds a transformer"),
        (
            ["--ckpt", "{root}/words", "--explain_model", "bert"],
            "--explain-model bert: the folder holds a model of this",
        ),
        (["--ckpt", "{root}/words", "--task", "beer"], "--task beer: the model is for sst"),
        (["--ckpt", "{root}/words", "--method", "soc", "--lm", "{root}/lm_pieces"], "reads pieces of words, and the"),
        (["--ckpt", "{root}/lm_words/nowhere"], "no such folder"),
        (["--task", "snli"], "--task snli: an example is premise and hypothesis, not one text"),
        (["--method", "soc", "--lm", "{root}/lm_foreign"], "lm_foreign: reads other pieces of words"),
    ],
)
def test_bad_input_is_one_sentence(folders, tmp_path, capsys, arguments, message):
    given = [argument.format(root=folders) for argument in arguments]
    given += [] if "--ckpt" in given else ["--ckpt", str(folders / "bert")]
    given += [] if "--method" in given else ["--method", "occlusion"]
    assert explain([*given, "--save_path", str(tmp_path / "new")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_pieces_need_a_transformer(folders, capsys):
    arguments = ["--ckpt", str(folders / "words"), "--use_bert_tokenizer", "--save_path", str(folders / "never")]
    assert train_lm(arguments) == 2
    assert "--use-bert-tokenizer needs --ckpt, the folder of the transformer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "message"), [("nowhere", "no such folder"), (".", "has no config.json, hence no model that transformers")]
)
def test_an_encoder_that_is_not_there(data, tmp_path, capsys, monkeypatch, named, message):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    arguments = ["--bert_model", str(tmp_path / named), "--data_path", str(data / "sst2")]
    assert finetune([*arguments, "--save_path", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_without_the_library_it_is_named(folders, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    arguments = ["--ckpt", str(folders / "bert"), "--method", "occlusion", "--save_path", str(tmp_path)]
    assert explain(arguments) == 2
    assert 'pip install ".[transformers]"' in capsys.readouterr().err
    assert finetune(["--save_path", str(tmp_path / "run")]) == 2
    assert 'pip install ".[transformers]"' in capsys.readouterr().err
