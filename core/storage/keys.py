"""Every storage key is built here, so that writer and reader cannot drift apart."""

UPLOADS, DATASETS, TEACHERS, JOBS = "uploads", "datasets", "teachers", "jobs"


def probe(id: str) -> str:
    """A file that is written to see whether one can be, and deleted again."""
    return f"{id}/file"


def upload_part(upload: str, n: int) -> str:
    return f"uploads/{upload}/parts/{n:05d}"


def upload_parts(upload: str) -> str:
    return f"uploads/{upload}/parts"


def upload_file(upload: str) -> str:
    return f"uploads/{upload}/file"


def upload_folder(upload: str) -> str:
    return f"uploads/{upload}"


def dataset(id: str) -> str:
    """The packed, immutable form (see core/packed.py)."""
    return f"datasets/{id}/data.safetensors"


def dataset_folder(id: str) -> str:
    return f"datasets/{id}"


def teacher(id: str) -> str:
    """Canonical, self-describing weights."""
    return f"teachers/{id}/weights.safetensors"


def teacher_folder(id: str) -> str:
    return f"teachers/{id}"


def checkpoint(job: str, attempt: int, step: int) -> str:
    """The attempt is part of the key: a stale attempt can never replace another one's file."""
    return f"jobs/{job}/checkpoints/{attempt:04d}-{step:09d}.ckpt"


def student_file(job: str, student: str, attempt: int, step: int, name: str) -> str:
    """Step and attempt make the key new each time: a download of the older file is never torn."""
    return f"jobs/{job}/students/{student}/{attempt:04d}-{step:09d}/{name}"


def job_folder(job: str) -> str:
    return f"jobs/{job}"


def owner(key: str) -> str:
    """The id of the thing that a file belongs to."""
    return key.split("/")[1]
