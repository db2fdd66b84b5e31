"""Which losses exist. Their arithmetic is in core.training.losses; a test holds both against each other."""

from core.recipe import DistLoss, KdLoss, Part, TaskLoss

LOSSES: dict[str, type[Part]] = {"task": TaskLoss, "dist": DistLoss, "kd": KdLoss}
