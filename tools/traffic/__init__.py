"""A registry's access log with planted truth: who asked, on whose behalf, and what a cache would have saved.

python -m tools.traffic --seed 1 --lines 2000000 --out FILE.log.gz --truth DIR
"""
