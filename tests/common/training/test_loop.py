"""The loop, on a toy model whose every number can be followed."""

import json
import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch

from latent_rationale.common.data.word_vectors import make_embedding
from latent_rationale.common.training import checkpoint
from latent_rationale.common.training.checkpoint import load_last, load_weights, save_best, save_last
from latent_rationale.common.training.loop import FiniteWatch, Judge, evaluate, evaluating, outputs, train
from latent_rationale.common.training.results import Run
from latent_rationale.common.training.state import TrainState
from latent_rationale.common.utils.errors import InputError
from latent_rationale.common.utils.writing import replacing
from latent_rationale.sst.reader import Phrase, SSTExample
from latent_rationale.sst.task import SST, SSTOptions

OPTIONS = SSTOptions(
    model="latent", selection=0.3, lasso=0.1, hidden_size=6, batch_size=4, eval_batch_size=3, num_iterations=-3,
    print_every=2, word_vectors=("none",), lr=0.01, dropout=0.2, classes=2,
)  # fmt: skip


def make_examples(count, seed):
    generator = torch.Generator().manual_seed(seed)
    words = ["a", "the", "film", "movie", "is", "was", "and", "but", "very"]
    examples = []
    for _ in range(count):
        label = int(torch.randint(2, (), generator=generator))
        picks = torch.randint(len(words), (int(torch.randint(2, 9, (), generator=generator)),), generator=generator)
        tokens = [words[i] for i in picks.tolist()] + [("dreadful", "superb")[label]]
        labels = [2] * (len(tokens) - 1) + [4 * label]
        phrases = (Phrase(place, place + 1, label) for place, label in enumerate(labels))
        examples.append(SSTExample(tuple(tokens), label, tuple(phrases)))
    return examples


class Small:
    """A task with data, and a fresh learner for it."""

    def __init__(self, **changes):
        torch.manual_seed(1)
        self.task = SST(replace(OPTIONS, **changes))
        examples = make_examples(22, 1)
        splits = type("Splits", (), {"train": examples})
        vocabulary = self.task.vocabulary(splits, None)
        self.train = self.task.encode(examples, vocabulary)
        self.dev = self.task.encode(make_examples(11, 2), vocabulary)
        self.train_state = TrainState(*self.task.build(make_embedding(vocabulary, 5)), self.task.options)

    def run(self, folder, **changes):
        folder.mkdir(exist_ok=True)
        judge = Judge(self.task.measure, self.task.rank, 1, self.task.headline, "selected", lambda: "shown")
        with Run(folder, self.train_state.progress.iteration) as run:
            train(self.train_state, self.train, self.dev, replace(self.task.options, **changes), judge, run)
        return self.train_state

    def evaluate(self, data=None, batch_size=3):
        return evaluate(
            self.train_state.model, self.train_state.objective, data or self.dev, batch_size, self.task.measure
        )


def flat(state):
    if isinstance(state, dict):
        return {f"{k}.{name}": x for k, v in state.items() for name, x in flat(v).items()}
    if isinstance(state, list | tuple):
        return flat(dict(enumerate(state)))
    return {"": state}


def assert_same_state(first, second):
    first, second = flat(first), flat(second)
    assert first.keys() == second.keys()
    for name, value in first.items():
        same = torch.equal(value, second[name]) if isinstance(value, torch.Tensor) else value == second[name]
        assert same, name


@pytest.mark.parametrize("scheduler", ["plateau", "exponential", "multistep"])
@pytest.mark.parametrize("model", ["latent", "rl", "baseline"])
@pytest.mark.parametrize("stop", [4, 6, 7])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, model, stop, scheduler):
    changes = {"model": model, "scheduler": scheduler, "milestones": (1, 2)}
    whole = Small(**changes).run(tmp_path / "whole")
    Small(**changes).run(tmp_path / "parts", num_iterations=stop)
    torch.manual_seed(99)
    rest = Small(**changes)
    load_last(tmp_path / "parts", rest.train_state)
    assert rest.train_state.progress.iteration == stop
    rest.run(tmp_path / "parts")
    assert_same_state(whole.state_dict(), rest.train_state.state_dict())
    assert (tmp_path / "whole/metrics.jsonl").read_text().splitlines()[-1] == (
        tmp_path / "parts/metrics.jsonl"
    ).read_text().splitlines()[-1]


