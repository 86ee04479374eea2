"""What an analysis found, and the forms in which it is shown: terminal, page, JSON, Parquet."""
