"""The lesson's page: the episode gone through with the program's commands, each result beside what was printed."""
