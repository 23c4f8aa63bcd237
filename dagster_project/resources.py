"""What the Dagster assets share: the settings of their installation, run ids, and when a step is retried."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from dagster_project.errors import ExpectedError
from dagster_project.load.lake import WarehouseBusy
from dagster_project.privacy.error_details import keep_details
from dagster_project.run.lock import AlreadyRunning, only_run
from dagster_project.run.log import run_log
from dagster_project.run.refresh import new_run_id_of
from dagster_project.sample_store import choose_sample
from dagster_project.settings import Settings, read_settings


class Installation(dg.ConfigurableResource):
    """Folders and business date; empty ones are taken from the environment, then from the defaults."""

    landing_dir: str = ""
    data_dir: str = ""
    as_of: str = ""
    reload: list[str] = Field(
        default=[],
        description="Files to read again even if unchanged, `*` for anything: dms/repair_orders:ro_202603*, *:*202603*",
    )

    def settings(self, tell: Callable[[str], None]) -> Settings:
        """The settings as the command line reads them, including the switch to the sample store."""
        settings = read_settings(os.environ, landing=self.landing_dir, data=self.data_dir, as_of=self.as_of)
        return choose_sample(settings, self.landing_dir, self.as_of, tell)


# Errors of a network disk that may pass within minutes, unlike a full disk or a missing permission.
_PASSING = {errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENETDOWN, errno.ENETUNREACH}
_RETRIES = 6
_FIRST_WAIT_SECONDS = 15


@contextmanager
def handle_errors(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[None]:
    """Retry a step after 15, 30, 60 … seconds when another run is writing or a disk did not answer.

    Nothing else is retried: the same data gives the same error. Dagster keeps errors for good and shows them to
    everyone who watches the runs, so the text of a foreign error, which might quote a row, is left out.
    """
    try:
        yield
    except (AlreadyRunning, WarehouseBusy, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _PASSING:
            if isinstance(error, ExpectedError):
                raise
            raise keep_details(settings.lake, error) from None
        wait = _FIRST_WAIT_SECONDS * 2**context.op_execution_context.retry_number
        context.log.warning("%s; retrying in %d s", error, wait)
        raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=wait) from error
    except ExpectedError:
        raise
    except Exception as error:
        raise keep_details(settings.lake, error) from None


# The tag of Dagster's run that holds the run id used in check results, published states and logs.
RUN_ID_TAG = "aftersales/run_id"


def run_id_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, settings: Settings) -> str:
    """The id of the run that a step belongs to; created by the first step, it ends in the first 8 digits of Dagster's.

    A re-executed run inherits the tag of the original but is another run: the digits tell them apart.
    """
    dagster_id = context.run.run_id
    run = context.instance.get_run_by_id(dagster_id)
    if run and (known := run.tags.get(RUN_ID_TAG)) and known.endswith(dagster_id[:8]):
        return known
    run_id = new_run_id_of(settings, dagster_id[:8])
    context.instance.add_run_tags(dagster_id, {RUN_ID_TAG: run_id})
    return run_id


@contextmanager
def logged(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[str]:
    """Log a step under the run's id, which is yielded, and handle its errors."""
    run_id = run_id_of(context, settings)
    with run_log(settings, run_id), handle_errors(context, settings):
        yield run_id


@contextmanager
def writing(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[str]:
    """Lock the data folder for a step and log it under the run's id, which is yielded."""
    with logged(context, settings) as run_id, only_run(settings):
        yield run_id
