"""What leaves an analysis: pseudonyms instead of addresses, cells that hide nobody, summaries that add up."""
