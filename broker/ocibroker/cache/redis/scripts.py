"""What the server does in one step, in Lua: nobody comes in between.

https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

from __future__ import annotations

from typing import Final

PUT: Final = """
local now = redis.call('TIME')
if math.abs(now[1] - ARGV[3]) > tonumber(ARGV[4]) then return 'clock' end
local there = tonumber(redis.call('GETRANGE', KEYS[1], 17, 32))
if there and there > tonumber(ARGV[2]) then return 'older' end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
return 'kept'
"""
"""Keep the value ARGV[1] under KEYS[1] until ARGV[2], in milliseconds, unless what is there lives longer; nothing
of one who says it is ARGV[3], in seconds, where that is off by more than ARGV[4]."""

DROP: Final = """
return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0
"""
"""Forget KEYS[1] if it holds ARGV[1]."""

BEGIN: Final = """
local there, holder = redis.call('GETRANGE', KEYS[2], 17, 32), redis.call('GET', KEYS[1])
if there ~= '' and ARGV[3] ~= '*' and there ~= ARGV[3] then return {'over', there} end
if holder == '-' then return {'over', there} end
if holder and holder ~= ARGV[1] then return {'busy', there} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {'held', there}
"""
"""Take the lease KEYS[1] of the entry KEYS[2] for ARGV[1] and ARGV[2] milliseconds, unless another has it, or has
had it and left another entry than ARGV[3], or a note that there is none to leave; ``*`` is any entry."""

END: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == 'failed' or redis.call('EXISTS', KEYS[2]) == 1 then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], '-', 'PX', ARGV[2])
return 1
"""
"""Give the lease KEYS[1] back if it is ours, ARGV[1]; where there is no entry to leave, say so for ARGV[2] ms."""
