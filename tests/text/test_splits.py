import random
from collections import Counter

import pytest

from latent_rationale.common.utils.errors import InputError
from latent_rationale.text.splits import MOST_BALANCED_GROUPS, find_duplicates, split_off, text_keys


def check(split, count):
    rows = [*split.train, *(row for part in split.parts for row in part)]
    assert sorted(rows) == list(range(count))
    assert all(part == sorted(part) for part in (split.train, *split.parts))


@pytest.mark.parametrize("parts", [1, 2])
def test_parts_have_the_shares_of_the_classes(parts):
    classes = random.Random(1).choices(["a", "b", "c"], [70, 25, 5], k=2000)
    split = split_off(2000, parts, 3, classes)
    check(split, 2000)
    assert [len(part) for part in split.parts] == [200] * parts
    for part in split.parts:
        shares = Counter(classes[row] for row in part)
        assert all(abs(shares[name] - count / 10) <= 1 for name, count in Counter(classes).items())


def test_the_seed_alone_decides():
    classes = ["a", "b"] * 50
    assert split_off(100, 2, 3, classes) == split_off(100, 2, 3, classes)
    assert split_off(100, 2, 3, classes) != split_off(100, 2, 4, classes)
    # The names of classes are numbered by their first occurrence, not by their hashes.
    assert split_off(100, 2, 3, classes) == split_off(100, 2, 3, [("x", name) for name in classes])


@pytest.mark.parametrize("count", [3, 5, 12])
def test_few_rows_and_classes_with_one_row(count):
    for classes in (None, [str(i) for i in range(count)], ["a"] * (count - 1) + ["b"]):
        split = split_off(count, 2, 1, classes)
        check(split, count)
        assert all(split.parts)
        assert split.train


def test_too_few():
    with pytest.raises(InputError, match="2 rows are too few to split off dev and test; give them as files"):
        split_off(2, 2, 1)
    with pytest.raises(InputError, match="1 groups are too few"):
        split_off(20, 2, 1, groups=["a"] * 20)


@pytest.mark.parametrize("group_count", [3, 40, MOST_BALANCED_GROUPS + 1000])
@pytest.mark.parametrize("with_classes", [True, False])
def test_groups_stay_together(group_count, with_classes):
    draw = random.Random(2)
    count = 3 * group_count
    numbers = [*range(group_count), *(draw.randrange(group_count) for _ in range(2 * group_count))]
    groups = [f"group {number}" for number in numbers]
    classes = draw.choices("ab", [80, 20], k=count) if with_classes else None
    split = split_off(count, 2, 1, classes, groups)
    check(split, count)
    found = [{groups[row] for row in rows} for rows in (split.train, *split.parts)]
    assert sum(map(len, found)) == group_count
    if group_count > 3:
        assert all(0.05 * count < len(part) < 0.2 * count for part in split.parts)


def test_duplicates_stay_together_and_classes_keep_their_shares():
    draw = random.Random(3)
    count = 3 * MOST_BALANCED_GROUPS
    numbers = [draw.randrange(2 * MOST_BALANCED_GROUPS) for _ in range(count)]
    rows = [(draw.choice(["a text %d", "A  text %d "]) % number,) for number in numbers]
    classes = [("a", "a", "a", "b")[number % 4] for number in numbers]
    split = split_off(count, 2, 1, classes, text_keys(rows))
    check(split, count)
    named = {"train": split.train, "dev": split.parts[0], "test": split.parts[1]}
    found = find_duplicates({name: [rows[row] for row in part] for name, part in named.items()})
    assert set(found.between.values()) == {0}
    assert found.within["dev"] > 0
    for part in split.parts:
        assert len(part) == pytest.approx(count / 10, rel=0.1)
        assert sum(classes[row] == "b" for row in part) / len(part) == pytest.approx(0.25, abs=0.02)


def test_a_group_that_is_half_of_the_rows_stays_in_training():
    groups = ["large"] * 500 + [str(i) for i in range(500)]
    for seed in range(20):
        for classes in (None, ["a", "b"] * 500):
            split = split_off(1000, 2, seed, classes, groups)
            assert "large" in {groups[row] for row in split.train}


def test_duplicates(told):
    found = find_duplicates(
        {
            "train": [("A  good\nfilm",), ("a good film",), ("other",), ("pair", "one")],
            "dev": [("a GOOD film ",), ("new",), ("pairone",), ("pair one",)],
            "test": [("new",), ("new",), ("other",)],
        }
    )
    assert found.within == {"train": 1, "dev": 0, "test": 1}
    assert found.between == {("train", "dev"): 1, ("train", "test"): 1, ("dev", "test"): 2}
    found.report()
    assert told() == [
        "note: duplicate texts, without regard to case and white space: 1 within train, 1 within test, "
        "1 of dev also in train, 1 of test also in train, 2 of test also in dev"
    ]


def test_without_duplicates_nothing_is_said(told):
    find_duplicates({"train": [("a",)], "dev": [("b",)]}).report()
    assert told() == []
