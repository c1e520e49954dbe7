"""What the executor gives to Slurm, with its commands faked: by scripts that note how they were called."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import Command

from bench.errors import RnnbenchError
from bench.execute.executors import asked_for, slurm
from bench.execute.launch import Launch
from bench.execute.slurm_job import SlurmWorker
from bench.spec import ExecutorPart, RunSpec, parse

pytestmark = pytest.mark.long

GridFile = Callable[[str], Path]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with Slurm's commands, first on the PATH; `calls` in it has a line for each call."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    for name, does in {
        "srun": "",
        "sbatch": 'n=$(ls {0} | grep -c ^script); cp "$1" "{0}/script-$n"; echo "Submitted batch job 4$((n + 1))"',
        "scontrol": '[ "$1" != show ] || echo "MaxArraySize            = 5"',
        "squeue": 'cat "{0}/queue" 2>/dev/null',
        "scancel": 'rm -f "{0}/queue"',
    }.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >>"{folder}/calls"\n{does.replace("{0}", str(folder))}\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def launch(tmp_path: Path, workers: int, runs: int = 100, **options: Any) -> Launch:
    raw = {"data": "digits-mfcc", "cell": "gru"}
    specs = tuple(parse(RunSpec, {**raw, "seed": seed}, "test") for seed in range(runs))
    return Launch(tmp_path / "results", "mine", specs, workers, options=options)


def scripts(cluster: Path) -> list[str]:
    return [path.read_text() for path in sorted(cluster.glob("script-*"))]


def test_an_array_is_no_larger_than_the_cluster_allows(cluster: Path, tmp_path: Path) -> None:
    jobs = slurm.start(launch(tmp_path, 12, parallelism=6))
    assert [line for text in scripts(cluster) for line in text.splitlines() if "--array" in line] == [
        "#SBATCH --array=0-3%2"
    ] * 3
    assert str(jobs).startswith("Slurm jobs 41, 42, 43: ")


def test_what_a_job_is_asked_for(cluster: Path, tmp_path: Path) -> None:
    given = {
        "cpus": 4,
        "partition": "fast",
        "gres": "gpu:1",
        "mem": "2G",
        "time": "1:30:00",
        "setup": ["module load x"],
    }
    slurm.start(launch(tmp_path, 2, **given))
    (script,) = scripts(cluster)
    lines = script.splitlines()
    for asked in ("cpus-per-task=4", "partition=fast", "gres=gpu:1", "mem=2G", "time=90", "requeue", "array=0-1%2"):
        assert f"#SBATCH --{asked}" in lines
    assert "module load x" in lines


def test_there_are_no_more_workers_than_runs(cluster: Path, tmp_path: Path) -> None:
    slurm.start(launch(tmp_path, 8, runs=5, cpus=2))
    assert "#SBATCH --array=0-2%3" in scripts(cluster)[0]


def test_what_a_worker_is_told(tmp_path: Path) -> None:
    command = launch(tmp_path, 3).command(4)
    assert command[:4] == [sys.executable, "-m", "rnnbench", "work"]
    assert command[4:] == [
        *(str(tmp_path / "results"), "--pack", "off", "--wandb", "offline"),
        *("--workers", "4", "--among", "12"),
    ]


def test_a_worker_is_told_which_runs_are_wanted(tmp_path: Path) -> None:
    """It reads the grid in the results folder, which has all of them."""
    wanted = replace(launch(tmp_path, 1), only=("cell=gru", "seed=0|1"))
    assert wanted.command()[-4:] == ["--only", "cell=gru", "--only", "seed=0|1"]


def test_what_slurm_refuses_is_one_line(cluster: Path, tmp_path: Path) -> None:
    (cluster / "sbatch").write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\n"
        "echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2\nexit 1\n"
    )
    with pytest.raises(RnnbenchError, match=r"^Slurm refuses the workers: invalid partition specified: gpu$"):
        slurm.start(launch(tmp_path, 2))


def test_a_limit_on_jobs_leaves_fewer_workers(cluster: Path, tmp_path: Path) -> None:
    once = (cluster / "sbatch").read_text().replace("; cp ", '; [ "$n" = 0 ] || exit 1; cp ')
    (cluster / "sbatch").write_text(once)
    assert str(slurm.start(launch(tmp_path, 12))).startswith("Slurm jobs 41: ")


def test_without_slurm_or_submitit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RnnbenchError, match="there is no Slurm here"):
        slurm.start(launch(tmp_path, 2))
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(RnnbenchError, match=r"pip install 'rnnbench\[slurm\]'"):
        slurm.start(launch(tmp_path, 2))


def test_it_waits_while_jobs_are_in_the_queue(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_LOOK_S", 0.0)
    jobs = slurm.start(launch(tmp_path, 2))
    (cluster / "queue").write_text("41\n")
    assert not jobs.wait(0)
    (cluster / "squeue").write_text(
        "#!/bin/sh\necho 'slurm_load_jobs error: Unable to contact controller' >&2\nexit 1\n"
    )
    assert not jobs.wait(0), "nobody knows"
    (cluster / "squeue").write_text("#!/bin/sh\necho 'slurm_load_jobs error: Invalid job id specified' >&2\nexit 1\n")
    assert jobs.wait(0), "it is long gone"


def test_to_stop_is_to_cancel(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_PATIENCE_S", 0.6)  # this cluster keeps what is cancelled in its queue
    jobs = slurm.start(launch(tmp_path, 2))
    (cluster / "queue").write_text("41\n")
    jobs.stop()
    assert "scancel 41" in (cluster / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("limit", "minutes"),
    [(90, 90), ("90", 90), ("1:30", 2), ("0:10", 1), ("2:00:00", 120), ("1-0", 1440), ("2-12", 3600), ("1-1:30", 1530)],
)
def test_time_limits_are_read_as_slurm_reads_them(limit: object, minutes: int) -> None:
    assert slurm.minutes_of(limit) == minutes


@pytest.mark.parametrize("limit", ["soon", "1:2:3:4", -5, "", "2026-13-45"])
def test_what_is_no_time_limit(limit: object) -> None:
    with pytest.raises(RnnbenchError, match="is no time limit of Slurm"):
        slurm.minutes_of(limit)


@pytest.mark.parametrize("limit", [0, "0:00", "0-0"])
def test_no_time_is_no_limit_for_workers(limit: object) -> None:
    with pytest.raises(RnnbenchError, match="0 is no limit"):
        slurm.minutes_of(limit)


def test_options_of_a_command_stand_over_those_of_the_grid() -> None:
    grid = parse(ExecutorPart, {"name": "slurm", "workers": 3, "partition": "slow", "time": 5}, "test")
    part = asked_for(grid, None, ["partition=fast", "time=2:00:00"])
    assert (part.name, part.workers, part.options) == ("slurm", 3, {"partition": "fast", "time": "2:00:00"})
    other = asked_for(grid, "command", ["template=qsub {worker}"])
    assert (other.workers, other.options) == (None, {"template": "qsub {worker}"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{worker}", "{worker}"),
        ("{worker} # mine", "{worker} # mine"),
        ("a: b: {worker}", "a: b: {worker}"),
        ("'{worker} # mine'", "{worker} # mine"),
        ("[module load x, cd y]", ["module load x", "cd y"]),
        ("2026-13-45", "2026-13-45"),
        ("4", 4),
        ("'4'", "4"),
        ("true", True),
    ],
)
def test_an_option_is_a_number_or_a_list_of_yaml_or_the_text_as_it_is(text: str, value: object) -> None:
    assert asked_for(ExecutorPart(), "command", [f"template={text}"]).options == {"template": value}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--with", "partition"), "--with takes KEY=VALUE, such as partition=cpu, not 'partition'"),
        (("--with", "partition=cpu"), "executor local: there is no option 'partition'"),
        (("--detach",), "--detach needs an executor whose workers go on alone, slurm or command, not local"),
        (("--executor", "slurm", "--detach", "--retry", "1"), "--retry and --fail-fast need a command that stays"),
        (
            ("--executor", "command"),
            "--executor command needs a template, such as --with template='hq submit {worker}'",
        ),
        (("--executor", "command", "--with", "tempalte=x"), "there is no option 'tempalte'; did you mean 'template'?"),
        (("--executor", "slurm", "--with", "time=soon"), "time: 'soon' is no time limit of Slurm"),
    ],
)
def test_a_wrong_option_is_one_line(
    rnnbench: Command, grid_file: GridFile, tmp_path: Path, cluster: Path, given: tuple[str, ...], says: str
) -> None:
    path = grid_file("name: g\nbase: {data: digits-mfcc}\ngrid: {cell: [rnn]}\n")
    said = rnnbench("run", path, "--out", tmp_path / "results", "--wandb", "disabled", *given)
    assert said.code == 2
    assert says in said.err.splitlines()[-1]


def call(code: str) -> SlurmWorker:
    return SlurmWorker([sys.executable, "-c", code], minutes=7)


def test_a_worker_whose_time_is_up_is_requeued(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    with pytest.raises(SystemExit, match="requeued"):
        call("raise SystemExit(3)")()
    assert (cluster / "calls").read_text() == "scontrol requeue 41\n"


@pytest.mark.parametrize("code", [0, 130])
def test_a_worker_that_is_done_or_cancelled_is_not(cluster: Path, code: int) -> None:
    assert call(f"raise SystemExit({code})")() == code
    assert not (cluster / "calls").exists()


def test_a_worker_that_fails_says_so() -> None:
    with pytest.raises(RuntimeError, match="exit code 2"):
        call("raise SystemExit(2)")()


def test_a_job_knows_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SLURM_JOB_END_TIME", raising=False)
    now = time.time()
    call(f"import os; open({str(tmp_path / 'end')!r}, 'w').write(os.environ['SLURM_JOB_END_TIME'])")()
    assert 0 <= float((tmp_path / "end").read_text()) - now - 7 * 60 + 1 < 60
    assert "SLURM_JOB_END_TIME" not in os.environ  # which is the worker's alone


def test_at_a_checkpoint_the_worker_is_told_and_waited_for(tmp_path: Path) -> None:
    """The worker needs a second to end; what comes back does the same again."""
    code = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (time.sleep(1), sys.exit(130)))\n"
    code += f"open({str(tmp_path / 'up')!r}, 'w').close(); time.sleep(60)"
    worker = call(code)
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(worker()))
    thread.start()
    while not (tmp_path / "up").exists():
        time.sleep(0.05)
    again = worker.checkpoint()
    assert worker._process is not None
    assert worker._process.returncode == 130
    thread.join()
    assert ended == [130]
    assert again.function.command == worker.command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2])
def test_a_command_hears_a_scheduler_once(number: signal.Signals, tmp_path: Path) -> None:
    """The second signal must not break what the first one has begun."""
    code = "import time\nfrom bench.cli.working import interruptible\nwith interruptible():\n    try:\n"
    code += "        print('up', flush=True); time.sleep(60)\n    finally:\n"
    code += "        print('ending', flush=True); time.sleep(1); print('ended', flush=True)\n"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert out == "ended\n"
    assert "interrupted; the same command goes on" in err


@pytest.mark.parametrize("option", ["cpus", "parallelism", "signal_delay_s"])
@pytest.mark.parametrize("given", ["two", 0, 1.5, True])
def test_an_option_that_is_no_whole_number_is_one_line(
    cluster: Path, tmp_path: Path, option: str, given: object
) -> None:
    with pytest.raises(RnnbenchError, match=f"--with {option}: give a whole number from 1 on, not {given!r}"):
        slurm.start(launch(tmp_path, 2, **{option: given}))
