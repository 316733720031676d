"""Runs the commands that standard input names, and prints what they cost, as JSON.

A process of its own, with nothing imported: a child's peak counts from what its parent had in memory. Each command
reads its standard input from a pipe and writes its output to one, as a client of a credential helper has it.
"""

import json
import os
import sys
import time

told = json.load(sys.stdin)
text, peak, output = told["stdin"].encode(), 0, b""
processor = 0.0
begin = time.perf_counter()
for command in told["commands"]:
    (source, sink), (reader, writer) = os.pipe(), os.pipe()
    os.write(sink, text)  # it fits into a pipe, and not everybody reads it
    os.close(sink)
    pipes = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, writer, 1)]
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=pipes)
    os.close(source)
    os.close(writer)
    output = b""
    while part := os.read(reader, 65536):
        output += part
    os.close(reader)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}: {output[:500]!r}")
    peak = max(peak, usage.ru_maxrss)
    processor += usage.ru_utime + usage.ru_stime
seconds = time.perf_counter() - begin
stdout = output.decode(errors="replace")
json.dump({"seconds": seconds, "processor": processor, "peak": peak, "stdout": stdout}, sys.stdout)
