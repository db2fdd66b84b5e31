"""The evaluation of a student, as a training writes it: what its endpoints answer with."""

from core.evaluation import Bin, ClassJudged, Confused, Disagreement, Evaluation, Judged, SplitEvaluation

BINS = [Bin(count=0, confidence=(n + 0.5) / 15, top1=None) for n in range(14)]
STUDENT = Judged(
    top1=0.5,
    top1_interval=[0.3, 0.7],
    top5=1.0,
    nll=0.7,
    ece=0.3,
    calibration=[*BINS, Bin(count=30, confidence=0.98, top1=0.5)],
)
CLASSES = [
    ClassJudged(
        index=n, name=f"class {n}", count=10, top1=0.5, top1_interval=[0.2, 0.8], teacher_top1=0.9, agreement=0.6
    )
    for n in range(3)
]
VAL = SplitEvaluation(
    count=30,
    student=STUDENT,
    teacher=STUDENT.model_copy(update={"top1": 0.9}),
    agreement=0.6,
    agreement_teacher_right=0.6,
    agreement_teacher_wrong=0.1,
    kl=0.2,
    inter=0.8,
    intra=0.7,
    classes=CLASSES,
    confusions=[Confused(label=0, predicted=1, count=15, teacher=1)],
    confusions_left_out=0,
)
DISAGREEMENTS = [
    Disagreement(
        index=n,
        name=f"val/{n}.png",
        label=0,
        student=1,
        student_confidence=0.9,
        teacher=0,
        teacher_confidence=0.9,
        distance=1.0,
    )
    for n in range(15)
]
WHOLE = Evaluation(splits={"val": VAL}, disagreements={"val": DISAGREEMENTS})
