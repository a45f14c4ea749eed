"""The lesson's page: goes through the episode with the program's own commands and puts the results beside what was printed."""
