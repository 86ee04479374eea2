"""`python -m subak`."""

from subak.cli import main

main()
