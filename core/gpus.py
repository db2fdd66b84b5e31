"""Which GPUs this machine has, without torch: only a training child may start CUDA."""

import shutil
import subprocess


def list_gpus() -> list[str]:
    """Names as the driver gives them; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True)
    except (subprocess.SubprocessError, OSError):
        return []
    return [line.split(":", 1)[1].split("(")[0].strip() for line in listing.stdout.splitlines() if ":" in line]
