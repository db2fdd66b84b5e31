"""The dashboard goes into the wheel as it is built, so that whoever installs it needs no Node."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Dashboard(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # a checkout serves its own frontend/dist
        built = Path(self.root) / "frontend" / "dist"
        if not (built / "index.html").is_file():
            raise SystemExit("The dashboard is not built: make wheel, or cd frontend && npm ci && npm run build")
        for file in built.rglob("*"):
            if file.is_file() and not file.name.startswith("."):  # the build's own marks stay here
                build_data["force_include"][str(file)] = f"api/dist/{file.relative_to(built).as_posix()}"
