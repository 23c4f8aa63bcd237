"""dbt's command line, which looks for garbage less often: its manifest is millions of objects that stay."""

import gc

from dbt.cli.main import cli

if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    cli()
