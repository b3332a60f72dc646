"""What the Python scripts of hack/ share: packages of PyPI, installed once, into a virtual environment below .build."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def enter_environment(script, packages):
    """Runs the script again inside the virtual environment that has the packages, unless it runs there already."""
    script = pathlib.Path(script).resolve()
    folder = ROOT / ".build" / f"{script.name}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix) == folder:
        return
    if not (folder / "complete").exists():
        print(f"installing {' '.join(packages)} into {folder.relative_to(ROOT)} …", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        (folder / "complete").touch()
    os.execv(python, [str(python), str(script), *sys.argv[1:]])
