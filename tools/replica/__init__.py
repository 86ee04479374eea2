"""A second, independent generator of registry logs with planted truth, for release tests.

It shares nothing with `tools.traffic` but the layout of the truth: other distributions, paths, agents, networks and
ways to act, so that an analysis that was tuned on the one is tested on the other. Seeds from 900 on are for tests only.

python -m tools.replica --seed N --lines L --out FILE --truth DIR
"""
