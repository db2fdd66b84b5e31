"""`python -m core.intake.onnx_model SOURCE TARGET [SIDE]`: what an ONNX file is, as JSON; TARGET holds it.

The file is parsed, its graph is walked, and it is run on a few images made of noise, all under limits: what it takes
and answers is found out, not believed. Images are SIDE pixels wide where it takes several sizes.
"""

import json
import math
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checkpoint_codes import rejected
from core.checkpoint_limits import check_count
from core.intake.confined import confine, exit_code
from core.onnx_form import OnnxForm, open_session

MAX_BYTES = 2**31 - 1  # of any protobuf
MAX_NODES = 200_000
SPARE_BYTES = 6 * 2**30  # for the answers inside a large network
CPU_SECONDS = 300
USUAL_SIDE = 224
MOST_SIDE, MOST_AT_ONCE = 1024, 1024  # of images, and of the images that it takes together
OWN = "distillery"  # core.training.export.KEY, the one entry of the metadata that is looked at
STANDARD = ("", "ai.onnx")  # domains of operators
RANDOM = ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
DTYPES = {1: "float32", 10: "float16", 11: "float64"}  # onnx.TensorProto.DataType
EXPORT = "Export the network in eval mode, with one input of images (N, 3, H, W) and its logits as output."
Floats = NDArray[np.floating[Any]]


def describe(source: Path, target: Path, side: int) -> None:
    """Writes {"form": OnnxForm, "metadata": {…}, "notes": […]}."""
    model = _parse(source)
    _check_nodes(model.graph)
    _check_tensors(model.graph, source.stat().st_size)
    given = _input(model.graph)
    form, notes = _tried(source, given, _parameters(model.graph), side)
    metadata = {entry.key: _text(entry.value) for entry in model.metadata_props if entry.key == OWN}
    target.write_text(json.dumps({"form": form.model_dump(), "metadata": metadata, "notes": notes}))


def _parse(source: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if source.stat().st_size > MAX_BYTES:
        raise rejected("checkpoint_too_expensive", "An ONNX file has at most 2 GiB.", "Export it with smaller weights.")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(source.read_bytes())
    except DecodeError as error:
        raise rejected("checkpoint_corrupt", "The file begins like ONNX, but is broken.") from error
    if not model.graph.node:
        raise rejected("checkpoint_corrupt", "The file begins like ONNX, but there is no network in it.")
    return model


# --- what stands in the file --------------------------------------------------------------------------------------


def _check_nodes(graph: Any) -> None:
    """Plain operators of the standard on tensors inside the file: nothing that loops, draws or reaches outside."""
    if len(graph.node) > MAX_NODES:
        raise rejected("checkpoint_too_expensive", f"{len(graph.node):,} nodes; at most {MAX_NODES:,} are run.", EXPORT)
    check_count(len(graph.initializer))
    if graph.sparse_initializer:
        raise rejected("checkpoint_mismatch", "It holds sparse tensors, which are not read.", EXPORT)
    for node in graph.node:
        name = node.op_type[:80]
        if node.domain not in STANDARD:
            detail = f"It uses the operator {name} of {node.domain[:80]!r}, which is none of the ONNX standard."
            raise rejected("checkpoint_mismatch", detail, "Export it with standard operators alone.")
        if node.op_type in RANDOM:
            raise rejected("checkpoint_mismatch", f"It draws random numbers ({name}): a teacher must not.", EXPORT)
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            detail = f"It branches or loops ({name}): what it costs could not be told beforehand."
            raise rejected("checkpoint_mismatch", detail, EXPORT)


def _check_tensors(graph: Any, size: int) -> None:
    for tensor in _tensors(graph):
        if tensor.data_location or tensor.external_data:
            detail = f"The weights {tensor.name[:80]!r} lie in another file."
            raise rejected("checkpoint_mismatch", detail, "Save it as one file: onnx.save(model, path).")
        if any(side < 0 for side in tensor.dims) or math.prod(tensor.dims) > 8 * size:  # onnxruntime skips unused ones
            shape = " x ".join(map(str, tensor.dims[:8]))
            raise rejected("checkpoint_corrupt", f"The weights {tensor.name[:80]!r} are {shape}: the file is shorter.")


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _text(found: str | bytes) -> str:
    """What is no UTF-8 comes as bytes."""
    if isinstance(found, bytes):
        raise rejected("checkpoint_corrupt", f"{found[:40]!r} in it is no text.")
    return found


def _parameters(graph: Any) -> int:
    return sum(math.prod(tensor.dims) for tensor in graph.initializer if tensor.data_type in DTYPES)


def _input(graph: Any) -> dict[str, Any]:
    """Name, dtype, and the four sides of the images: a number, or None where it is free."""
    filled = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in filled]
    if len(inputs) != 1:
        names = ", ".join(_text(value.name)[:40] for value in inputs[:5]) or "none"
        raise rejected("checkpoint_mismatch", f"It has {len(inputs)} inputs ({names}) instead of one.", EXPORT)
    kind = inputs[0].type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in kind.shape.dim]
    if kind.elem_type not in DTYPES or len(dims) != 4:
        detail = f"Its input {inputs[0].name[:40]!r} is no batch of images of floating-point numbers."
        raise rejected("checkpoint_mismatch", detail, EXPORT)
    channels_last = dims[1] != 3 and dims[3] == 3
    batch, *sides = [dims[i] for i in ((0, 3, 1, 2) if channels_last else (0, 1, 2, 3))]
    channels, height, width = sides
    if channels not in (3, None):
        detail = f"It takes images of {channels} channels; those of a data set have 3 (RGB)."
        raise rejected("checkpoint_mismatch", detail, EXPORT)
    if height and width and height != width:
        raise rejected(
            "checkpoint_mismatch", f"It takes images of {width} x {height} px; they are square here.", EXPORT
        )
    if max(height or 0, width or 0) > MOST_SIDE or (batch or 0) > MOST_AT_ONCE:
        told = f"{batch or 'any number of'} images of {height or width or 'any'} px at once"
        detail = f"It takes {told}; at most {MOST_AT_ONCE:,} of {MOST_SIDE:,} px are given."
        raise rejected("checkpoint_too_expensive", detail, EXPORT)
    return {
        "input": _text(inputs[0].name),
        "dtype": DTYPES[kind.elem_type],
        "channels_last": channels_last,
        "batch": batch,
        "side": height or width,
    }


