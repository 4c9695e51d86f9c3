"""Matrices from CSV files: what is understood, what is refused, and what is said about them."""

from __future__ import annotations

import csv
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from crosslight.agreement.groups import anosim, labelings, mantel
from crosslight.agreement.published import (
    Published,
    correlate,
    open_case,
    read_groups,
    read_matrix,
    reanalyse,
    save_reanalysis,
    structure,
)
from crosslight.agreement.published.structure import members
from crosslight.core.errors import InputError, UnknownNameError

S = np.array([[1, 0.8, 0.3, 0.1], [0.8, 1, 0.4, 0.2], [0.3, 0.4, 1, 0.6], [0.1, 0.2, 0.6, 1]])
NAMES = ("ResNet18", "ResNet50", "DeiT_S", "Swin_T")
COUNTED = [[i, NAMES[i], *row] for i, row in enumerate(S.tolist())]


def text(rows, mark=","):
    return "\n".join(mark.join(map(str, row)) for row in rows) + "\n"


def table(values=S, names=NAMES, mark=","):
    return text(
        [["", *names], *([name, *row] for name, row in zip(names, np.asarray(values).tolist(), strict=True))], mark
    )


@pytest.fixture
def write(tmp_path):
    numbers = itertools.count()

    def made(content, name=None):
        path = tmp_path / (name or f"{next(numbers)}.csv")
        path.write_text(content, encoding="utf-8")
        return path

    return made


