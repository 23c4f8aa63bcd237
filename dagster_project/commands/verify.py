"""`aftersales verify`: check that everything on disk is as it was written."""

from argparse import Namespace, _SubParsersAction
from dataclasses import replace

from dagster_project.settings import read_settings, require_data


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    verify = commands.add_parser(
        "verify",
        help="read everything that is kept on disk, and report damage",
        description=(
            "Compare the lake with the digests it was written with, and read its histories, the private warehouse and "
            "the published state from end to end. Damaged files that can be rebuilt are set aside: the next run "
            "rebuilds them, reading the landed files again."
        ),
    )
    verify.add_argument("--data", metavar="DIR", help="data folder of the runs (AFTERSALES_DATA_DIR, else data)")
    verify.set_defaults(do=do)


def do(parsed: Namespace) -> int:
    """Report that nothing is damaged; raises Damaged otherwise."""
    from dagster_project.run.lock import only_run
    from dagster_project.sample_store import loaded_from
    from dagster_project.upkeep.damage import refuse_damage

    settings = read_settings(data=parsed.data)
    require_data(settings)
    settings = replace(settings, landing=loaded_from(settings) or settings.landing)
    with only_run(settings):
        refuse_damage(settings)
    print(f"nothing is damaged in {settings.data}")
    return 0
