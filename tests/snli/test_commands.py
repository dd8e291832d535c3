"""The commands as a user runs them."""

import gzip
import json
import shutil
import subprocess
import sys

import pytest
import torch

import latent_rationale
from latent_rationale.snli.agree import main as agree
from latent_rationale.snli.predict import main as predict_snli
from latent_rationale.snli.reader import RELATIONS, read_pairs
from latent_rationale.snli.task import START
from latent_rationale.snli.train import main as train_snli

SMALL = ["--hidden_size", "8", "--batch_size", "20", "--print_every", "2", "--eval_every", "6"]
HARDKUMA = ["--dist", "hardkuma", "--selection", "0.3"]
SHARES = {"p2h_0", "p2h_c", "p2h_1", "p2h_selected"}


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def lines_of(path):
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def run(small_snli, folder, *arguments):
    return train_snli([*SMALL, *small_snli.arguments, "--save_path", str(folder), *arguments])


@pytest.fixture(scope="module")
def trained(small_snli, tmp_path_factory):
    """A short run with HardKuma, through the command line."""
    folder = tmp_path_factory.mktemp("trained") / "hardkuma"
    command = [sys.executable, "-m", "latent_rationale.snli.train", *SMALL, *HARDKUMA, *small_snli.arguments]
    command += ["--num_iterations", "12", "--save_path", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def soft(small_snli, tmp_path_factory):
    """A short run with softmax attention."""
    folder = tmp_path_factory.mktemp("trained") / "softmax"
    assert run(small_snli, folder, "--num_iterations", "12") == 0
    return folder


def test_training_tells_what_comes_of_it(trained):
    folder, done = trained
    assert "step 6  dev acc" in done.stdout
    assert f"results are in {folder}" in done.stdout
    results = results_of(folder)
    assert results["best_iter"] in (6, 12)
    for split in ("dev", "test"):
        shares = [results[f"{split}_{name}"] for name in ("p2h_0", "p2h_c", "p2h_1")]
        assert sum(shares) == pytest.approx(1)
        assert results[f"{split}_p2h_selected"] == pytest.approx(1 - shares[0])
        assert 0 <= results[f"{split}_acc"] <= 1


def test_softmax_attention_has_no_shares(soft):
    assert not [name for name in results_of(soft) if "p2h" in name or "selected" in name]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "recurrent"],
        ["--model", "recurrent", "--no-bidirectional", "--n_layers", "2"],
        ["--self-attention", "--mask-diagonal", "--max_relative_distance", "2", "--proj_size", "6"],
        ["--no-projection", "--train_embed", "--no-emb-normalization", "--lowercase-vectors"],
        ["--word_vectors", "none", "--embed_size", "5", *HARDKUMA],
        ["--dist", "hardconcrete", "--selection", "0.5", "--model", "recurrent"],
    ],
)
def test_every_kind_of_model_trains_and_is_loaded_again(small_snli, tmp_path, arguments):
    assert run(small_snli, tmp_path / "run", *arguments, "--num_iterations", "6") == 0
    (found,) = latent_rationale.load(tmp_path / "run").predict([("A man sleeps.", "A person rests.")])
    assert found.label_name in RELATIONS
    assert found.premise == (START, "A", "man", "sleeps", ".")


def test_epochs_are_iterations(small_snli, tmp_path):
    assert run(small_snli, tmp_path / "run", "--epochs", "2") == 0
    state = torch.load(tmp_path / "run/last.pt", weights_only=True)
    assert state["progress"]["iteration"] == 12


def test_epochs_and_iterations_are_not_given_together(small_snli, tmp_path, capsys):
    assert run(small_snli, tmp_path / "run", "--epochs", "2", "--num_iterations", "9") == 2
    assert "not allowed with" in capsys.readouterr().err


def test_epochs_lengthen_a_run(small_snli, tmp_path):
    assert run(small_snli, tmp_path / "run", "--epochs", "1") == 0
    assert train_snli(["--save_path", str(tmp_path / "run"), "--resume", "--epochs", "2"]) == 0
    assert torch.load(tmp_path / "run/last.pt", weights_only=True)["progress"]["iteration"] == 12


