"""dbt's command line with less frequent garbage collection: most of its objects, as the manifest, live to the end."""

import gc

from dbt.cli.main import cli

if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    cli()
