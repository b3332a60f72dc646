"""The golden cases, as flags and as what the kernel has to say after they were loaded."""

import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "RedirectTests" / "Golden"


def cases():
    return sorted(path.name.removesuffix(".case.json") for path in FOLDER.glob("*.case.json"))


def flags(name):
    return words(json.loads((FOLDER / f"{name}.case.json").read_text()))


def words(options):
    return [f"--{flag}" if value is True else f"--{flag}={value}" for flag, value in options.items()]


def expected(name):
    return json.loads((FOLDER / f"{name}.expected.json").read_text())