def test_a_rate_that_would_stop_the_run_at_once_is_refused(small_snli, tmp_path, capsys):
    assert run(small_snli, tmp_path / "run", "--lr", "5e-6") == 2
    assert "--lr: expected at least --stop-lr-threshold" in capsys.readouterr().err


def test_options_without_effect_are_named_with_what_keeps_them(small_snli, tmp_path, capsys):
    options = ["--lasso", "0.1", "--dependent-z", "--hidden_size", "8"]
    options += ["--mask-diagonal", "--proj_size", "6", "--no-projection"]
    assert run(small_snli, tmp_path / "run", *options, "--num_iterations", "1") == 0
    told = capsys.readouterr().out
    assert "note: --lasso has no effect since rationales of sentence pairs consist of cells of a matrix, not" in told
    assert "note: --dependent-z has no effect" in told
    assert "note: --mask-diagonal has no effect without --self-attention" in told
    assert "note: --proj-size has no effect with --no-projection" in told
    assert "--hidden-size has no effect" not in told
    assert "lasso" not in json.loads((tmp_path / "run/config.json").read_text())["options"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--selection", "0.5"], "--selection: belongs to --dist hardkuma or hardconcrete, not to softmax; choose one"),
        (
            ["--n_layers", "2"],
            "--n-layers: belongs to --model recurrent, not to decomposable; choose --model",
        ),
        (["--proj_size", "6", "--model", "recurrent"], "--proj-size: belongs to --model decomposable, not to"),
    ],
    ids=str,
)
def test_options_of_another_model_are_refused(small_snli, tmp_path, capsys, options, message):
    assert run(small_snli, tmp_path / "run", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_help_speaks_of_what_has_an_effect(capsys):
    with pytest.raises(SystemExit):
        train_snli(["-h"])
    told = capsys.readouterr().out
    assert "--epochs" in told
    assert "--sparsity" not in told
    assert "--dependent-z" not in told


@pytest.mark.parametrize("name", ["dev", "test"])
def test_a_file_may_be_called_like_a_split(trained, tmp_path, name):
    (tmp_path / name).write_text("A man sleeps.\tA person rests.\n")
    given = ["--ckpt", str(trained[0]), "--input", str(tmp_path / name), "--save_path", str(tmp_path / "out")]
    assert predict_snli(given) == 0


def test_words_that_look_like_mathematics_are_drawn(trained, tmp_path):
    pair = ["--premise", "a $$\\frac$$ b", "--hypothesis", "$x^2$ {", "--tokenized", "--plot"]
    assert predict_snli(["--ckpt", str(trained[0]), "--save_path", str(tmp_path), *pair]) == 0
    assert (tmp_path / "plots/text_1.png").exists()


def test_a_longer_run_equals_one_that_is_resumed(small_snli, tmp_path):
    assert run(small_snli, tmp_path / "long", *HARDKUMA, "--num_iterations", "18") == 0
    assert run(small_snli, tmp_path / "two", *HARDKUMA, "--num_iterations", "7") == 0
    assert train_snli(["--save_path", str(tmp_path / "two"), "--resume", "--num_iterations", "18"]) == 0
    assert results_of(tmp_path / "long") == results_of(tmp_path / "two")


def test_predictions_hold_the_links_that_are_not_zero(small_snli, trained, tmp_path):
    folder, _ = trained
    assert predict_snli(["--ckpt", str(folder), "--save_path", str(tmp_path), "--show", "0"]) == 0
    rows = lines_of(tmp_path / "predictions.jsonl.gz")
    pairs = [
        *read_pairs(small_snli.folder / "snli_1.0_dev.jsonl"),
        *read_pairs(small_snli.folder / "snli_1.0_test.jsonl"),
    ]
    assert len(rows) == len(pairs) == 80
    cells = linked = correct = 0
    for row, pair in zip(rows, pairs, strict=True):
        assert row["premise"] == [START, *pair.premise]
        assert row["hypothesis"] == [START, *pair.hypothesis]
        assert row["gold_name"] == RELATIONS[pair.label]
        assert row["h2p"] is None
        assert all(0 < value <= 1 for _, _, value in row["p2h"])
        assert all(m < len(row["premise"]) and n < len(row["hypothesis"]) for m, n, _ in row["p2h"])
        if row["source"] == "test":
            cells += len(row["premise"]) * len(row["hypothesis"])
            linked += len(row["p2h"])
            correct += row["label"] == pair.label
    results = results_of(folder)
    assert linked / cells == pytest.approx(
        results["test_p2h_selected"], abs=0.01
    )  # less what is under half a hundredth
    assert correct / 40 == pytest.approx(results["test_acc"])


def test_softmax_links_are_written_in_both_directions(soft, tmp_path):
    assert predict_snli(["--ckpt", str(soft), "--save_path", str(tmp_path), "--split", "dev"]) == 0
    row = lines_of(tmp_path / "predictions.jsonl.gz")[0]
    for name, size in (("p2h", len(row["premise"])), ("h2p", len(row["hypothesis"]))):
        totals = [sum(value for index, _, value in row[name] if index == number) for number in range(size)]
        assert totals == pytest.approx([1] * size, abs=0.1)


def test_a_pair_from_the_command_line(trained, tmp_path, capsys):
    pair = ["--premise", "Two dogs (big) run.", "--hypothesis", "Animals move."]
    assert predict_snli(["--ckpt", str(trained[0]), "--save_path", str(tmp_path), *pair]) == 0
    told = capsys.readouterr().out
    assert "<s> Two dogs -LRB- big -RRB- run . | <s> Animals move . | " in told
    assert any(relation in told for relation in RELATIONS)
    assert len(lines_of(tmp_path / "predictions.jsonl.gz")) == 1


def test_pairs_from_a_file_with_pictures(trained, tmp_path):
    (tmp_path / "pairs.txt").write_text("A man sleeps.\tA person rests.\nIt rains.\tIt is dry.\n")
    given = ["--input", str(tmp_path / "pairs.txt"), "--plot", "--save_path", str(tmp_path / "out")]
    assert predict_snli(["--ckpt", str(trained[0]), *given]) == 0
    assert [row["hypothesis"][1] for row in lines_of(tmp_path / "out/predictions.jsonl.gz")] == ["A", "It"]
    assert sorted(path.name for path in (tmp_path / "out/plots").iterdir()) == ["pairs_1.png", "pairs_2.png"]
    assert "<table>" in (tmp_path / "out/rationales.html").read_text()


def test_correct_and_wrong_pairs_of_each_relation_are_shown(trained, tmp_path, capsys):
    given = ["--ckpt", str(trained[0]), "--split", "test", "--show", "6", "--save_path", str(tmp_path)]
    assert predict_snli(given) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if ", gold " in line]
    kinds = {(line.split(" (")[0] == line.split(", gold ")[1], line.split(", gold ")[1]) for line in shown}
    rows = lines_of(tmp_path / "predictions.jsonl.gz")
    there = {(row["label_name"] == row["gold_name"], row["gold_name"]) for row in rows}
    assert len(shown) == 6
    assert kinds == there


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--premise", "A man."], "--premise and --hypothesis must be given together"),
        (["--premise", "A man.", "--hypothesis", " "], "--hypothesis: the text has no words"),
        (
            ["--premise", "A.", "--hypothesis", "B.", "--input", "x"],
            "--hypothesis and --input cannot be combined",
        ),
        (["--input", "{file}"], ":2: expected premise and hypothesis with a tab between them"),
        (["--input", "{empty}"], ":1: empty text"),
    ],
)
def test_bad_pairs_are_refused(trained, tmp_path, capsys, arguments, message):
    (tmp_path / "pairs.txt").write_text("A man.\tA person.\nA man. A person.\n")
    (tmp_path / "empty.txt").write_text("A man.\t \n")
    names = {"{file}": str(tmp_path / "pairs.txt"), "{empty}": str(tmp_path / "empty.txt")}
    given = [names.get(word, word) for word in arguments]
    assert predict_snli(["--ckpt", str(trained[0]), "--save_path", str(tmp_path), *given]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "message"),
    [([("A man.",)], "expected premise and hypothesis, got 1 texts"), ([("A man.", "")], "text 1 has no words")],
)
def test_bad_pairs_are_refused_in_python(trained, texts, message):
    with pytest.raises(latent_rationale.InputError, match=message):
        latent_rationale.load(trained[0]).predict(texts)


