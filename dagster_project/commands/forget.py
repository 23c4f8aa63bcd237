"""`aftersales forget`: delete one person's data."""

import getpass
import os
import sys
from argparse import Namespace, _SubParsersAction
from typing import TYPE_CHECKING

from dagster_project.errors import OptionsRefused
from dagster_project.settings import Settings, read_settings

if TYPE_CHECKING:
    from dagster_project.privacy.forget import Plan


def add(commands: _SubParsersAction) -> None:
    """Declare the subcommand."""
    forget = commands.add_parser(
        "forget",
        help="delete one person's data on request; figures stay",
        description=(
            "Delete a customer's name, phone, plates, gender, birth year, occupation and texts, and replace their "
            "number and their vehicles' VINs by pseudonyms, in everything loaded now or later. Rows and figures "
            "stay. Published tables follow with the next `aftersales run`."
        ),
        epilog="examples: aftersales forget --phone 19900000001; "
        "aftersales forget --store S001 --customer 0000001 --dry-run",
    )
    forget.add_argument("--store", metavar="CODE", help="store where the customer is on file")
    forget.add_argument("--customer", metavar="NO", help="the customer's number at that store")
    forget.add_argument("--phone", metavar="NO", help="only look up: whose phone is this?")
    forget.add_argument("--name", metavar="NAME", help="only look up: who is called so?")
    forget.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    forget.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    forget.add_argument("--data", metavar="DIR", help="folder of the installation (AFTERSALES_DATA_DIR, else data)")
    forget.set_defaults(do=do)


def _look_up(settings: Settings, parsed: Namespace) -> int:
    from dagster_project.privacy.person import LakeRows

    found = LakeRows(settings.lake).customers_of(
        phones=[parsed.phone] if parsed.phone else [], names=[parsed.name] if parsed.name else []
    )
    for store, customer in found:
        print(f"--store {store} --customer {customer}")
    print(f"{len(found)} customer(s) found; forget each by store and number", file=sys.stderr)
    return 0 if found else 1


def _print_plan(plan: "Plan") -> None:
    for name, rows in plan.rows.items():
        print(f"{name:<30}{rows:>9,} rows")
    print(f"{'in all':<30}{sum(plan.rows.values()):>9,} rows")
    for store, customer in plan.same_phone:
        print(f"the same phone is also on file for: --store {store} --customer {customer}")


def _is_agreed() -> bool:
    try:
        return input("Delete this for good? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _user() -> str:
    """The account that carries out the request: its name, or its number where it has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def do(parsed: Namespace) -> int:
    """Show what changes, ask for confirmation, and do it; 1 when it was declined."""
    from dagster_project.privacy.forget import forget, plan_forgetting
    from dagster_project.privacy.forgotten import ForgottenError
    from dagster_project.run.lock import only_run

    settings = read_settings(data=parsed.data)
    if not settings.lake.exists():
        raise ForgottenError(f"nothing was loaded into {settings.data} yet")
    if (parsed.phone or parsed.name) and parsed.customer:
        raise OptionsRefused(
            "--phone and --name only look up a customer: leave them out to forget --customer, or leave out --customer"
        )
    if parsed.phone or parsed.name:
        return _look_up(settings, parsed)
    if not (parsed.store and parsed.customer):
        raise ForgottenError("which person? Give --store and --customer, or look them up with --phone or --name")
    with only_run(settings):
        plan = plan_forgetting(settings, parsed.store, parsed.customer)
        _print_plan(plan)
    if parsed.dry_run:
        return 0
    # The lock is released while the question waits for its answer.
    if not (parsed.yes or _is_agreed()):
        print("nothing was changed; without a terminal, confirm with --yes", file=sys.stderr)
        return 1
    with only_run(settings):
        # More rows of the person may have been loaded meanwhile.
        plan = plan_forgetting(settings, parsed.store, parsed.customer)
        texts = forget(settings, plan, _user())
    for file, line in texts:
        print(f"another person's text mentions the name: {file}, line {line}; have it corrected at its source")
    print(f"request {plan.request.request}: forgotten in the lake; the next `aftersales run` publishes without them")
    return 0
