"""Workers who name the texts of a log, in processes of their own where there may be some, and what they send."""
