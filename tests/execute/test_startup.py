"""What a command imports: who asks for help or plans runs does not wait for what trains them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.speed.made_up import write_grid, write_results

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "lightning", "numpy", "pandas", "matplotlib", "seaborn", "wandb", "pydantic")


def imported(code: str) -> set[str]:
    """Which of the heavy packages a process has after some code."""
    say = f"import sys; print(*(each for each in {HEAVY} if each in sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{say}"], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import bench.cli", set()),
        ("import rnnbench; rnnbench.load, rnnbench.run, dir(rnnbench)", set()),
        ("import bench.__main__, bench.execute.server", set()),
        ("import bench.plan, bench.record", {"pydantic"}),
        ("import bench.execute.grid, bench.execute.worker", {"pydantic", "torch", "numpy"}),
        ("import bench.report.commands", {"pydantic", "numpy"}),
        ("from bench import citations; citations.bibliography()", {"pydantic", "numpy"}),
        ("import bench.deploy.export, bench.deploy.latency", {"pydantic", "torch", "numpy"}),
        ("import bench.speed.workers", set()),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, allowed: set[str]) -> None:
    assert imported(code) <= allowed


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from bench import cli\nsys.argv = ['rnnbench', 'run', '--help']\n"
    seen = imported(f"{code}try:\n    cli.main()\nexcept SystemExit:\n    pass")
    assert seen <= {"pydantic"}, "typer imports that by itself where it is installed"


def test_a_grid_that_is_done_is_planned_without_torch(tmp_path: Path) -> None:
    """One run more needs it: its cell is built."""
    results = tmp_path / "results"
    write_results(write_grid(tmp_path / "grid.yaml", 2, 2), results)
    given = ["rnnbench", "plan", str(tmp_path / "grid.yaml"), "--out", str(results)]
    plan = f"import sys; from bench import cli\nsys.argv = {given}\ntry:\n    cli.main()\nexcept SystemExit:\n    pass"
    assert "torch" not in imported(plan)
    (one, *_) = (results / "runs").iterdir()
    shutil.rmtree(one)
    assert "torch" in imported(plan)


def test_a_worker_plots_nothing_and_knows_no_tables() -> None:
    assert not imported("import bench.execute.child") & {"pandas", "seaborn", "wandb"}


def test_what_the_server_imported_is_no_matter_of_the_collector() -> None:
    code = "import gc, bench.execute.warm\n"
    code += "print(gc.isenabled() and gc.get_freeze_count() > 100_000 > len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


@pytest.mark.parametrize(("arguments", "code"), [(["list", "boards"], 0), (["plan", "none.yaml"], 2), (["lst"], 2)])
def test_a_command_ends_with_its_exit_code(arguments: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_a_folder_for_temporary_files_may_have_a_long_name(tmp_path: Path) -> None:
    """The name of a socket has room for some hundred letters."""
    folder = tmp_path / ("t" * 120)
    folder.mkdir()
    code = """if True:
    import tempfile
    from bench.execute import server
    if __name__ == "__main__":
        context = server.fork_server(tracked=False)
        process = context.Process(target=print)
        process.start()
        process.join()
        print(process.exitcode, tempfile.gettempdir())
    """
    (tmp_path / "script.py").write_text(code)
    given = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, tmp_path / "script.py"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines()[-1:] == [f"0 {folder}"], done.stderr


@pytest.mark.parametrize(("given", "threads"), [("", "1"), ("export OPENBLAS_NUM_THREADS=3;", "3")])
def test_products_of_numpy_in_a_run_take_one_thread_unless_the_user_says_more(given: str, threads: str) -> None:
    """What a process sees that is forked from the server, as runs are."""
    code = "from bench.execute.server import fork_server as f; import os; p = f(False).Process(target=os.system, args="
    code += "('echo $OPENBLAS_NUM_THREADS',)); p.start(); p.join()"
    command = f'unset OPENBLAS_NUM_THREADS; {given} exec "{sys.executable}" -c "{code}"'.replace("$", "\\$")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [threads]


def test_cells_are_described_without_torch_as_with_it() -> None:
    code = (
        "from bench import zoo\nread = zoo.described()\nassert 'torch' not in sys.modules\n"
        "zoo.all_cells()\nassert list(zoo.described().items()) == list(read.items()) and len(read) > 10"
    )
    assert "torch" in imported(f"import sys\n{code}")
