"""``rnnbench sweep``: a grid as a sweep of W&B, whose agents do its runs and leave the same records."""

from __future__ import annotations

import shlex

import yaml

from bench.cli.console import GridFile, ResultsOut, WandbEntity, WandbProject, out
from bench.cli.plan import read
from bench.errors import RnnbenchError


def sweep(
    grid_file: GridFile,
    folder: ResultsOut = None,
    wandb_project: WandbProject = None,
    wandb_entity: WandbEntity = None,
) -> None:
    """Writes a sweep of W&B for a grid. Its agents call `rnnbench work`: a run that is done is not done again."""
    from bench import search
    from bench.execute.grid import prepare_results
    from bench.record import write_atomically
    from bench.track import project_of

    grid, standing, results = read(grid_file, folder)
    missing = [run.spec.id for run in standing.open if run.missing]
    if not missing:
        raise RnnbenchError(f"nothing to run: no run of {grid.name} is missing in {results}")
    prepare_results(results, grid, [run.spec for run in standing.runs])
    search.note(grid, results, standing.phases)
    project = project_of(results, wandb_project, wandb_entity)
    body = {
        "name": grid.name,
        "method": "grid",
        "project": project.name,
        **({"entity": project.entity} if project.entity else {}),
        "parameters": {"run": {"values": missing}},
        "command": ["rnnbench", "work", str(results), "--wandb", "online", "${args}"],
    }
    write_atomically(results / "sweep.yaml", yaml.safe_dump(body, sort_keys=False))
    out.print(f"Next: `wandb sweep {shlex.quote(str(results / 'sweep.yaml'))}`, and in this folder, on each machine,")
    out.print(
        "the `wandb agent ...` that it prints. `rnnbench report` and `rnnbench run` go on as with any other grid."
    )
