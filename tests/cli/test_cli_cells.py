"""A cell of one's own, from a file outside the repository: begun, checked, named by a grid, trained, timed."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from commands import Command

from bench import zoo
from bench.execute import whole
from bench.spec import read_grid
from bench.status import Status
from cells import registry

GridFile = Callable[[str], Path]
GRID = """
name: own
base: {train: {epochs: 1}, cell: {hidden_size: 6}}
grid: {data: [digits-mfcc], cell: [{file: mine.py}, gru], seed: [0]}
"""


@pytest.fixture
def mine(rnnbench: Command, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "mine.py"
    said = rnnbench("new", "cell", "mine", "--out", path)
    assert (said.code, said.err) == (0, "")
    assert f"rnnbench check {path}" in said.out
    yield path
    for module in zoo._loaded.values():
        registry.forget(module)
    zoo._loaded.clear()


def grid(folder: Path, text: str = GRID) -> Path:
    path = folder / "own.yaml"
    path.write_text(text)
    return path


@pytest.mark.slow
def test_the_template_passes_every_point(rnnbench: Command, mine: Path) -> None:
    said = rnnbench("check", mine, "--json")
    verdicts = json.loads(said.out)
    assert said.code == 0
    assert len(verdicts) >= 18
    assert {verdict["outcome"] for verdict in verdicts} == {"passed"}, verdicts


def test_a_failed_point_is_said_and_ends_in_1(rnnbench: Command, mine: Path) -> None:
    mine.write_text(mine.read_text().replace("return (h_BH + f_BH", "return (h_BH.flip(0) + f_BH"))
    said = rnnbench("check", mine)
    assert said.code == 1
    assert "failed       does not see the future or other rows" in said.out
    assert "is a formula: step is no formula (the operation flip at mine.py:" in said.out


def test_a_step_that_fails_is_said_once_with_its_line(
    rnnbench: Command, mine: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine.write_text(mine.read_text().replace("(h_BH,) = state", "h_BH, c_BH = state"))
    said = rnnbench("check", mine)
    assert said.code == 2
    assert said.out == ""
    assert caplog.text == ""
    assert re.fullmatch(r"error: cell 'mine' fails on zeros: .*mine\.py:\d+: `h_BH, c_BH = state`\)\n", said.err)


def test_a_cell_that_cannot_be_built_is_said_with_its_line(rnnbench: Command, mine: Path) -> None:
    mine.write_text(mine.read_text().replace("super().__init__(", "self.other.part(", 1))
    said = rnnbench("check", mine)
    assert said.code == 2
    assert re.match(r"error: cell 'mine' cannot be built: AttributeError: .*mine\.py:\d+: `self.other.part", said.err)
    assert len(said.err.strip().splitlines()) == 1


def test_a_file_that_is_there_is_kept(rnnbench: Command, mine: Path) -> None:
    before = mine.read_bytes()
    said = rnnbench("new", "cell", "mine", "--out", mine)
    assert said.code == 2
    assert "is there already" in said.err
    assert mine.read_bytes() == before


def test_a_name_that_is_taken_is_refused(rnnbench: Command, tmp_path: Path) -> None:
    said = rnnbench("new", "cell", "gru", "--out", tmp_path / "one.py")
    assert (said.code, said.err) == (2, "error: cell name 'gru' is taken, by GRU: choose another\n")
    assert not (tmp_path / "one.py").exists()


@pytest.mark.long
def test_a_grid_trains_it(rnnbench_process: Command, rnnbench: Command, mine: Path, tmp_path: Path) -> None:
    said = rnnbench_process("run", grid(tmp_path), "--out", "results", "--wandb", "disabled")
    assert said.code == 0, said.err
    (folder,) = (tmp_path / "results" / "runs").glob("digits-mfcc-mine-*")
    record = json.loads((folder / "record.json").read_text())
    assert record["status"] == "done"
    assert record["labels"]["cell"] == "Mine"
    assert str(tmp_path) not in json.dumps(record["spec"])
    mine.unlink()  # the copy beside the record is enough
    said = rnnbench("latency", folder, "--json")
    assert said.code == 0, said.err


def test_the_id_holds_what_the_file_says_and_not_where_it_is(mine: Path, tmp_path: Path) -> None:
    first = read_grid(grid(tmp_path)).runs()[0].id
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.py").write_bytes(mine.read_bytes())
    mine.rename(tmp_path / "other.py")
    assert read_grid(grid(elsewhere)).runs()[0].id == first
    with (elsewhere / "mine.py").open("a") as file:
        file.write("# a change\n")
    assert read_grid(grid(elsewhere)).runs()[0].id != first


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: None, "cannot read the cell file"),
        (lambda text: "x = (\n", "cannot be imported: SyntaxError"),
        (lambda text: "import nothing_of_that_name\n", "cannot be imported: ModuleNotFoundError"),
        (lambda text: "pass\n", "has no cell: decorate its class with @register"),
        (lambda text: text.replace('"mine",', '"gru",'), "two cells are named 'gru'"),
    ],
    ids=["gone", "syntax", "import", "unregistered", "name taken"],
)
def test_a_file_that_is_no_cell_is_one_line(
    rnnbench: Command, mine: Path, tmp_path: Path, change: Callable[[str], str | None], says: str
) -> None:
    text = change(mine.read_text())
    mine.unlink()
    if text is not None:
        mine.write_text(text)
    said = rnnbench("plan", grid(tmp_path))
    assert said.code == 2
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_runs_of_another_version_of_a_cell_are_said(
    rnnbench: Command, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five runs in the folder three are of the file before its edit; one of those failed."""
    (own, gru) = read_grid(grid(tmp_path)).runs()
    before = [own.model_copy(update={"seed": seed}) for seed in (0, 1, 2)]
    mine.write_text(mine.read_text() + "# a remark\n")
    after = read_grid(grid(tmp_path)).runs()[0]
    there = {spec.id: spec for spec in (*before, after, gru)}
    states = {key: (Status.FAILED if key == before[2].id else Status.DONE, "") for key in there}
    monkeypatch.setattr(whole, "observed", lambda results: states)
    monkeypatch.setattr(whole, "read", lambda path: SimpleNamespace(spec=there[path.name].model_dump(mode="json")))
    said = rnnbench("plan", tmp_path / "own.yaml")
    assert "2 finished runs of another version of cell 'mine' in results/own, which this grid" in said.out
    states = {key: state for key, state in states.items() if key in (after.id, gru.id)}
    assert "another version" not in rnnbench("plan", tmp_path / "own.yaml").out


def test_options_of_a_cell_that_is_checked(rnnbench: Command) -> None:
    for given, says in (
        ("window", "takes KEY=VALUE"),
        ("size=3", "no option 'size'; it has pooling"),
        ("pooling=sin", "cell 'qrnn', pooling: input should be 'f', 'fo' or 'ifo', not 'sin'"),
        ("window=much", "cell 'qrnn', window: input should be a valid integer"),
    ):
        said = rnnbench("check", "qrnn", "--option", given)
        assert said.code == 2
        assert says in said.err
