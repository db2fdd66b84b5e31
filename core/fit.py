"""Do the parts of a recipe fit together? The same answer for the API and for `distillery train`. No torch."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.catalog import Architecture, architecture
from core.errors import Invalid, Problem
from core.packed import Form
from core.plan import drop_path_of, plan_students
from core.recipe import Pretrained, Recipe, Student
from core.views import fixed_side, published_weights, student_side


@dataclass(frozen=True)
class _Images:
    """What the data set offers."""

    canvas: int  # side of prepared batches
    form: Form
    unlabelled: int
    labelled: int  # of train


def check_fit(
    recipe: Recipe,
    *,
    dataset_classes: list[str],
    counts: dict[str, int],
    image_size: int,
    form: Form = "pixels",
    unlabelled: int = 0,
    teacher_classes: int | None,
    teacher_class_names: list[str] | None = None,
    teacher_image_size: int | None = None,
    teacher_kind: str = "network",
    teacher_bound: bool = False,
    teacher_elsewhere: bool = False,
) -> list[str]:
    """Raises `Invalid` with every problem at once; returns warnings in plain words.

    `teacher_bound`: it knows the images of one data set alone; `teacher_elsewhere`: of another one than this.
    """
    images = _Images(image_size, form, unlabelled, counts["train"] - unlabelled)
    found: list[Problem | str] = []
    for index, student in enumerate(recipe.students):
        found += _student(recipe, index, student, images)
    if recipe.teacher is not None and teacher_classes is not None:
        outputs = recipe.teacher_adapter.outputs if recipe.teacher_adapter else None
        found += _teacher(dataset_classes, teacher_classes, teacher_class_names, outputs)
        found += _origin(recipe, teacher_kind, teacher_bound, teacher_elsewhere)
        if teacher_image_size and teacher_image_size > image_size:
            found.append(_enlarged("The teacher", teacher_image_size, images))
    if unlabelled:
        found += _unlabelled(recipe, images)
    found += _losses(recipe, len(dataset_classes), counts["train"])
    found += _schedule(recipe)
    problems = [entry for entry in found if isinstance(entry, Problem)]
    if problems:
        raise Invalid(list(dict.fromkeys(problems)), "recipe_does_not_fit")
    return list(dict.fromkeys(entry for entry in found if isinstance(entry, str)))


def _student(recipe: Recipe, index: int, student: Student, images: _Images) -> Iterator[Problem | str]:
    pointer = f"/students/{index}"
    try:
        network = architecture(student.architecture, f"{pointer}/architecture")
    except Invalid as error:
        yield from error.problems
        return
    init = student.init or recipe.init
    if isinstance(init, Pretrained):
        try:
            published_weights(network, init, f"{pointer}/init" if student.init else "/init")
        except Invalid as error:
            yield from error.problems
    if drop_path_of(recipe, student) > 0 and not network.drop_path:
        where = "/training/drop_path" if student.drop_path is None else f"{pointer}/drop_path"
        detail = f"{network.name} has no path to drop; many of timm's do, such as timm/vit_tiny_patch16_224."
        yield Problem(where, "drop_path_unknown", detail)
    yield from _side(network, pointer, student.name, student.image_size, images)


def _side(
    network: Architecture, pointer: str, name: str, asked: int | None, images: _Images
) -> Iterator[Problem | str]:
    side, fixed, least = student_side(network, asked, images.canvas), fixed_side(network), network.min_image_size
    if fixed is not None and side != fixed:
        detail = f"{network.name} takes images of {fixed} px alone, not of {side}: leave image_size out."
        yield Problem(f"{pointer}/image_size", "image_size_fixed", detail)
    elif side < least and asked is not None:
        detail = f"{network.name} needs images of {least} px and more, not of {side}."
        yield Problem(f"{pointer}/image_size", "image_too_small", detail)
    elif side < least:
        detail = (
            f"{network.name} needs images of {least} px and more; these have {side}. "
            f"With an image_size of {least} the student sees them enlarged."
        )
        yield Problem(f"{pointer}/architecture", "image_too_small", detail)
    elif side > images.canvas:
        yield _enlarged(f"The student {name}", side, images)


def _enlarged(who: str, side: int, images: _Images) -> str:
    text = f"{who} sees images of {side} px, enlarged from the data set's {images.canvas}."
    return text if images.form == "pixels" else f"{text} Register the data set with image_size {side} for sharp ones."


def _teacher(
    dataset_classes: list[str], classes: int, names: list[str] | None, outputs: list[int] | None
) -> Iterator[Problem | str]:
    known = len(dataset_classes)
    if outputs is not None and len(outputs) != known:
        detail = (
            f"outputs names {len(outputs)} of the teacher's outputs, the data set has {known} classes: one for each."
        )
        yield Problem("/teacher_adapter/outputs", "class_count_mismatch", detail)
    if classes != known:
        detail = f"The teacher knows {classes} classes, the data set has {known}. They must be the same."
        yield Problem("/teacher", "class_count_mismatch", detail)
    elif names and outputs is None and names != dataset_classes:
        if sorted(names) == sorted(dataset_classes):
            order = ", ".join(str(names.index(name)) for name in dataset_classes)
            detail = "The teacher's classes are the data set's, but in another order. Set it in the recipe: "
            detail += f'teacher_adapter: {{"outputs": [{order}]}}'
            yield Problem("/teacher", "class_order_mismatch", detail)
        else:
            yield "The teacher's class names differ from the data set's; their order is taken as equal."


def _origin(recipe: Recipe, kind: str, bound: bool, elsewhere: bool) -> Iterator[Problem | str]:
    """A table of logits sees nothing: neither another data set's images, nor what was made of its own."""
    adapter = recipe.teacher_adapter
    if elsewhere:
        detail = "The teacher's logits are of the images of another data set: take that one, or another teacher."
        yield Problem("/teacher", "teacher_of_another_dataset", detail)
    if bound and recipe.training.mix is not None:
        detail = "A table of logits knows no mixed images: leave mix out, or take a teacher that sees images."
        yield Problem("/training/mix", "teacher_sees_nothing", detail)
    elif bound and recipe.training.augment.kind != "none":
        yield "The teacher's logits are those of the images as they are; what augmentation makes of one has the same."
    if kind in ("table", "ensemble") and adapter is not None:
        sees = "sees no images" if kind == "table" else "sees images in several ways"
        for field, given in (("normalization", adapter.normalization), ("channels", adapter.channels != "rgb")):
            if given:
                detail = f"This teacher {sees}: of an adapter it can use `outputs` alone."
                yield Problem(f"/teacher_adapter/{field}", "teacher_sees_nothing", detail)


