"""The scope matrix: worlds with canaries, the table of who may what, and the asking; no test is here."""
