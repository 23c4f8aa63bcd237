"""The soak test of faults: random moments of every stage, again and again, until the time is up.

Each round starts from the state of an older landing tree, is disturbed while it loads, models, checks, publishes and
reports the newer one, and must end like an undisturbed run.
"""

import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from dagster_project.checks.results import last_results
from dagster_project.checks.worker import check_worker
from dagster_project.load.lake import register_lake
from dagster_project.load.load import load_landing
from dagster_project.load.manifest import read_manifest
from dagster_project.models.dbt_build import build_models
from dagster_project.run.lock import only_run
from dagster_project.run.refresh import check_build, new_run_id_of, publish_checked
from dagster_project.settings import Settings
from tests.faults.damaging import DAMAGES, flip
from tests.faults.killing import kill_group, killed_after, killed_before
from tests.faults.standing import leftovers, manifests, published_run
from tests.reference import edge_cases
from tests.support.published import differences

KEY = "a key of the soak alone"
KILLS = {"load": 9, "register": 9, "publish": 6, "report": 6, "model": 2, "check": 1}
# What a run prints when it reaches a stage, and how many seconds the stage may last.
SAID = {"model": ("models and tests: ", 15.0), "check": ("checking the data", 8.0)}
# The most changes of the file system, or seconds, after which a stage is killed.
FORKED = {"load": (60, 1.0), "register": (6, 0.2), "publish": (60, 2.0), "report": (60, 2.0)}

Report = Callable[[str], None]


def load(settings: Settings) -> None:
    """The first two stages of a run: load and register."""
    with only_run(settings):
        load_landing(settings.landing, settings.lake)
        register_lake(settings.lake, settings.warehouse, KEY, settings.as_of)


def publish(settings: Settings) -> None:
    """The last two stages of a run: publish and report."""
    with only_run(settings):
        publish_checked(settings, last_results(settings.lake / "quality"))


def _register(settings: Settings) -> None:
    """Also after a copy: the warehouse of a data folder refers to the lake by its full path."""
    register_lake(settings.lake, settings.warehouse, KEY, settings.as_of)


def _command(settings: Settings) -> list[str]:
    run = [sys.executable, "-m", "dagster_project.cli", "run", "--anew", "--landing", str(settings.landing)]
    return [*run, "--data", str(settings.data), "--as-of", settings.as_of.isoformat()]


