"""So many jobs as nobody makes by hand, written straight into the database. Only the figures are invented."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert

from core.db.models import Job, Metric, Point, Run, Student, now
from core.ids import new_id
from core.lifecycle import JobStatus
from tests.browser.stage import Stage

STATUSES = (JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)
CURVE = (0.42, 0.71, 0.83, 0.88, 0.91)
BATCH = 2000
FIRST = 1_000_000  # id of a metric: beyond those that the stage's other jobs have


def many_jobs(stage: Stage, dataset: str, teacher: str | None, number: int) -> list[str]:
    """Ids, the oldest first: "job 00000", a minute apart; one student each, "small 00000", with a short curve."""
    made = now() - timedelta(minutes=number)
    template = stage.job(dataset, teacher, name="template", students=[{"name": "small", "architecture": "resnet8"}])
    with stage.database.write() as work:
        job = work.get_one(Job, template)
        student = job.students[0]
        jobs = [_row(Job, job) | _job(i, made + timedelta(minutes=i)) for i in range(number)]
        students = [_row(Student, student) | _student(i, row["id"], row["top1"]) for i, row in enumerate(jobs)]
        metrics = [_metric(i, row) for i, row in enumerate(students, FIRST)]
        points = [point for i, row in enumerate(metrics) for point in _curve(i, row)]
        work.delete(job)
        work.execute(delete(Run).where(Run.subject == template))
        for table, rows in ((Job, jobs), (Student, students), (Metric, metrics), (Point, points)):
            for start in range(0, len(rows), BATCH):
                work.execute(insert(table), rows[start : start + BATCH])
    return [row["id"] for row in jobs]


def _row(table: type[Any], one: Any) -> dict[str, Any]:
    return {column.key: getattr(one, column.key) for column in table.__mapper__.column_attrs}


def _job(i: int, created_at: Any) -> dict[str, Any]:
    return {
        "id": new_id("job"),
        "name": f"job {i:05}",
        "status": STATUSES[i % len(STATUSES)],
        "created_at": created_at,
        "started_at": created_at,
        "finished_at": created_at + timedelta(seconds=40),
        "top1": round(0.9 + (i * 7919 % 1000) / 20_000, 5),
        "progress": {"percent": 100.0, "step": 50, "total_steps": 50, "epoch": 5, "total_epochs": 5},
        "result": {"teacher": {"architecture": "cifar/resnet20", "parameters": 272_474, "top1": 0.979}},
    }


def _student(i: int, job: str, top1: float) -> dict[str, Any]:
    over = STATUSES[i % len(STATUSES)]
    status = "trained" if over == JobStatus.SUCCEEDED else over.value
    figures = {"top1": top1, "agreement": top1}
    label = f"small {i:05}"
    return {"id": new_id("stu"), "job_id": job, "label": label, "status": status, "metrics": figures} | figures


def _metric(id: int, student: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "job_id": student["job_id"], "student_id": student["id"], "name": "val/top1"}


def _curve(i: int, metric: dict[str, Any]) -> list[dict[str, Any]]:
    same = {"metric_id": metric["id"], "attempt": 1}
    return [same | {"step": 10 * (n + 1), "value": value + i % 10 / 1000} for n, value in enumerate(CURVE)]
