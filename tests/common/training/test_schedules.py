import io

import pytest
import torch
from torch import nn
from torch.optim import Adam

from latent_rationale.common.training.options import TrainOptions
from latent_rationale.common.training.schedules import PLATEAU, RATES, Schedule
from latent_rationale.common.utils.errors import InputError

SETTINGS = {
    "plateau": {"scheduler": "plateau", "patience": 1, "cooldown": 1},
    "exponential": {"scheduler": "exponential"},
    "multistep": {"scheduler": "multistep", "milestones": (2, 3, 6)},
}
"""Those that fall from one evaluation or epoch to the next."""

every_schedule = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
CRITERIA = (5.0, 4.0, 4.5, 4.5, 4.5, 4.5, 4.5, 3.0, 3.5, 3.5, 3.5, 3.5)


def test_all_are_tested():
    assert {PLATEAU, *RATES} == {*SETTINGS, "linear"}


class Run:
    """An optimiser with its schedule, a step an epoch, which ends with an evaluation."""

    def __init__(self, **settings):
        options = TrainOptions(**({"lr": 0.8, "min_lr": 0.15, "lr_decay": 0.5, "threshold": 0.0} | settings))
        weight = nn.Parameter(torch.ones(1))
        weight.grad = torch.ones(1)
        self.optimizer = Adam([weight], lr=options.lr)
        self.schedule = Schedule(self.optimizer, options)
        self.epochs = 0

    def rates(self, criteria):
        """The learning rates after epochs whose evaluations have these criteria."""
        return [self._rate_after(criterion) for criterion in criteria]

    def _rate_after(self, criterion):
        self.optimizer.step()
        self.schedule.step(criterion)
        self.epochs += 1
        self.schedule.advance(self.epochs, 0.5)
        return self.optimizer.param_groups[0]["lr"]

    def advance(self, done, epochs=0):
        """The learning rate of a step at this share of the run."""
        self.schedule.advance(epochs, done)
        return self.optimizer.param_groups[0]["lr"]

    def saved(self):
        file = io.BytesIO()
        torch.save({"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}, file)
        return file.getvalue()

    def restore(self, saved):
        state = torch.load(io.BytesIO(saved), weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])


@every_schedule
def test_training_starts_at_the_given_rate(settings):
    assert Run(**settings).optimizer.param_groups[0]["lr"] == 0.8


def test_exponential_falls_after_every_epoch_down_to_the_least():
    rates = Run(scheduler="exponential").rates([1.0] * 5)
    assert rates == pytest.approx([0.4, 0.2, 0.15, 0.15, 0.15])


def test_exponential_without_a_least_rate_goes_on_falling():
    rates = Run(scheduler="exponential", min_lr=0.0).rates([1.0] * 5)
    assert rates == pytest.approx([0.4, 0.2, 0.1, 0.05, 0.025])


def test_multistep_falls_at_its_milestones_down_to_the_least():
    rates = Run(scheduler="multistep", milestones=(2, 3, 6)).rates([1.0] * 7)
    assert rates == pytest.approx([0.8, 0.4, 0.2, 0.2, 0.2, 0.15, 0.15])


@pytest.mark.parametrize("milestones", [(4, 1), (1, 4)])
def test_milestones_may_come_in_any_order(milestones):
    rates = Run(scheduler="multistep", milestones=milestones).rates([1.0] * 5)
    assert rates == pytest.approx([0.4, 0.4, 0.4, 0.2, 0.2])


@pytest.mark.parametrize("settings", [SETTINGS["exponential"], SETTINGS["multistep"]], ids=["exponential", "multistep"])
def test_some_schedules_do_not_look_at_the_criterion(settings):
    assert Run(**settings).rates(CRITERIA) == Run(**settings).rates([1.0] * len(CRITERIA))


def test_plateau_keeps_the_rate_while_the_criterion_falls():
    assert Run(scheduler="plateau", patience=0, cooldown=0).rates([5.0, 4.0, 3.0, 2.0]) == [0.8] * 4


def test_plateau_falls_once_its_patience_is_at_an_end():
    """With a patience of one evaluation at the second without improvement, and then anew."""
    rates = Run(scheduler="plateau", patience=1, cooldown=0).rates([5.0, 5.0, 5.5, 5.0, 5.0, 4.0, 4.0, 4.0])
    assert rates == pytest.approx([0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.2, 0.15])


def test_plateau_rests_after_a_fall():
    rates = Run(scheduler="plateau", patience=0, cooldown=2).rates([5.0, 5.0, 5.0, 5.0, 5.0])
    assert rates == pytest.approx([0.8, 0.4, 0.4, 0.4, 0.2])


def test_plateau_asks_for_an_improvement_of_some_size():
    """Relative: of the best criterion so far."""
    settings = {"scheduler": "plateau", "patience": 0, "cooldown": 0, "threshold": 0.1}
    assert Run(**settings).rates([5.0, 4.6]) == [0.8, 0.4]
    assert Run(**settings).rates([5.0, 4.4]) == [0.8, 0.8]


@every_schedule
def test_no_rate_lies_below_the_least(settings):
    rates = Run(**settings).rates([1.0] * 30)
    assert rates[-1] == pytest.approx(0.15)
    assert min(rates) == rates[-1]
    assert rates == sorted(rates, reverse=True)


@every_schedule
def test_a_least_rate_above_the_first_raises_nothing(settings):
    assert Run(**settings, min_lr=2.0).rates([1.0] * 12) == [0.8] * 12


@every_schedule
@pytest.mark.parametrize("done", range(len(CRITERIA) + 1))
def test_a_saved_schedule_has_the_same_future(settings, done):
    whole, first, second = Run(**settings), Run(**settings), Run(**settings)
    rates = whole.rates(CRITERIA)
    assert len(set(rates)) > 2
    assert first.rates(CRITERIA[:done]) == rates[:done]
    second.restore(first.saved())
    second.epochs = done
    assert second.optimizer.param_groups[0]["lr"] == first.optimizer.param_groups[0]["lr"]
    assert second.rates(CRITERIA[done:]) == rates[done:]


@every_schedule
def test_loading_leaves_the_state_as_it_was(settings):
    run = Run(**settings)
    run.rates(CRITERIA[:4])
    state = run.schedule.state_dict()
    copied = dict(state)
    Run(**settings).schedule.load_state_dict(state)
    assert state == copied


def test_a_linear_rate_rises_and_falls_with_the_steps():
    run = Run(scheduler="linear", min_lr=0.0)
    assert [run.advance(done) for done in (0.025, 0.1, 0.55, 1.0)] == pytest.approx([0.2, 0.8, 0.4, 0.0])


def test_a_linear_rate_stays_above_the_least():
    run = Run(scheduler="linear", min_lr=0.15)
    assert [run.advance(done) for done in (0.001, 0.99)] == [0.15, 0.15]


@every_schedule
def test_steps_within_an_epoch_do_not_move_the_others(settings):
    assert Run(**settings).advance(0.5) == 0.8


@pytest.mark.parametrize("name", RATES)
def test_evaluations_do_not_move_what_follows_epochs_or_steps(name):
    run = Run(scheduler=name, milestones=(1, 2))
    before = run.advance(0.6, epochs=1)
    for criterion in CRITERIA:
        run.schedule.step(criterion)
    assert run.optimizer.param_groups[0]["lr"] == run.advance(0.6, epochs=1) == before


def test_epochs_do_not_move_a_plateau():
    run = Run(scheduler="plateau", patience=0, cooldown=0)
    assert [run.advance(0.5, epochs) for epochs in range(5)] == [0.8] * 5


def test_a_linear_rate_has_no_end_but_the_last_step():
    with pytest.raises(InputError, match="--stop-lr-threshold: a linear rate starts below any"):
        TrainOptions(scheduler="linear", stop_lr_threshold=1e-6)
