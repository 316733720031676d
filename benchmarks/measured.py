"""Runs the commands that standard input names, and prints what they cost: seconds, and peak memory in KiB.

A process of its own, with nothing imported: a child's peak counts from what its parent had in memory.
"""

import json
import os
import sys
import time

QUIET = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]

commands, peak = json.load(sys.stdin), 0
begin = time.perf_counter()
for command in commands:
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=QUIET)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    peak = max(peak, usage.ru_maxrss)
print(time.perf_counter() - begin, peak)
