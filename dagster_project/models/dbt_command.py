"""dbt's command line, which looks for garbage less often: most of what it makes, as the manifest, stays to the end."""

import gc

from dbt.cli.main import cli

if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    cli()