def points(number=10, seed=0, apart=3.0):
    """Similarities of points, the second half shifted."""
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((number, 3))
    places[number // 2 :, 0] += apart
    away = np.linalg.norm(places[:, None] - places, axis=2)
    return 1 - away / away.max(), [f"m{i}" for i in range(number)]


class TestReading:
    def test_plain(self, write):
        found = read_matrix(write(table()))
        assert (found.sets, found.kind, found.scale, found.notes) == (NAMES, "similarity", 1.0, ())
        np.testing.assert_array_equal(found.values, S)
        np.testing.assert_allclose(found.dissimilarity, 1 - S)

    @pytest.mark.parametrize(
        "content",
        [
            "\ufeff" + text([NAMES, *S.tolist()]),
            table(mark=";"),
            table(mark="\t").replace("\t0.8\t", "\t 0.8\t"),
            table(mark=";").replace(".", ","),
            table().replace("\n", ",,\n"),
            table() + "\n,,,,\n",
            text([["", "", *NAMES], *COUNTED]),
            text([["Unnamed: 0", "model", *NAMES], *COUNTED]),
            text([NAMES, *([name, *row] for name, row in zip(NAMES, S.tolist(), strict=True))]),
            text([NAMES, *S.tolist()]),
            text([["", *NAMES], *([i, *row] for i, row in enumerate(S.tolist()))]),
        ],
        ids=["bom", "semicolons", "tabs", "decimal commas", "empty columns", "empty rows", "index", "named index",
             "short header", "no row labels", "counted rows"],
    )  # fmt: skip
    def test_what_people_write(self, write, content):
        found = read_matrix(write(content))
        assert found.sets == NAMES
        np.testing.assert_allclose(found.values, S)

    def test_numbers_as_labels(self, write):
        found = read_matrix(write(table(names=("3", "2", "1", "0"))))
        assert found.sets == ("3", "2", "1", "0")
        np.testing.assert_array_equal(found.values, S)

    @settings(max_examples=20, deadline=None)
    @given(order=st.permutations(range(4)))
    def test_rows_in_any_order(self, order, tmp_path_factory):
        path = tmp_path_factory.mktemp("order") / "m.csv"
        path.write_text(text([["", *NAMES], *([NAMES[i], *S[i].tolist()] for i in order)]), encoding="utf-8")
        np.testing.assert_array_equal(read_matrix(path).values, S)

    def test_one_triangle(self, write):
        values = S.astype(object)
        values[np.tril_indices(4, -1)] = ""
        found = read_matrix(write(table(values)))
        np.testing.assert_array_equal(found.values, S)
        assert "below the diagonal" in found.notes[0]

    @pytest.mark.parametrize(
        ("values", "kind", "scale"),
        [
            (S, "similarity", 1),
            (1 - S, "dissimilarity", 1),
            (40 * (1 - S), "dissimilarity", 1),
            (256 * S, "similarity", 256),
            (100 * S, "similarity", 100),
            (S - np.diag([0, 0.03, 0, 0.02]), "similarity", 1),
            (2 * S - 1, "similarity", 1),
        ],
    )
    def test_the_diagonal_tells(self, write, values, kind, scale):
        found = read_matrix(write(table(values)))
        assert (found.kind, found.scale) == (kind, scale)
        np.testing.assert_allclose(found.values * scale, values)
        assert (scale == 1) == (found.notes == ())

    def test_the_kind_can_be_told(self, write):
        path = write(table(S - np.eye(4)))  # an adjacency matrix
        assert read_matrix(path).kind == "dissimilarity"
        found = read_matrix(path, "similarity")
        assert found.kind == "similarity"
        np.testing.assert_array_equal(found.values, S)
        blank = S.astype(object)
        np.fill_diagonal(blank, "")
        np.testing.assert_array_equal(read_matrix(write(table(blank)), "similarity").values, S)
        np.testing.assert_array_equal(read_matrix(write(table(blank)), "dissimilarity").values, S - np.eye(4))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "a row of names"),
            (table().replace("0.4", "0.5", 1), "not symmetric: 'ResNet50' and 'DeiT_S' have 0.5"),
            (table().replace("0.4", ""), "no finite value for 'ResNet50' and 'DeiT_S'"),
            (table().replace("0.4", "inf"), "no finite value for 'ResNet50' and 'DeiT_S'"),
            (table().replace("0.4", "high", 1), "line 3, column 'DeiT_S': 'high' is no number"),
            (table().replace("\nResNet50,", "\nResNet_50,"), "of that label; did you mean 'ResNet50'"),
            (table().replace("\nResNet50,", "\nSwin_T,"), "the label 'Swin_T' stands 2 times in the first column"),
            (table().replace(",ResNet50", ",Swin_T", 1), "the label 'Swin_T' stands 2 times in the first row"),
            (table().rsplit("\n", 2)[0] + "\n", "3 rows and 4 columns"),
            (table(np.ones((4, 4))), "all pairs have the same value"),
            (table(S * 0.4), "these are not zeros, not ones and not one common maximum"),
            (table(np.diag([1, 2, 3, 4]) + S), "say with --kind"),
            (table(S + 3 * (1 - np.eye(4))), "more than the diagonal's"),
            (table(np.eye(4) - S), "dissimilarities are not negative"),
        ],
    )  # fmt: skip
    def test_errors_say_where(self, write, content, message):
        path = write(content)
        with pytest.raises(InputError) as caught:
            read_matrix(path)
        assert message in str(caught.value)
        assert str(path) in str(caught.value)

    def test_several_errors_at_once(self, write):
        with pytest.raises(InputError) as caught:
            read_matrix(write(table().replace("0.4", "high").replace("\nSwin_T", "\nSwinT")))
        assert str(caught.value).startswith("3 problems")
        assert "SwinT" in str(caught.value)

    def test_wrong_kind_and_no_file(self, write, tmp_path):
        with pytest.raises(UnknownNameError, match="similarity"):
            read_matrix(write(table()), "similar")
        with pytest.raises(InputError, match="no such file"):
            read_matrix(tmp_path / "none.csv")
        with pytest.raises(InputError, match="the diagonal is not 0"):
            read_matrix(write(table()), "dissimilarity")

    def test_rounded_numbers_are_symmetric(self, write):
        found = read_matrix(write(table().replace("0.4", "0.4000004", 1)))
        assert found.values[1, 2] == found.values[2, 1] == pytest.approx(0.4000002)


GROUPS = "Model,Family,lineage,Resolution,accuracy,source\n" + "".join(
    f"{name},{family},{lineage},{cells},{accuracy},timm\n"
    for name, family, lineage, cells, accuracy in (
        ("DeiT_S", "transformers", "", 14, 0.8),
        ("ResNet18", "CNNs", "ResNet", 7, 0.7),
        ("ResNet50", "CNNs", "ResNet", 7, 0.76),
        ("Swin_T", "transformers", "", 7, 0.81),
    )
)


