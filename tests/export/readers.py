"""Reads an export's files with the libraries that people use, and compares each value with what the database has.

Reads what is asked as JSON from its standard input, and answers in JSON. Writes no file.
"""

import datetime
import json
import math
import os
import sys
import time as clock
import uuid

import duckdb
import pandas
import polars
import pyarrow.csv
import pyarrow.parquet

# A time without a zone is UTC.
os.environ["TZ"] = "UTC"
clock.tzset()


def plain(value):
    """A value of any library as one of JSON."""
    if value is None or value is pandas.NaT or value is pandas.NA:
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, pandas.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def records(columns, rows):
    return [dict(zip(columns, map(plain, row))) for row in rows]


def of_duckdb(sql):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    found = connection.execute(sql)
    return records([column[0] for column in found.description], found.fetchall())


def of_arrow(table):
    return records(table.column_names, zip(*(column.to_pylist() for column in table.columns)))


def of_pandas(frame):
    return records(frame.columns, frame.itertuples(index=False, name=None))


def of_polars(frame):
    return records(frame.columns, frame.rows())


def of_datafusion(file):
    import datafusion

    context = datafusion.SessionContext()
    context.register_parquet("t", file)
    return of_arrow(pyarrow.Table.from_batches(context.table("t").collect(), context.table("t").schema()))


def readers(files):
    parquet, csv, jsonl = files["parquet"], files["csv"], files["jsonl"]
    return {
        "parquet: duckdb": lambda: of_duckdb(f"from read_parquet('{parquet}', hive_partitioning = false)"),
        "parquet: pyarrow": lambda: of_arrow(pyarrow.parquet.ParquetFile(parquet).read()),
        "parquet: pandas": lambda: of_pandas(
            pandas.read_parquet(parquet, dtype_backend="pyarrow", partitioning=None)
        ),
        "parquet: polars": lambda: of_polars(polars.read_parquet(parquet, hive_partitioning=False)),
        "parquet: datafusion": lambda: of_datafusion(parquet),
        "csv: duckdb": lambda: of_duckdb(
            f"from read_csv('{csv}', all_varchar = true, hive_partitioning = false, header = true)"
        ),
        "csv: pyarrow": lambda: of_arrow(
            pyarrow.csv.read_csv(
                csv,
                parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={name: pyarrow.string() for name in heading(csv)}
                ),
            )
        ),
        "csv: pandas": lambda: of_pandas(pandas.read_csv(csv, dtype=str, keep_default_na=False)),
        "csv: polars": lambda: of_polars(polars.read_csv(csv, infer_schema=False)),
        "jsonl: duckdb": lambda: of_duckdb(
            f"from read_json('{jsonl}', format = 'newline_delimited', hive_partitioning = false)"
        ),
        "jsonl: python": lambda: [json.loads(line) for line in open(jsonl, encoding="utf-8", newline="\n")],
    }


def heading(file):
    with open(file, encoding="utf-8-sig") as lines:
        return lines.readline().strip().split(",")


def as_text(value):
    """A value as CSV has it: empty for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ",".join(f"{one:g}" for one in value) + "]"
    return str(value)


def time(text):
    """A time in whatever notation, in one."""
    return plain(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))


def compared(wanted, found, is_csv, changed):
    """Both values in one notation."""
    if isinstance(wanted, str) and len(wanted) > 18 and wanted[4:5] == "-" and wanted[10:11] == "T":
        if isinstance(found, str) and found:
            aware = found if "+" in found or found.endswith("Z") else found + "+00:00"
            return time(wanted), time(aware)
    if is_csv:
        wanted = changed.get(wanted, wanted) if isinstance(wanted, str) else wanted
        return as_text(wanted), as_text(found)
    return wanted, found


def values(asked):
    wrong, read = [], set()
    changed = dict(asked["changed_in_csv"])
    for table in asked["tables"]:
        for name, reader in readers(table["files"]).items():
            read.add(name)
            found = {}
            for row in reader():
                found[row.get("id") or row.get("claim_id") or row.get("chunk_id")] = row
            if len(found) != len(table["rows"]):
                wrong.append([table["name"], name, "rows", len(table["rows"]), len(found)])
                continue
            for row in table["rows"]:
                for column, value in row.items():
                    there = found.get(row["id"], {})
                    if column == "id" and "id" not in there:
                        continue
                    one, other = compared(value, plain(there.get(column)), name.startswith("csv"), changed)
                    if one != other:
                        wrong.append([table["name"], name, column, one, other])
    return {"wrong": wrong[:20], "read": sorted(read)}


def layout(asked):
    file = pyarrow.parquet.ParquetFile(asked["file"])
    facts = {key.decode(): value.decode() for key, value in file.metadata.metadata.items() if key != b"ARROW:schema"}
    field = file.schema_arrow.field("settled_on")
    by_folder = duckdb.connect().execute(
        f"select organization, date::varchar from read_parquet('{asked['file']}', hive_partitioning = true)"
    )
    return {
        "compression": file.metadata.row_group(0).column(0).compression,
        "facts": facts,
        "comment": field.metadata[b"comment"].decode(),
        "partition": by_folder.fetchone(),
    }


def schemas(asked):
    wrong = []
    connection = duckdb.connect()
    connection.execute(asked["sql"])
    for table in asked["tables"]:
        name, parquet = table["name"], table["files"]["parquet"]
        connection.execute(f"insert into {name} by name from read_parquet('{parquet}', hive_partitioning = false)")
        (count,) = connection.execute(f"select count(*) from {name}").fetchone()
        if count != table["rows"]:
            wrong.append([name, "rows", count, table["rows"]])
        definition = asked["schema"]["$defs"][name]
        for line in open(table["files"]["jsonl"], encoding="utf-8", newline="\n"):
            wrong += [[name, problem] for problem in misfits(definition, json.loads(line))]
    return {"wrong": wrong[:20]}


def misfits(definition, row):
    """What of a row isn't as its JSON Schema says: the parts of it that ours uses."""
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
    for name in definition["required"]:
        if name not in row:
            yield f"{name} is missing"
    for name, value in row.items():
        kind = definition["properties"][name]["type"]
        kinds_of = kind if isinstance(kind, list) else [kind]
        if not (value is None and "null" in kinds_of) and not isinstance(
            value, tuple(one for kind in kinds_of if kind != "null" for one in flat(kinds[kind]))
        ):
            yield f"{name} is {value!r}"


def flat(kind):
    return kind if isinstance(kind, tuple) else (kind,)


def of_documents(asked):
    connection = duckdb.connect()
    found = None
    for sql in asked["sql"]:
        found = connection.execute(sql)
    return [list(map(plain, row)) for row in found.fetchall()]


def of_documents_in_python(asked):
    scope = {}
    for block in asked["python"]:
        exec(compile(block, "docs/SCALING.md", "exec"), scope)
    return [list(row.values()) for row in scope["kept"].to_pylist()]


asked = json.load(sys.stdin)
what = {
    "values": values,
    "layout": layout,
    "schemas": schemas,
    "duckdb": of_documents,
    "datafusion": of_documents_in_python,
}
json.dump(what[asked["what"]](asked), sys.stdout)
