import pytest
import torch

from latent_rationale.common.utils.console import run_command


def raises(error):
    def command(words):
        raise error

    return command


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to ..."
        ),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB."),
    ],
)
def test_a_lack_of_memory_is_one_sentence(error, capsys):
    assert run_command(raises(error), []) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: not enough memory; ")
    assert message.count("\n") == 1


def test_another_error_is_not_hidden():
    with pytest.raises(RuntimeError, match="a mistake"):
        run_command(raises(RuntimeError("a mistake")), [])
