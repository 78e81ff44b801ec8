"""Floor 6: one period of a program compared with the one before it: who went on, who is new, who left and why."""
