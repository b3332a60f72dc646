"""Other clocks than this machine's."""

import os
import pathlib
import subprocess

_SOURCE = pathlib.Path(__file__).resolve().parent / "clock.c"


def clock_library(folder):
    """What a process preloads whose wall clock is to be CLOCK_AHEAD seconds ahead. Made once in a folder."""
    library = pathlib.Path(folder) / "clock.so"
    if not library.exists():
        command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, _SOURCE]
        subprocess.run(command, check=True)
    return library


def clock_environment(library, seconds):
    return {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(seconds)}