def test_missing_data_is_named(tmp_path, capsys):
    assert train_snli(["--data_path", str(tmp_path), "--word_vectors", "none"]) == 2
    assert "snli_1.0_train.jsonl: no such file" in capsys.readouterr().err


HEADER = "gold_label,sentence1,sentence2,Sentence1_Highlighted_1,Sentence2_Highlighted_1\n"


def test_agreement_with_people_is_a_table(trained, soft, tmp_path, capsys):
    path = tmp_path / "esnli.csv"
    path.write_text(HEADER + 'entailment,A man sleeps.,A person rests.,"1,2",2\nneutral,A dog.,A big dog.,{},1\n')
    assert agree(["--ckpt", str(trained[0]), str(soft), "--highlights", str(path)]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == [
        *("method", "---", "random words", "content words"),
        *("hardkuma, max", "hardkuma, sum", "hardkuma, unlinked"),
        *("softmax, max", "softmax, sum", "softmax, unlinked"),
    ]
    assert all(cell == "-" or 0 <= float(cell) <= 100 for row in rows[2:] for cell in row[1:])
    contradictions = [row[7] for row in rows[2:]]
    assert contradictions == ["-"] * 8  # of which there are none


def test_agreement_needs_a_model_for_pairs(tmp_path, capsys):
    (tmp_path / "esnli.csv").write_text(HEADER + "neutral,A dog.,A big dog.,{},1\n")
    assert agree(["--ckpt", str(tmp_path), "--highlights", str(tmp_path / "esnli.csv")]) == 2
    assert "not a results folder" in capsys.readouterr().err


def test_a_missed_share_of_links_is_told_and_recorded(small_snli, tmp_path, capsys):
    options = [
        "--dist",
        "hardkuma",
        "--selection",
        "0.01",
        "--lr",
        "1e-5",
        "--num_iterations",
        "4",
        "--eval_every",
        "4",
    ]
    assert run(small_snli, tmp_path / "run", *options) == 0
    results = results_of(tmp_path / "run")
    out = capsys.readouterr().out
    assert f"missed target on dev: linked {results['dev_p2h_selected']:.3f} of the pairs of words, asked 0.010" in out
    assert results["missed_target_p2h_selected"] == 0.01


def test_a_run_without_an_evaluation_says_that_the_last_model_is_reported(small_snli, tmp_path, capsys):
    assert run(small_snli, tmp_path / "run", "--num_iterations", "3", "--eval_every", "4") == 0
    assert "(there was no evaluation); results are of the last step, 3" in capsys.readouterr().out
    assert results_of(tmp_path / "run")["reported_iter"] == 3


def test_a_test_set_without_labels_is_left_out(trained, small_snli, tmp_path, capsys):
    shutil.copy(small_snli.folder / "snli_1.0_dev.jsonl", tmp_path)
    lines = (small_snli.folder / "snli_1.0_test.jsonl").read_text().splitlines()
    unlabelled = [json.dumps(json.loads(line) | {"gold_label": "-"}) for line in lines]
    (tmp_path / "snli_1.0_test.jsonl").write_text("\n".join(unlabelled))
    given = ["--ckpt", str(trained[0]), "--data_path", str(tmp_path), "--save_path", str(tmp_path / "out")]
    assert predict_snli(given) == 0
    assert "note: test is left out: " in capsys.readouterr().out
    assert {row["source"] for row in lines_of(tmp_path / "out/predictions.jsonl.gz")} == {"dev"}
    assert predict_snli([*given, "--split", "test", "--overwrite"]) == 2
    assert "holds no pairs with a gold label" in capsys.readouterr().err


def test_numbers_that_are_not_finite_are_no_results(small_snli, tmp_path, capsys):
    options = ["--dist", "hardkuma", "--selection", "0.1", "--lr", "1e30", "--num_iterations", "1"]
    assert run(small_snli, tmp_path / "run", *options) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "finite" in said
    assert "smaller --lr" in said
    assert not (tmp_path / "run/results.json").exists()
    assert not list((tmp_path / "run").glob("predictions*"))
