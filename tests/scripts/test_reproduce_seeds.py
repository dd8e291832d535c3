import json
import sys

import pytest
from reproduce import beer, sst
from reproduce.seeds import interval


@pytest.fixture
def print_tables(monkeypatch, capsys):
    """Function that runs a script with ``--table`` and returns the printed rows of cells by first cell and width."""

    def call(script, folder, *arguments):
        monkeypatch.setattr(sys, "argv", ["script", "--table", "--to", str(folder), *arguments])
        assert script.main() == 0
        lines = [
            line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")
        ]
        return {(cells[0], len(cells)): cells[1:] for cells in lines}

    return call


def put(folder, name, **results):
    (folder / name).mkdir(parents=True)
    (folder / name / "results.json").write_text(json.dumps(results))


def test_interval_on_hand_numbers():
    """Two values that are 1 apart (in percent): standard deviation 1 / sqrt(2), quantile 12.71."""
    assert interval([0.4, 0.41]) == "40.5 ± 6.4"
    assert interval([0.0123], scale=1, digits=4) == "0.0123"
    assert interval([]) == "-"


def test_sst_tables(tmp_path, print_tables):
    words = {f"dev_words_{label}": 10 for label in range(5)} | {
        f"dev_selected_words_{label}": label for label in range(5)
    }
    put(tmp_path, "latent_30pct_seed1", dev_acc=0.45, test_acc=0.44, test_selected=0.3, **words)
    put(tmp_path, "baseline_seed1", dev_acc=0.43, test_acc=0.42)
    found = print_tables(sst, tmp_path, "--seeds", "1")
    assert found["latent_30pct", 5] == ["1", "45.0", "44.0", "30.0"]
    assert found["baseline", 5] == ["1", "43.0", "42.0", "100.0"]
    assert found["bernoulli_sparsity01", 5] == ["0", "-", "-", "-"]
    assert found["latent_30pct", 6] == ["0.0", "10.0", "20.0", "30.0", "40.0"]


def test_beer_tables(tmp_path, print_tables):
    measures = dict.fromkeys((f"test_{name}" for name in ("selected", "recall", "f1", "macro_precision", "iou")), 0.1)
    put(tmp_path, "latent_a0_seed1", best_iter=20, test_precision=0.9, dev_mse=0.01, test_mse=0.0125, **measures)
    lines = [{"split": split, "iteration": step} for step in (10, 20, 30) for split in ("train", "dev")]
    (tmp_path / "latent_a0_seed1" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    put(tmp_path, "baseline_rcnn_seed1", best_iter=5, dev_mse=0.02, test_mse=0.0231)
    found = print_tables(beer, tmp_path)
    assert found["`latent_a0`", 10] == ["2 of 3", "90.0", *["10.0"] * 5, "0.0125", "0.0100"]
    assert ("`baseline_rcnn`", 10) not in found
    assert found["`latent_a0`", 4] == ["2 of 3", "0.0125", "0.0100"]
    assert found["`baseline_rcnn`", 4] == ["", "0.0231", "0.0200"]


def test_finished_runs_are_left_alone(tmp_path, print_tables, monkeypatch):
    put(tmp_path, "baseline_seed1", dev_acc=0.43, test_acc=0.42)
    monkeypatch.setattr(sys, "argv", ["sst.py", "--to", str(tmp_path), "--models", "baseline", "--seeds", "1"])
    assert sst.main() == 0


def test_the_first_failure_is_the_exit_code(tmp_path, monkeypatch):
    (tmp_path / "baseline_seed1").write_text("a file where a folder should be")
    monkeypatch.setattr(sys, "argv", ["sst.py", "--to", str(tmp_path), "--models", "baseline", "--seeds", "1"])
    with pytest.raises(SystemExit) as stopped:
        sst.main()
    assert stopped.value.code == 2
    assert "is a file" in (tmp_path / "baseline_seed1.log").read_text()
