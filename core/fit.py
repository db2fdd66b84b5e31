"""Do the parts of a recipe fit together? The same answer for the API and for `distillery train`. No torch."""

from core.catalog import architecture
from core.errors import Invalid, Problem
from core.plan import plan_students
from core.recipe import Recipe


def check_fit(
    recipe: Recipe,
    *,
    dataset_classes: list[str],
    counts: dict[str, int],
    image_size: int,
    teacher_classes: int | None,
    teacher_class_names: list[str] | None = None,
) -> list[str]:
    """Raises `Invalid` with every problem at once; returns warnings in plain words."""
    problems: list[Problem] = []
    warnings: list[str] = []
    classes = len(dataset_classes)
    for index, student in enumerate(recipe.students):
        pointer = f"/students/{index}/architecture"
        try:
            network = architecture(student.architecture, pointer)
        except Invalid as error:
            problems += error.problems
            continue
        if image_size < network.min_image_size:
            detail = f"{network.name} needs images of {network.min_image_size} px and more; these have {image_size}."
            problems.append(Problem(pointer, "image_too_small", detail))
    if recipe.teacher is not None and teacher_classes is not None:
        if teacher_classes != classes:
            detail = f"The teacher knows {teacher_classes} classes, the data set has {classes}. They must be the same."
            problems.append(Problem("/teacher", "class_count_mismatch", detail))
        elif teacher_class_names and teacher_class_names != dataset_classes:
            if sorted(teacher_class_names) == sorted(dataset_classes):
                detail = "The teacher's classes are the data set's, but in another order."
                problems.append(Problem("/teacher", "class_order_mismatch", detail))
            else:
                warnings.append("The teacher's class names differ from the data set's; their order is taken as equal.")
    batch = min(recipe.training.batch_size, counts["train"])
    used = {plan.loss.kind: plan.loss for plan in plan_students(recipe)}
    if "dist" in used:
        if batch < 3:
            detail = "DIST compares images with each other: it needs a batch of 3 or more (32 is better)."
            problems.append(Problem("/training/batch_size", "batch_too_small", detail))
        elif batch < 32:
            warnings.append(f"DIST on batches of {batch}: 32 and more give it more to compare.")
        if classes == 2:
            warnings.append("With two classes the relation between classes teaches nothing; only the one within does.")
        if used["dist"].kind == "dist" and used["dist"].temperature > 8:
            warnings.append("DIST's temperature² is only a weight: above 8 it drowns the labels.")
    if recipe.teacher is None and recipe.loss.kind != "task" and "loss" in recipe.model_fields_set:
        warnings.append("Without a teacher every student learns from the labels alone; the loss given is not used.")
    if problems:
        raise Invalid(problems, "recipe_does_not_fit")
    return warnings