class TestGroups:
    def test_columns(self, write):
        found = read_groups(write(GROUPS)).take(NAMES)
        assert found.groups == ("CNNs", "CNNs", "transformers", "transformers")
        assert found.lineages == ("ResNet", "ResNet", None, None)
        assert found.resolution.tolist() == [7, 7, 14, 7]
        assert {name: values.tolist() for name, values in found.confounders.items()} == {
            "accuracy": [0.7, 0.76, 0.8, 0.81]
        }
        assert found.notes == ("the column 'source' holds no numbers and was left out",)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (GROUPS.replace("Family", "kind"), "no column 'group' (or family); the headings are 'Model', 'kind'"),
            (GROUPS.replace("Swin_T,transformers", "Swin_T,"), "line 5: no Family"),
            (GROUPS.replace("0.81", "?"), "line 5, column 'accuracy': '?' is no number"),
            (GROUPS.replace("0.81", ""), "line 5, column 'accuracy': nothing is no number"),
            (GROUPS.replace("Swin_T", "DeiT_S"), "the label 'DeiT_S' stands 2 times"),
            (GROUPS.replace("14", "0"), "resolution is a positive number"),
            (GROUPS.replace("source", "accuracy"), "the heading 'accuracy' stands 2 times"),
        ],
    )
    def test_errors_say_where(self, write, content, message):
        with pytest.raises(InputError) as caught:
            read_groups(write(content))
        assert message in str(caught.value)


class TestCase:
    def test_everything_is_put_into_one_order(self, write):
        order = [2, 0, 3, 1]
        other = write(table(256 * S[np.ix_(order, order)], [NAMES[i] for i in order]))
        case = open_case(write(table()), other, write(GROUPS))
        assert case.matrix.sets == case.other.sets == case.groups.sets == NAMES
        np.testing.assert_allclose(case.other.values, S)

    def test_drop(self, write):
        other = write(table(S[1:, 1:], NAMES[1:]))
        case = open_case(write(table()), other, drop=["ResNet18"])
        assert case.matrix.sets == case.other.sets == NAMES[1:]
        assert case.dropped == ("ResNet18",)

    def test_what_more_a_table_holds_is_noted(self, write):
        case = open_case(write(table()), groups=write(GROUPS + "ViT_B,transformers,,14,0.8,timm\n"))
        assert case.groups.sets == NAMES
        assert "left out: ViT_B" in case.groups.notes[-1]

    def test_all_that_is_wrong_at_once(self, write):
        first = write(table(), "a.csv")
        second = write(table(names=("ResNet18", "ResNet-50", "DeiT_S", "Swin_T")), "b.csv")
        groups = write(GROUPS.replace("Swin_T", "SwinT"), "g.csv")
        with pytest.raises(InputError) as caught:
            open_case(first, second, groups, drop=["resnet18"])
        lines = str(caught.value).splitlines()
        assert lines[0] == "3 problems"
        assert "--drop: no set is called 'resnet18'; did you mean 'ResNet18'" in lines[1]
        assert "b.csv: nothing about 'ResNet50'" in lines[2]
        assert "did you mean 'ResNet-50'" in lines[2]
        assert "g.csv: nothing about 'Swin_T'" in lines[3]
        assert "did you mean 'SwinT'" in lines[3]

    def test_errors_of_all_files(self, write):
        with pytest.raises(InputError) as caught:
            open_case(write(table().replace("0.4", "", 1)), write(table(S * 0.4)), write("a,b\n1,2\n"))
        assert str(caught.value).startswith("4 problems")

    @pytest.mark.parametrize(
        ("replaced", "message"),
        [
            (("transformers", "CNNs"), "all 4 sets are of one group"),
            (("Swin_T,transformers", "Swin_T,hybrid"), "group 'hybrid' has one set, 'Swin_T'"),
            (("DeiT_S,transformers,", "DeiT_S,transformers,ResNet"), "lineage 'ResNet' has sets of the groups"),
        ],
    )
    def test_groups_that_cannot_be_tested(self, write, replaced, message):
        with pytest.raises(InputError) as caught:
            open_case(write(table()), groups=write(GROUPS.replace(*replaced)))
        assert message in str(caught.value)

    def test_too_few_are_left(self, write):
        with pytest.raises(InputError, match="three sets or more are needed, not 2"):
            open_case(write(table()), drop=NAMES[:2])


class TestCorrelation:
    def test_pairs_and_all_entries(self):
        one, two = (points(seed=seed)[0] for seed in (1, 2))
        sets = tuple("abcdefghij")
        found = correlate(Published("a", sets, one), Published("b", sets, two), draws=200)
        above = np.triu_indices(10, 1)
        assert found.pearson == pytest.approx(pearsonr(one[above], two[above]).statistic)
        assert found.spearman == pytest.approx(spearmanr(one[above], two[above]).statistic)
        assert found.pearson_all == pytest.approx(pearsonr(one.ravel(), two.ravel()).statistic)
        assert found.spearman_all == pytest.approx(spearmanr(one.ravel(), two.ravel()).statistic)
        assert (found.pairs, found.entries, found.count) == (45, 100, 200)
        assert found.pearson_p == mantel(one, two, draws=200).p
        assert found.pearson_all > found.pearson  # the trap

    def test_dissimilarities_are_turned(self):
        one, sets = points()
        found = correlate(
            Published("a", tuple(sets), one), Published("b", tuple(sets), 1 - one, "dissimilarity"), draws=50
        )
        assert found.pearson == pytest.approx(1)
        assert found.pearson_all == pytest.approx(1)