def _unlabelled(recipe: Recipe, images: _Images) -> Iterator[Problem | str]:
    """Where some images of train have no label, or all."""
    without, labelled = f"{images.unlabelled:,}", f"{images.labelled:,}"
    if recipe.teacher is None and not images.labelled:
        detail = "No image of train has a label, and without a teacher there is nothing else to learn from: name one."
        yield Problem("/teacher", "labels_missing", detail)
    elif recipe.teacher is None:
        yield f"Without a teacher only the {labelled} labelled images of train teach; {without} have no label."
    elif images.labelled and recipe.control:
        yield f"The controls learn from the {labelled} labelled images of train alone; {without} have no label."
    elif not images.labelled:
        yield from _without_labels(recipe)


def _without_labels(recipe: Recipe) -> Iterator[Problem]:
    """A teacher, and no label in train at all: whatever needs one is refused."""
    if recipe.control:
        detail = "A control learns from labels, and no image of train has one: set control to false."
        yield Problem("/control", "labels_missing", detail)
    for index, student in enumerate(recipe.students):
        loss = student.loss or recipe.loss
        pointer = f"/students/{index}/loss" if student.loss else "/loss"
        if loss.kind == "task":
            detail = "The loss task learns from labels, and no image of train has one: choose dist or kd with alpha 0."
            yield Problem(f"{pointer}/kind", "labels_missing", detail)
        elif loss.alpha > 0:
            detail = "alpha weighs the labels, and no image of train has one: set it to 0."
            yield Problem(f"{pointer}/alpha", "labels_missing", detail)


def _losses(recipe: Recipe, classes: int, train: int) -> Iterator[Problem | str]:
    training = recipe.training
    whole = min(training.batch_size, train)
    pieces = training.accumulate * max(1, recipe.resources.gpus)
    for loss in [plan.loss for plan in plan_students(recipe)]:
        title = loss.model_config.get("title")
        batch = whole // pieces if loss.local else whole
        if loss.weightless:
            yield Problem("/loss", "nothing_to_learn", "All its weights are 0: give one of its terms more than that.")
        elif batch < loss.least_batch and loss.local:
            detail = (
                f"{title} compares images of one part of a batch, and {batch} are in each of {pieces} parts: it needs "
            )
            yield Problem("/training/batch_size", "batch_too_small", f"{detail}{loss.least_batch} or more.")
        elif batch < loss.least_batch:
            detail = f"{title} compares images with each other: it needs a batch of {loss.least_batch} or more."
            yield Problem("/training/batch_size", "batch_too_small", detail)
        else:
            yield from loss.doubts(classes, batch)
    if recipe.teacher is None and recipe.loss.kind != "task" and "loss" in recipe.model_fields_set:
        yield "Without a teacher every student learns from the labels alone; the loss given is not used."


def _schedule(recipe: Recipe) -> Iterator[str]:
    schedule, epochs = recipe.training.schedule, recipe.training.epochs
    warmup = getattr(schedule, "warmup_epochs", 0)
    if warmup >= epochs:
        yield f"The learning rate rises over {warmup} epochs, and the training has {epochs}: it never gets there."
    milestones = getattr(schedule, "milestones", [])
    if milestones and milestones[0] >= epochs:
        yield f"The first milestone is epoch {milestones[0]}, and the training has {epochs}: the rate never drops."
