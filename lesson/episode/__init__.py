"""The lesson's page: goes through the episode with the program's commands; what comes out stands beside what was printed."""