def test_a_kill_between_saves_loses_only_the_steps_since(tmp_path, monkeypatch):
    whole = Small().run(tmp_path / "whole")
    killed = Small()
    calls = Counter()

    def stop_at_step_9(*_):
        calls["steps"] += 1
        if calls["steps"] == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr(FiniteWatch, "check", lambda self: None)
    monkeypatch.setattr(FiniteWatch, "add", stop_at_step_9)
    with pytest.raises(KeyboardInterrupt):
        killed.run(tmp_path / "killed")
    monkeypatch.undo()
    rest = Small()
    load_last(tmp_path / "killed", rest.train_state)
    assert rest.train_state.progress.iteration == 6
    rest.run(tmp_path / "killed")
    assert_same_state(whole.state_dict(), rest.train_state.state_dict())
    assert (tmp_path / "whole/metrics.jsonl").read_text() == (tmp_path / "killed/metrics.jsonl").read_text()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda moments: moments[0].update(exp_avg=torch.zeros(1)), "exp_avg of parameter 0 has another shape or type"),
        (lambda moments: moments[0].update(exp_avg_sq=7), "exp_avg_sq of parameter 0 has another shape or type"),
        (lambda moments: moments[0].update(step=torch.zeros(2)), "step of parameter 0 has another shape or type"),
        (lambda moments: moments[0].pop("exp_avg"), "the optimiser's entry 0 belongs to no parameter"),
        (lambda moments: moments.update({999: moments[0]}), "the optimiser's entry 999 belongs to no parameter"),
    ],
)
def test_moments_that_do_not_fit_are_refused_before_adam_reads_them(tmp_path, damage, message):
    Small().run(tmp_path / "run", num_iterations=4)
    path = tmp_path / "run/last.pt"
    state = torch.load(path, weights_only=True)
    del state["sha256"]  # as a hostile file would
    damage(state["optimizer"]["state"])
    torch.save(state, path)
    with pytest.raises(InputError, match=f"last.pt: is not the state of this run .{message}"):
        load_last(tmp_path / "run", Small().train_state)


def test_a_state_of_other_values_is_no_model(tmp_path):
    small = Small()
    small.run(tmp_path / "run", num_iterations=2)
    state = torch.load(tmp_path / "run/last.pt", weights_only=True)
    state["model"] = dict.fromkeys(state["model"], 3)
    del state["sha256"]
    torch.save(state, tmp_path / "run/last.pt")
    (tmp_path / "run/best.safetensors").unlink(missing_ok=True)
    with pytest.raises(InputError, match="does not hold the weights of this model"):
        load_weights(tmp_path / "run", small.train_state.model, small.train_state.objective)


def test_everybody_may_read_the_weights(tmp_path):
    save_best(tmp_path, Small().train_state)
    (tmp_path / "text").write_text("as the user's other files")
    assert (tmp_path / "best.safetensors").stat().st_mode == (tmp_path / "text").stat().st_mode


def test_evaluating_changes_nothing_and_gives_the_same_bits_twice():
    small = Small()
    small.train_state.train()
    before = small.train_state.state_dict()
    before = {name: x.clone() if isinstance(x, torch.Tensor) else x for name, x in flat(before).items()}
    first, second = small.evaluate(), small.evaluate()
    assert first == second
    assert_same_state(before, flat(small.train_state.state_dict()))
    assert small.train_state.model.training
    assert small.train_state.objective.training


def test_an_evaluation_does_not_depend_on_batch_size_or_order():
    small = Small()
    one = small.evaluate(batch_size=1)
    for size in (3, 100):
        assert small.evaluate(batch_size=size) == pytest.approx(one, rel=1e-5)


def test_measures_are_what_the_predictions_say():
    small = Small()
    right = words = selected = 0
    loss = 0.0
    for batch, output in outputs(small.train_state.model, small.dev, 4):
        for row, example in enumerate(batch.examples):
            scores = output.scores[row]
            right += int(scores.argmax()) == example.label
            loss -= float(scores.log_softmax(0)[example.label])
            z = output.rationale.z[row, : len(example.tokens)]
            words += len(z)
            selected += int((z > 0).sum())
    values = small.evaluate()
    assert values["acc"] == pytest.approx(right / 11)
    assert values["loss"] == pytest.approx(loss / 11, rel=1e-5)
    assert values["selected"] == pytest.approx(selected / words)
    assert values["p0"] + values["pc"] + values["p1"] == pytest.approx(1)
    assert sum(values[f"words_{i}"] for i in range(5)) == words
    assert sum(values[f"selected_words_{i}"] for i in range(5)) == selected


def test_modes_are_put_back_after_an_error():
    model = torch.nn.Linear(1, 1).train()

    def fail():
        with evaluating(model):
            assert not model.training
            assert not torch.is_grad_enabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert model.training
    assert torch.is_grad_enabled()


def test_a_negative_number_of_iterations_means_epochs(tmp_path):
    assert Small().run(tmp_path / "a", num_iterations=-2).progress.iteration == 12
    assert Small().run(tmp_path / "b", num_iterations=5).progress.iteration == 5


