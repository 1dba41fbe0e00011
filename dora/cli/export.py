"""`dora export`: every table of records and facts as files, with the definitions that made them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dora.cli.definition_breaks import as_entries
from dora.cli.options import config_option, reading
from dora.cli.tables import write_csv
from dora.definition_log import definition_changes
from dora.errors import DoraError

#: Tables that are kept as questions are answered fastest, and what says the same as people read it.
READ_AS = {"change_facts": "listed_changes"}
SKIPPED = ("cursors", "meta", "people", "record_parts", "replay_moves", "touched_parts")


@click.command("export")
@config_option
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option("--out", metavar="DIR", default="export", show_default=True)
@click.option("--table", "tables", multiple=True, metavar="NAME", help="Only these tables.")
@click.option("--names", is_flag=True, help="Also the table that holds the names of people.")
def command(config: str | None, form: str, out: str, tables: tuple[str, ...], names: bool) -> None:
    """Write all records and facts as Parquet or CSV, one file a table, and about.json with the definitions."""
    from dora.tables import nearest
    from metrics.question import published_as_of

    folder = Path(out)
    with reading(config) as reader:
        known = [table for table in reader.tables() if names or table not in SKIPPED]
        for table in tables:
            if table not in known:
                raise DoraError(f"there is no table {table!r}{nearest(table, known)}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for table in tables or known:
                frame = reader.frame(f'from "{READ_AS.get(table, table)}"')
                path = folder / f"{table}.{form}"
                if form == "parquet":
                    frame.write_parquet(path)
                else:
                    with path.open("w", encoding="utf-8", newline="") as stream:
                        write_csv(frame.columns, [[_flat(cell) for cell in row] for row in frame.iter_rows()], stream)
                click.echo(f"{path}  {frame.height:,} rows")
            about = {key: value for key, value in reader.meta().items() if key != "definitions"}
            about["data_as_of"] = str(published_as_of(reader).replace(tzinfo=None))
            changed = as_entries(definition_changes(reader.path))
            more = {"definitions": json.loads(reader.meta()["definitions"]), "definition_changes": changed}
            about_text = json.dumps(about | more, indent=1)
            (folder / "about.json").write_text(about_text + "\n")
        except OSError as error:
            raise DoraError(f"{folder}: cannot be written: {error.strerror}") from None


def _flat(cell: object) -> object:
    return ";".join(str(item) for item in cell) if isinstance(cell, list) else cell
