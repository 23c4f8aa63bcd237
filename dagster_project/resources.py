"""What the Dagster assets share: the settings of the installation they work for."""

import os
from collections.abc import Callable

import dagster as dg

from dagster_project.sample_store import choose_sample
from dagster_project.settings import Settings, read_settings


class Installation(dg.ConfigurableResource):
    """Folders and business date; what is left empty comes from the environment, then the defaults."""

    landing_dir: str = ""
    data_dir: str = ""
    as_of: str = ""

    def settings(self, tell: Callable[[str], None]) -> Settings:
        """The settings as the command line would have them, the sample store included."""
        settings = read_settings(os.environ, landing=self.landing_dir, data=self.data_dir, as_of=self.as_of)
        return choose_sample(settings, self.landing_dir, self.as_of, tell)