def test_only_evaluations_after_the_first_best_epoch_count_as_best(tmp_path):
    small = Small()
    small.run(tmp_path / "run", num_iterations=5, eval_every=2)
    assert small.train_state.progress.best_iteration == 0
    assert not (tmp_path / "run/best.safetensors").exists()
    small.run(tmp_path / "run", num_iterations=6, eval_every=2)
    assert small.train_state.progress.best_iteration == 6


def test_the_best_model_is_the_best_evaluation(tmp_path):
    ranks = iter([(0.0, 3.0), (0.1, 1.0), (0.0, 2.0), (0.0, 2.5)])
    small = Small()
    small.task.rank = lambda dev: next(ranks)
    train_state = small.run(tmp_path / "run", num_iterations=-4)
    assert train_state.progress.best_iteration == 18
    assert train_state.progress.stale == 1


def test_early_stopping(tmp_path):
    small = Small()
    small.task.rank = lambda dev: (0.0, 1.0)
    train_state = small.run(tmp_path / "run", num_iterations=-9, early_stopping=2)
    assert train_state.progress.iteration == 18


def test_training_stops_once_the_rate_is_too_low(tmp_path):
    small = Small(patience=0, cooldown=0, lr_decay=0.1, lr=1e-2, min_lr=0.0, stop_lr_threshold=1e-4)
    small.task.rank = lambda dev: (0.0, 1.0)
    train_state = small.run(tmp_path / "run", num_iterations=-9)
    assert train_state.rate == pytest.approx(1e-5)  # the evaluations after the first made it 1e-3, 1e-4, 1e-5
    assert train_state.progress.iteration == 24


EPOCH = 6
"""Steps of an epoch of ``Small``: 22 examples in batches of 4."""


@pytest.mark.parametrize("eval_every", [-1, 2, 5, 100])
@pytest.mark.parametrize(
    ("settings", "falls"),
    [({"scheduler": "exponential"}, (0, 1, 2, 3)), ({"scheduler": "multistep", "milestones": (1, 3)}, (0, 1, 1, 2))],
    ids=["exponential", "multistep"],
)
def test_rates_follow_epochs_however_often_the_model_is_evaluated(tmp_path, eval_every, settings, falls):
    """Also in a run that was interrupted in the middle of an epoch, and one that ended with an epoch."""
    changes = {**settings, "lr_decay": 0.5, "min_lr": 0.0, "eval_every": eval_every, "print_every": 1}
    expected = [0.01 * 0.5**fallen for fallen in falls for _ in range(EPOCH)]
    Small(**changes).run(tmp_path / "whole", num_iterations=4 * EPOCH)
    for stop in (3, EPOCH, 4 * EPOCH):
        part = Small(**changes)
        if stop > 3:
            load_last(tmp_path / "parts", part.train_state)
        part.run(tmp_path / "parts", num_iterations=stop)
    for name in ("whole", "parts"):
        rows = map(json.loads, (tmp_path / name / "metrics.jsonl").read_text().splitlines())
        assert [row["lr"] for row in rows if row["split"] == "train"] == pytest.approx(expected)


def test_the_rate_falls_when_the_criterion_stays(tmp_path):
    small = Small(patience=0, cooldown=0, lr_decay=0.1, min_lr=1e-4)
    small.task.rank = lambda dev: (0.0, 1.0)
    train_state = small.run(tmp_path / "run", num_iterations=-5)
    assert train_state.optimizer.param_groups[0]["lr"] == pytest.approx(1e-4)


def test_a_loss_that_is_not_finite_stops_the_run_and_saves_nothing_bad(tmp_path):
    small = Small()
    small.run(tmp_path / "run", num_iterations=4, save_every=2)
    good = (tmp_path / "run/last.pt").read_bytes()
    with torch.no_grad():
        small.train_state.model.classifier.output.weight.fill_(math.nan)
    with pytest.raises(InputError, match=r"loss.* is not finite at step 5"):
        small.run(tmp_path / "run", save_every=2)
    assert (tmp_path / "run/last.pt").read_bytes() == good


@pytest.mark.parametrize("model", ["latent", "rl", "baseline", "attention"])
@pytest.mark.parametrize("steps", [1, EPOCH])
def test_no_state_or_result_that_is_not_finite_is_kept(tmp_path, model, steps):
    """A step may make the weights so large that only the next output, or no weight itself, is no number."""
    small = Small(model=model, lr=3e38, selection=0.3)
    (tmp_path / "run").mkdir()
    save_last(tmp_path / "run", small.train_state)

    def train_and_evaluate():
        small.run(tmp_path / "run", num_iterations=steps)
        small.evaluate()

    with pytest.raises(InputError, match="finite"):
        train_and_evaluate()
    assert not (tmp_path / "run/best.safetensors").exists()
    logged = (tmp_path / "run/metrics.jsonl").read_text() if (tmp_path / "run/metrics.jsonl").exists() else ""
    assert "NaN" not in logged
    assert "Infinity" not in logged


