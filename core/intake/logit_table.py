"""`python -m core.intake.logit_table SOURCE TARGET`: a parquet file of logits, as safetensors.

Columns `id` (text) and `logits` (a list of numbers, as many for each image); TARGET holds `ids`, UTF-8 between newlines
as uint8, and `logits` float32 (N, classes).
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.checkpoint_codes import rejected
from core.intake.confined import confine, exit_code

HINT = "A table of logits has two columns: `id`, text, and `logits`, a list of as many numbers for each image."
SPARE_BYTES = 2 * 2**30
EXPANSION = 50  # dictionaries and repeated values pack well
ROWS = 20_000_000
CPU_SECONDS = 300


def convert(source: Path, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    from safetensors.numpy import save_file

    pa.set_memory_pool(pa.system_memory_pool())  # the others reserve more than the process may have
    try:
        file = pq.ParquetFile(source, pre_buffer=False)
        schema, count = file.schema_arrow, file.metadata.num_rows
        _check_columns(schema, pa.types)
        if count > ROWS:
            raise rejected(
                "checkpoint_too_expensive", f"The table has {count:,} rows; at most {ROWS:,} are read.", HINT
            )
        ids: list[str] = []
        rows: list[Any] = []
        for batch in file.iter_batches(4096, columns=["id", "logits"], use_threads=False):
            if batch.column("id").null_count:
                detail = f"Between rows {len(ids) + 1:,} and {len(ids) + len(batch):,} an id is missing."
                raise rejected("checkpoint_mismatch", detail, HINT)
            ids += [str(id) for id in batch.column("id").to_pylist()]
            rows.append(_numbers(batch.column("logits"), len(ids) - len(batch), pc.list_value_length))
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        said = " ".join(str(error).split())[:200]
        raise rejected("checkpoint_corrupt", f"The table cannot be read: {said}.", HINT) from error
    if len(ids) != count:
        raise rejected("checkpoint_corrupt", f"The table says that it has {count:,} rows, and has {len(ids):,}.", HINT)
    if not rows:
        raise rejected("checkpoint_mismatch", "The table has no row.", HINT)
    if len({part.shape[1] for part in rows}) > 1:
        raise rejected("checkpoint_mismatch", "The table's rows have different numbers of logits.", HINT)
    if any("\n" in id for id in ids):
        raise rejected("checkpoint_corrupt", "An id holds a line break.", HINT)
    text = np.frombuffer("\n".join(ids).encode(), np.uint8)
    save_file({"ids": text, "logits": np.concatenate(rows)}, target)


def _check_columns(schema: Any, types: Any) -> None:
    """Each once, and of a type that can be what it should."""
    for name in ("id", "logits"):
        if schema.names.count(name) != 1:
            there = ", ".join(str(other)[:40] for other in schema.names[:20])
            number = "no column" if name not in schema.names else "more than one column"
            raise rejected("checkpoint_mismatch", f"The table has {number} {name!r}; it has: {there}.", HINT)
    kind = schema.field("id").type
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if not (types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind)):
        raise rejected("checkpoint_mismatch", f"The column id holds {str(kind)[:80]}, not text.", HINT)
    kind = schema.field("logits").type
    listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    if not listed or not (types.is_floating(kind.value_type) or types.is_integer(kind.value_type)):
        raise rejected("checkpoint_mismatch", f"The column logits holds {str(kind)[:80]}, not lists of numbers.", HINT)


def _numbers(column: Any, first: int, lengths_of: Any) -> Any:
    """(rows, classes) of a column of lists; `first` is the row that it begins with."""
    lengths = set(lengths_of(column).to_pylist())  # None where there is no list
    if len(lengths) != 1 or lengths & {0, None}:
        detail = f"Rows {first + 1:,} to {first + len(column):,} do not all have the same number of logits."
        raise rejected("checkpoint_mismatch", detail, HINT)
    flat = column.flatten()
    if flat.null_count:
        detail = f"Between rows {first + 1:,} and {first + len(column):,} a number is missing."
        raise rejected("checkpoint_not_finite", detail, "Write finite logits.")
    return flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(column), lengths.pop())


def main(source: Path, target: Path) -> int:
    size = source.stat().st_size
    allowed = SPARE_BYTES + EXPANSION * size
    confine(source, target.parent, memory=allowed, written=allowed, cpu_seconds=CPU_SECONDS)
    return exit_code(partial(convert, source, target), HINT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
