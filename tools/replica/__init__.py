"""A second, independent generator of registry logs with planted truth, for release tests only.

It shares nothing with `tools.traffic` but the layout of the truth: other distributions, paths, agents, networks and
ways to act, so that an analysis that was tuned on the one is tested on the other. Nobody tunes on this one.

python -m tools.replica --seed N --lines L --out FILE --truth DIR
"""
