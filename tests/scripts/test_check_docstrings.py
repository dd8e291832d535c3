"""The rules for first lines of docstrings, each broken once."""

import subprocess
import sys
from pathlib import Path

import pytest
from check_docstrings import OPENINGS, findings, main

GOOD = '''"""Module with a good docstring."""


class Encoder:
    """Abstract encoder of a text."""

    def read(self):
        """Compute one vector per text.

        Of what this line says nothing is checked.
        """

        def inner():
            """Short."""

    def _private(self):
        """Short."""

    def undocumented(self):
        return 1


class _Hidden:
    """Short."""

    def read(self):
        """What it reads."""
'''


def test_good_and_private_docstrings_pass():
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "line", "message"),
    [
        ("Module with a good docstring", "Good module", 1, 'module: "Good module." has fewer than 4 words'),
        ("Abstract encoder of a", "Those that encode a", 5, 'Encoder: "Those that encode a text." begins with "Those"'),
        ("Compute one", "The same, one", 8, 'Encoder.read: "The same, one vector per text." begins with "The same"'),
        ("Compute one vector per text.", "Vectors.", 8, 'Encoder.read: "Vectors." has fewer than 4 words'),
    ],
)
def test_each_rule_names_line_and_docstring(good, bad, line, message):
    assert good in GOOD
    assert findings(GOOD.replace(good, bad)) == [(line, message)]


@pytest.mark.parametrize("opening", OPENINGS)
def test_openings_are_whole_words(opening):
    assert len(findings(f'"""{opening} is read by a selector."""')) == 1
    assert findings(f'"""{opening}ward reading by a selector."""') == []


def test_methods_with_two_underscores_are_public():
    source = '"""Module with a good docstring."""\n\n\ndef __call__(self):\n    """K = 1."""\n'
    assert [line for line, _ in findings(source)] == [5]


def test_findings_are_listed_or_counted_and_the_exit_code_tells(tmp_path, capsys):
    good, bad = tmp_path / "good.py", tmp_path / "folder" / "bad.py"
    bad.parent.mkdir()
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text('"""How."""\n', encoding="utf-8")
    assert main([str(good)]) == 0
    assert "all docstrings follow the rules" in capsys.readouterr().out
    assert main([str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f'{bad}:1: module: "How." has fewer than 4 words',
        f'{bad}:1: module: "How." begins with "How"',
        "2 findings",
    ]
    assert main([str(tmp_path), "--count"]) == 1
    assert capsys.readouterr().out.splitlines() == [f"    2 {bad.parent}", "2 findings"]


def test_it_runs_on_its_own():
    script = str(Path(__file__).parents[2] / "scripts" / "check_docstrings.py")
    done = subprocess.run([sys.executable, script, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all docstrings follow the rules\n")
