"""Takes the rows of a query from Postgres to a file with one of the programs that people do this with.

`peers.py <peer> <format> <url> <file> <query>` prints seconds, rows and peak memory as JSON. Each peer has a process of
its own and writes as its documents say; Parquet with zstd and row groups of 122,880.
"""

import glob
import json
import os
import resource
import subprocess
import sys
import time

peer, form, url, file, query = sys.argv[1:6]
ROW_GROUP = 122_880


def of_batches(batches, schema):
    """Writes Arrow's batches as they come."""
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet

    rows = 0
    if form == "csv":
        with pyarrow.csv.CSVWriter(file, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        held, count = [], 0
        for batch in batches:
            held.append(batch)
            count += batch.num_rows
            rows += batch.num_rows
            if count >= ROW_GROUP:
                writer.write_table(pyarrow.Table.from_batches(held, schema), row_group_size=ROW_GROUP)
                held, count = [], 0
        if held:
            writer.write_table(pyarrow.Table.from_batches(held, schema), row_group_size=ROW_GROUP)
    return rows


def psql():
    done = subprocess.run(
        ["psql", url, "-qAt", "-c", f"\\copy ({query}) to '{file}' with (format csv, header)"], check=True
    )
    assert done.returncode == 0
    with open(file, "rb") as lines:
        return sum(1 for _ in lines) - 1


def duckdb():
    import duckdb as program

    connection = program.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute("set threads = 2")
    brought = [
        path
        for folder in sys.path
        for path in glob.glob(os.path.join(folder, "**/postgres_scanner.duckdb_extension"), recursive=True)
    ]
    connection.execute(f"load '{brought[0]}'")
    connection.execute(f"attach '{url}' as pg (type postgres, read_only)")
    options = "format csv, header" if form == "csv" else f"format parquet, compression zstd, row_group_size {ROW_GROUP}"
    inner = query.replace("'", "''")
    (rows,) = connection.execute(f"copy (from postgres_query('pg', '{inner}')) to '{file}' ({options})").fetchone()
    return rows


def connectorx():
    import connectorx as program

    table = program.read_sql(url, query, return_type="arrow", protocol="binary")
    return of_batches(table.to_batches(), table.schema)


def adbc():
    import adbc_driver_postgresql.dbapi as program

    with program.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        reader = cursor.fetch_record_batch()
        return of_batches(reader, reader.schema)


def pandas():
    import pandas as program
    import pyarrow
    import pyarrow.parquet
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg2://"))
    rows, writer = 0, None
    with engine.connect().execution_options(stream_results=True, max_row_buffer=ROW_GROUP) as connection:
        for chunk in program.read_sql(sqlalchemy.text(query), connection, chunksize=ROW_GROUP):
            # psycopg2 gives ids as objects.
            for column in ("id", "session_id", "transcript_id", "participant_id"):
                chunk[column] = chunk[column].astype("string")
            for column in ("start_ms", "end_ms"):
                chunk[column] = chunk[column].astype("Int64")
            if form == "csv":
                chunk.to_csv(file, mode="a", header=rows == 0, index=False)
            else:
                table = pyarrow.Table.from_pandas(chunk, preserve_index=False)
                writer = writer or pyarrow.parquet.ParquetWriter(file, table.schema, compression="zstd")
                writer.write_table(table.cast(writer.schema))
            rows += len(chunk)
    if writer:
        writer.close()
    return rows


# What is imported is no part of the work.
if peer == "psql":
    kind = resource.RUSAGE_CHILDREN
else:
    kind = resource.RUSAGE_SELF
    import pyarrow.csv  # noqa: F401
    import pyarrow.parquet  # noqa: F401

    __import__({"adbc": "adbc_driver_postgresql.dbapi"}.get(peer, peer))
began = time.perf_counter()
rows = {"psql": psql, "duckdb": duckdb, "connectorx": connectorx, "adbc": adbc, "pandas": pandas}[peer]()
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "rows": rows, "peak_kib": resource.getrusage(kind).ru_maxrss}))
