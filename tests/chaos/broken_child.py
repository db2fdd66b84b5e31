"""A training child that resumes without its optimizers' state: what the control of `broken.py` runs."""

from typing import Any

from core.training.child import main
from core.training.student import Learner


def _forgetful(restore: Any) -> Any:
    def restore_all_but_the_momentum(self: Learner, state: dict[str, Any]) -> None:
        fresh = self.optimizer.state_dict()
        restore(self, state)
        if self.failed is None:
            self.optimizer.load_state_dict(fresh)

    return restore_all_but_the_momentum


if __name__ == "__main__":
    Learner.restore = _forgetful(Learner.restore)  # type: ignore[method-assign]
    main()
