"""Several teachers become one."""

from core.assignment import ReadTeacherAssignment
from core.checkpoint_codes import rejected
from core.packed import PackedMeta
from core.training.canonical import Canonical
from core.training.read_finish import Emit, Json, finish
from core.training.read_network import check_classes

MOST = 64  # teachers in a mean, those of its means included


def read_ensemble(assignment: ReadTeacherAssignment, dataset: PackedMeta | None, emit: Emit) -> Json:
    """The files of all members in one, so that it stays what it is whatever becomes of them."""
    members = assignment.members
    if len({member.classes for member in members}) > 1:
        listed = ", ".join(f"{member.name} {member.classes}" for member in members)
        raise rejected("checkpoint_mismatch", f"They know different numbers of classes: {listed}.", "")
    named = [member for member in members if member.class_names]
    for other in named[1:]:
        if other.class_names != named[0].class_names:
            detail = f"The classes of {other.name} are not those of {named[0].name}, or stand in another order."
            raise rejected("checkpoint_mismatch", detail, "Teachers of one data set share its order of the classes.")
    check_classes(members[0].classes, [], dataset)
    bound = next((member for member in members if member.bound), None)
    if bound is not None and dataset is None:
        detail = f"{bound.name} knows the images of one data set alone: say that it is this one."
        raise rejected("checkpoint_mismatch", detail, "Name its data set.")
    parts = [part for member in members for part in Canonical.open(member.path).parts(member.weight)]
    if len(parts) > MOST:
        detail = f"With the members of its members they are {len(parts)} teachers; at most {MOST} are asked."
        raise rejected("checkpoint_too_expensive", detail, "Take fewer means of means.")
    return finish(
        Canonical.ensemble(parts),
        assignment,
        dataset,
        emit,
        classes=members[0].classes,
        class_names=named[0].class_names if named else None,
        bound=bound is not None,
        parameters=sum(member.parameters or 0 for member in members) or None,
        report={
            "kind": "mean of teachers",
            "teachers": [{"name": member.name, "weight": member.weight} for member in members],
        },
    )