class TestStructure:
    def test_two_groups_are_found(self):
        values, sets = points(6, apart=12.0)
        found = structure(Published("a", tuple(sets), values), groups=[i < 3 for i in range(6)], seeds=3)
        halves = [sets[:3], sets[3:]]
        for name, choice in found.choices.items():
            assert members(found.sets, choice.partition) == halves, name
            assert choice.adjusted_rand == 1
        for name, partition in found.cuts.items():
            assert members(found.sets, partition) == halves, name
        assert members(found.sets, found.of_rows.partition) == halves
        assert found.skipped == {}
        assert found.to_dict()["bootstrap_support"] is None

    def test_number_of_clusters(self):
        values, sets = points()
        matrix = Published("a", tuple(sets), values)
        found = structure(matrix, clusters=4, seeds=1)
        assert {len(members(found.sets, partition)) for partition in found.cuts.values()} == {4}
        assert found.of_rows.partition.max() == 3
        with pytest.raises(InputError, match="2 to 9 clusters"):
            structure(matrix, clusters=10)

    def test_noise(self):
        values, sets = points(apart=0)
        values[:, 0] = values[0] = 0
        values[0, 0] = 1
        found = structure(Published("a", tuple(sets), values), clusters=2, seeds=1)
        assert found.noise.partition[0] == -1
        assert structure(Published("a", tuple(sets), values), clusters=2, radius=9, seeds=1).noise.partition.max() == 0

    def test_what_cannot_be_made_is_told(self):
        values, sets = points()
        far = 5 * (1 - values) + 2
        np.fill_diagonal(far, 0)
        found = structure(Published("a", tuple(sets), far, "dissimilarity"), clusters=2, seeds=1)
        assert found.communities is None
        assert "below 1" in found.skipped["communities"]
        assert found.to_dict()["communities"] is None


def test_members():
    assert members("abcde", np.array([-1, 1, 0, 1, 1])) == [["b", "d", "e"], ["c"]]


class TestReanalysis:
    @pytest.fixture
    def case(self, write):
        values, sets = points()
        rows = [[label, "one" if i < 5 else "two", "kin" if i < 2 else "", i % 4] for i, label in enumerate(sets)]
        return open_case(
            write(table(values, sets), "a.csv"),
            write(table(points(seed=5)[0], sets), "b.csv"),
            write(text([["label", "group", "lineage", "accuracy"], *rows]), "g.csv"),
        )

    def test_all_of_it(self, case, tmp_path):
        found = reanalyse(case, clusters=2, seeds=1, simulations=20)
        answer = found.family.answer
        matrix = case.matrix.dissimilarity
        assert answer.anosim.p == anosim(matrix, case.groups.groups).p
        assert set(answer.confounders) == {"accuracy"}
        moved = labelings(case.groups.groups, blocks=case.groups.lineages)
        assert found.family.blocks.count == len(moved) == 56
        assert found.family.blocks.anosim == anosim(matrix, moved).p
        files = save_reanalysis(found, tmp_path / "o")
        assert [path.name for path in files] == [
            "agreement.json",
            "matrix.csv",
            "sets.csv",
            "pairs.csv",
            "left-out.csv",
        ]
        stored = json.loads(files[0].read_text("utf-8"))
        assert stored == json.loads(json.dumps(found.to_dict()))
        np.testing.assert_allclose(read_matrix(files[1]).take(case.matrix.sets).values, case.matrix.values)
        rows = {path.stem: list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in files[1:]}
        assert [row["label"] for row in rows["sets"]] == list(case.matrix.sets)
        assert len(rows["pairs"]) == 45
        assert sum(row["groups"] == "same" for row in rows["pairs"]) == 20
        assert [row["left out"] for row in rows["left-out"]][-1] == "m0 and m1"

    def test_by_lineage(self, case, write):
        assert reanalyse(case, clusters=2, seeds=1, simulations=5, by_lineage=True).family.answer.anosim.count == 56
        alone = open_case(write(table()))
        with pytest.raises(InputError, match="lineage"):
            reanalyse(alone, by_lineage=True)
