"""The kinds of runs, each with what it needs before and leaves after its child."""

from pathlib import Path

from core.db.runs import Claim
from worker.duties.read_dataset import ReadDataset
from worker.duties.read_teacher import ReadTeacher
from worker.duties.train import Train
from worker.equipment import Equipment

DUTIES: dict[str, type[Train] | type[ReadDataset] | type[ReadTeacher]] = {
    "train": Train,
    "read_dataset": ReadDataset,
    "read_teacher": ReadTeacher,
}


def make_duty(claim: Claim, equipment: Equipment, folder: Path) -> Train | ReadDataset | ReadTeacher:
    return DUTIES[claim.kind](claim, equipment, folder)