def test_weights_that_are_not_finite_after_the_last_step_are_not_saved(tmp_path):
    small = Small()
    small.run(tmp_path / "run", num_iterations=4, save_every=2)
    good = (tmp_path / "run/last.pt").read_bytes()
    original = small.train_state.optimizer.step

    def overflow():
        original()
        small.train_state.parameters[0].data[0] = math.inf

    small.train_state.optimizer.step = overflow
    with pytest.raises(InputError, match="the weights are not finite after step 5; nothing was saved since"):
        small.run(tmp_path / "run", num_iterations=5)
    assert (tmp_path / "run/last.pt").read_bytes() == good


@pytest.mark.parametrize("broken", ["scores", "z", "loss"])
def test_an_evaluation_without_finite_numbers_has_no_results(broken, monkeypatch):
    small = Small()
    if broken == "loss":
        monkeypatch.setattr(small.train_state.objective, "criterion", lambda output, _: output.scores[:, 0] / 0)
        message = "no finite loss and objective in the evaluation: the weights of the model are too large"
    else:
        forward, message = small.train_state.model.forward, "a prediction is not finite"

        def break_forward(batch):
            output = forward(batch)
            if broken == "scores":
                return replace(output, scores=output.scores * math.nan)
            return replace(output, rationale=replace(output.rationale, z=output.rationale.z * math.nan))

        monkeypatch.setattr(small.train_state.model, "forward", break_forward)
    with pytest.raises(InputError, match=message):
        small.evaluate()


def test_the_watch_names_the_first_step_and_term():
    watch = FiniteWatch()
    fine, bad = torch.tensor(1.0), torch.tensor(math.inf)
    watch.add(1, {"loss": fine, "gradient norm": fine})
    watch.check()
    watch.add(2, {"loss": fine, "gradient norm": bad})
    watch.add(3, {"loss": bad, "gradient norm": bad})
    with pytest.raises(InputError, match=r"^gradient norm is not finite at step 2"):
        watch.check()


def test_saved_files_replace_old_ones_only_when_complete(tmp_path, monkeypatch):
    small = Small()
    for save, name in ((save_best, "best.safetensors"), (save_last, "last.pt")):
        save(tmp_path, small.train_state)
        before = (tmp_path / name).read_bytes()
        monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(InputError, match=f"{name}: cannot be written .disk full"):
            save(tmp_path, small.train_state)
        monkeypatch.undo()
        assert (tmp_path / name).read_bytes() == before


def test_torch_never_calls_python_while_it_saves_a_state(tmp_path, monkeypatch):
    """Ctrl-C in a call from within torch would turn into an error of the file."""

    class Interrupted:
        def __init__(self, file):
            self.name = file.name

        def write(self, data):
            pytest.fail("torch calls Python")

    @contextmanager
    def replacing_and_interrupting(path):
        with replacing(path) as file:
            yield Interrupted(file)

    small = Small()
    monkeypatch.setattr(checkpoint, "replacing", replacing_and_interrupting)
    save_last(tmp_path, small.train_state)
    load_last(tmp_path, Small().train_state)


def test_no_step_waits_for_the_device(tmp_path, monkeypatch):
    """Outside logged steps nothing asks a tensor for its value."""
    small = Small(print_every=1000, eval_every=1000)
    asked = Counter()
    for name in ("item", "tolist", "__bool__", "__float__", "__int__"):
        original = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda self, *a, _o=original, _n=name: asked.update([_n]) or _o(self, *a)
        )
    from latent_rationale.common.data.batching import training_batches
    from latent_rationale.common.training.loop import train_step

    batches = training_batches(small.train, 4, 1, 0, torch.device("cpu"))
    small.train_state.train()
    for _ in range(5):
        _, batch = next(batches)
        asked.clear()
        train_step(small.train_state, batch, 5.0)
        assert not asked


@pytest.mark.parametrize("line", ["", "7", "[]", '{"iteration": "x"}', '{"iteration": [2]}', "{}", "[" * 100_000])
def test_lines_that_are_no_records_are_removed_when_a_run_continues(tmp_path, line):
    (tmp_path / "metrics.jsonl").write_text('{"iteration": 1}\n' + line + '\n{"iteration": 9}\n')
    with Run(tmp_path, start=5):
        pass
    assert (tmp_path / "metrics.jsonl").read_text() == '{"iteration": 1}\n'
