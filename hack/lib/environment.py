"""What the Python scripts of hack/ share: packages of PyPI, installed once, into a virtual environment below .build."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def _folder(name, packages):
    return ROOT / ".build" / f"{name}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"


def make_environment(name, packages):
    """The Python of the virtual environment that has the packages, which are installed where they are missing."""
    folder = _folder(name, packages)
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing {' '.join(packages)} into {folder.relative_to(ROOT)} …", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        (folder / "complete").touch()
    return python


def enter_environment(script, packages):
    """Runs the script again inside the virtual environment that has the packages, unless it runs there already."""
    script = pathlib.Path(script).resolve()
    if pathlib.Path(sys.prefix) == _folder(script.name, packages):
        return
    python = make_environment(script.name, packages)
    os.execv(python, [str(python), str(script), *sys.argv[1:]])