class Soak:
    """Rounds of faults, and counts of what was tried."""

    def __init__(self, root: Path, deadline: float, report: Report, seed: int) -> None:
        self.root = root
        self.deadline = deadline
        self.report = report
        self.chance = random.Random(seed)
        self.figures: Counter[str] = Counter()
        older, newer = root / "older", root / "newer"
        for name in edge_cases.NAMES:
            edge_cases.land(name, newer)
            if name not in ("churn", "scorecard"):
                edge_cases.land(name, older)
        self.before = Settings(landing=older, data=root / "before", as_of=edge_cases.AS_OF)
        self.checked = Settings(landing=newer, data=root / "checked", as_of=edge_cases.AS_OF)
        self.clean = replace(self.checked, data=root / "clean")

    def prepare(self) -> None:
        """Prepare the older state, the newer one checked but not published, and the result of an undisturbed run."""
        self.run_undisturbed(self.before)
        self.copy(self.before, self.checked)
        with only_run(self.checked), check_worker() as worker:
            load_landing(self.checked.landing, self.checked.lake)
            _register(self.checked)
            check_build(self.checked, new_run_id_of(self.checked), build_models(self.checked), worker)
        self.copy(self.checked, self.clean)
        _register(self.clean)
        publish(self.clean)
        assert differences(self.database(self.before), self.database(self.clean)), "the two states must differ"

    def copy(self, source: Settings, target: Settings) -> None:
        """Create a data folder with the content of another."""
        shutil.rmtree(target.data, ignore_errors=True)
        shutil.copytree(source.data, target.data, symlinks=True)

    def database(self, settings: Settings) -> Path:
        """The published DuckDB file."""
        return settings.published / "aftersales.duckdb"

    def run_undisturbed(self, settings: Settings) -> None:
        """Do an undisturbed run."""
        finished = subprocess.run(_command(settings), capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr[-3000:]

    def expect_whole(self, settings: Settings) -> None:
        """Check that the published state is intact, and is the older or the newer one."""
        published_run(settings)
        database = self.database(settings)
        as_before, as_clean = (not differences(database, self.database(of)) for of in (self.before, self.clean))
        assert as_before or as_clean, "the published state is neither the older nor the newer one"
        self.figures["states seen whole"] += 1

    def expect_clean(self, settings: Settings) -> None:
        """Check that everything is as the undisturbed run left it."""
        assert not (found := differences(self.database(settings), self.database(self.clean))), found
        assert manifests(settings.lake) == manifests(self.clean.lake)
        assert published_run(settings)
        with duckdb.connect(str(self.database(settings)), read_only=True) as connection:
            read = connection.execute("select sum(rows_read) from marts.quality_load").fetchone()
        self.figures["rows conserved"] += read[0] if read else 0
        self.figures["re-runs equal to a clean run"] += 1

    def kill_forked(self, stage: str, settings: Settings, work: Callable[[Settings], None]) -> None:
        """Kill a stage before a random change of the file system, or at a random moment."""
        changes, seconds = FORKED[stage]
        if self.chance.random() < 0.5:
            was_killed = killed_before(self.chance.randint(1, changes), work, settings)
        else:
            was_killed = killed_after(self.chance.uniform(0.01, seconds), work, settings)
        self.figures[f"killed: {stage}"] += was_killed

    def kill_run(self, stage: str, settings: Settings) -> None:
        """Kill a run some time after it has reached a stage: its whole group, or only the leading process."""
        said, longest = SAID[stage]
        with subprocess.Popen(
            _command(settings), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            assert process.stderr is not None
            if any(said in line for line in process.stderr):
                time.sleep(self.chance.uniform(0, longest))
            was_running = process.poll() is None
            if self.chance.random() < 0.5:
                kill_group(process)
            else:
                process.kill()
        self.figures[f"killed: {stage}"] += was_running
        self.figures["came to its end before it was killed"] += not was_running

    def damage(self, settings: Settings) -> None:
        """Damage a random part of a dataset, and sometimes the private warehouse."""
        names = sorted(path.parent.relative_to(settings.lake) for path in settings.lake.glob("*/*/manifest.parquet"))
        entries = [(name, entry) for name in names for entry in read_manifest(settings.lake / name).values()]
        name, entry = self.chance.choice([(name, entry) for name, entry in entries if entry.parts])
        self.chance.choice(DAMAGES)(settings.lake / name / self.chance.choice(entry.parts))
        self.figures["damaged: part"] += 1
        if self.chance.random() < 0.5:
            flip(settings.warehouse, self.chance.choice([0, 4096, 8192, 12288]))
            self.figures["damaged: warehouse"] += 1

    def fill_disk(self, settings: Settings) -> None:
        """Do a run whose files can't grow beyond a size."""
        most = self.chance.choice([20_000, 100_000, 1_000_000, 5_000_000])

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        finished = subprocess.run(_command(settings), capture_output=True, text=True, check=False, preexec_fn=limit)
        errors = [line for line in finished.stderr.splitlines() if line.startswith("aftersales: ")]
        assert finished.returncode == 0 or (finished.returncode == 1 and errors), finished.stderr[-3000:]
        self.figures["disk full"] += 1

    def run_two(self, settings: Settings) -> None:
        """Start two runs together: one finishes, the other reports that it must wait."""
        runs = [
            subprocess.Popen(_command(settings), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        said = [run.communicate()[1] for run in runs]
        codes = [run.returncode for run in runs]
        assert sorted(codes) == [0, 1], said
        assert "another run or loader is writing" in said[codes.index(1)], said
        self.figures["two at once"] += 1

    def is_time_up(self) -> bool:
        """Whether the time is up, so that no other fault may start."""
        return time.monotonic() >= self.deadline

    def round(self) -> None:
        """Disturb every stage of one run, then let it end."""
        settings = replace(self.checked, data=self.root / "disturbed")
        self.copy(self.checked, settings)
        _register(settings)
        for stage in ("publish", "report"):
            for _ in range(KILLS[stage]):
                self.kill_forked(stage, settings, publish)
                self.expect_whole(settings)
        publish(settings)
        self.expect_clean(settings)
        assert not leftovers(settings.published), leftovers(settings.published)
        self.report_figures()
        for stage, work in (("load", load), ("register", _register)):
            for _ in range(KILLS[stage]):
                # Files that a killed load has finished stay loaded: start with all of them unread.
                self.copy(self.before, settings)
                self.kill_forked(stage, settings, work)
                assert (
                    manifests(settings.lake).items()
                    <= (manifests(self.clean.lake) | manifests(self.before.lake)).items()
                )
        faults = [lambda stage=stage: self.kill_run(stage, settings) for stage in SAID for _ in range(KILLS[stage])]
        faults += [lambda: self.fill_disk(settings), lambda: self.damage(settings)]
        self.chance.shuffle(faults)
        for fault in faults:
            if not self.is_time_up():
                fault()
                self.expect_whole(settings)
                self.report_figures()
        self.damage(settings)
        self.run_two(settings)
        self.expect_clean(settings)
        self.figures["rounds"] += 1

    def report_figures(self) -> None:
        """Report what was tried so far."""
        self.report(", ".join(f"{name} {count}" for name, count in sorted(self.figures.items())))


def run(deadline: float, report: Report) -> dict[str, int]:
    """Rounds of faults until `deadline`, a time of `time.monotonic()`; an AssertionError says what did not hold."""
    seed = int(os.environ.get("SOAK_SEED", time.time_ns() % 1_000_000))
    report(f"faults: again with SOAK_SEED={seed}")
    os.environ["AFTERSALES_HASH_KEY"] = KEY
    with TemporaryDirectory(prefix="aftersales-soak-") as root:
        soak = Soak(Path(root), deadline, report, seed)
        soak.prepare()
        while True:
            soak.round()
            soak.report_figures()
            if soak.is_time_up():
                return dict(soak.figures)