# --- what it does -------------------------------------------------------------------------------------------------


def _tried(source: Path, given: dict[str, Any], parameters: int, side: int) -> tuple[OnnxForm, list[str]]:
    """Two batches of noise in turn: which output is it, and do images answer for themselves alone?"""
    side = given["side"] or side
    shape = (side, side, 3) if given["channels_last"] else (3, side, side)
    noise = np.random.default_rng(0).standard_normal((given["batch"] or 5, *shape)).astype(given["dtype"])
    try:
        session = open_session(source, threads=1)
        names = [output.name for output in session.get_outputs()]
        first = dict(zip(names, session.run(names, {given["input"]: noise}), strict=True))
        again = dict(zip(names, session.run(names, {given["input"]: noise[::-1].copy()}), strict=True))
    except MemoryError:
        raise
    except Exception as error:  # onnxruntime has an exception for everything
        said = " ".join(str(error).split())
        if "bad_alloc" in said or "Failed to allocate" in said:
            raise MemoryError from error
        detail = f"onnxruntime cannot run it on images of {side} px: {said[:300]}"
        hint = EXPORT if given["side"] else f"If it wants another size, say image_size. {EXPORT}"
        raise rejected("checkpoint_corrupt", detail, hint) from error
    logits = {name: rows for name, rows in first.items() if _are_logits(rows, len(noise))}
    if not logits:
        shapes = ", ".join(f"{name[:40]} {list(np.shape(rows))}" for name, rows in list(first.items())[:5])
        detail = f"For {len(noise)} images none of its outputs is a row of logits for each: {shapes}."
        raise rejected("checkpoint_mismatch", detail, EXPORT)
    output, rows = next(iter(logits.items()))
    if not np.isfinite(rows).all():
        raise rejected("checkpoint_not_finite", "It answers noise with NaN or infinity.")
    turned, near = again[output], 1e-2 * max(1.0, float(np.abs(rows).max()))
    if rows.shape != turned.shape or not np.allclose(rows, turned[::-1], rtol=0, atol=near):
        detail = "Its answer to an image depends on the others in the batch, or on chance."
        raise rejected("checkpoint_mismatch", detail, f"Was it exported in training mode? {EXPORT}")
    notes = [f"Of its outputs {output[:80]!r} is taken as the logits."] if len(names) > 1 else []
    probabilities = bool((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3))
    if probabilities:
        notes.append("It answers with probabilities; their logarithms are taken as logits.")
    return (
        OnnxForm(**given, output=output, classes=rows.shape[1], parameters=parameters, probabilities=probabilities),
        notes,
    )


def _are_logits(rows: Any, count: int) -> bool:
    found = isinstance(rows, np.ndarray) and rows.ndim == 2 and len(rows) == count and rows.shape[1] > 1
    return found and np.issubdtype(rows.dtype, np.floating)


def main(source: Path, target: Path, side: int) -> int:
    size = source.stat().st_size
    confine(source, target.parent, memory=SPARE_BYTES + 6 * size, written=2**24, cpu_seconds=CPU_SECONDS)
    return exit_code(partial(describe, source, target, side), EXPORT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else USUAL_SIDE))
