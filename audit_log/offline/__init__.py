"""The verifiers that a governor takes home: one file each, and nothing of ours in them but these."""
