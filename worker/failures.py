"""What a supervisor stores on a run that it could not prepare or publish."""

import errno

from core.errors import Failure, NotFound, TrainingFailed


def failure_of(error: TrainingFailed | NotFound | OSError) -> Failure:
    if isinstance(error, TrainingFailed):
        return error.failure
    if isinstance(error, NotFound):
        return Failure("file_missing", "A stored file is missing", error.detail, "Was the storage folder changed?")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            "disk_full",
            "The disk is full",
            f"A file could not be stored: {error.strerror}.",
            "Free some space, then retry: the job goes on from its last checkpoint.",
            retryable=True,
        )
    return Failure("storage_error", "A file could not be stored or read", str(error), retryable=True)
