"""One or two plain sentences about a finished job, whichever way it went."""

from typing import Any

from core.training.figures import points, signed

Json = dict[str, Any]


def verdict(groups: list[Json], teacher: Json | None, evaluated_on: str) -> Json:
    """{"text", "helped"}: the groups and the teacher as in the job's result.

    `helped` is true where a distilled group is above its control beyond the noise (its 95 % interval lies above 0),
    false where none is, None where there is nothing to compare.
    """
    leader = max(groups, key=lambda group: group["top1"])
    distilled = [group for group in groups if group["loss"] != "task" and group["difference"] is not None]
    leads = f"{leader['name']} leads with {leader['top1']:.1%} top-1 on {evaluated_on}"
    if len(groups) == 1:
        leads = f"{leader['name']} reaches {leader['top1']:.1%} top-1 on {evaluated_on}"
    beside = _beside_teacher(leader, teacher, evaluated_on)
    if not distilled:
        why = "no teacher took part" if teacher is None else "there is no control to compare with"
        return {"text": f"{leads}{beside}. Whether distillation helped is not known: {why}.", "helped": None}
    helped = [group for group in distilled if _above(group)]
    return {"text": f"{leads}{beside}. {_judgement(distilled, helped)}", "helped": bool(helped)}


def _judgement(distilled: list[Json], helped: list[Json]) -> str:
    harmed = [group for group in distilled if group["difference"]["interval"][1] < 0]
    unclear = [group for group in distilled if not _above(group) and group not in harmed]
    parts = []
    if helped:
        parts.append(f"Distillation helped {_list(helped)}")
    if harmed:
        parts.append(f"{'it' if parts else 'Distillation'} harmed {_list(harmed)}")
    if unclear:
        opening = "no clear effect on" if parts else "Distillation did not help beyond the noise:"
        parts.append(f"{opening} {_list(unclear)}")
    if not helped and harmed:
        parts[0] = f"Distillation did not help: it harmed {_list(harmed)}"
    return "; ".join(parts) + "."


def _above(group: Json) -> bool:
    return bool(group["difference"]["interval"][0] > 0)


def _list(groups: list[Json]) -> str:
    return ", ".join(
        f"{group['name']} ({points(group['difference']['value'])} over its control, 95 % interval "
        f"{signed(group['difference']['interval'][0])} to {signed(group['difference']['interval'][1])})"
        for group in groups
    )


def _beside_teacher(leader: Json, teacher: Json | None, evaluated_on: str) -> str:
    if teacher is None:
        return ""
    top1 = teacher["test"]["top1"] if evaluated_on == "test" else teacher["top1"]
    below = top1 - leader["top1"]
    distance = f"{100 * abs(below):.1f} points {'below' if below > 0 else 'above'} the teacher"
    if abs(below) < 0.0005:
        distance = "level with the teacher"
    if teacher["parameters"] is None:
        return f", {distance}"
    smaller = teacher["parameters"] / leader["parameters"]
    size = f"{smaller:.1f} times smaller" if smaller >= 1 else f"{1 / smaller:.1f} times larger"
    if max(smaller, 1 / smaller) < 1.05:
        size = "of the same size"
    return f", {distance} and {size}"
