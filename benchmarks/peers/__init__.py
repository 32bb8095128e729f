"""The libraries of the speed table, each a program that measures itself on request: `python -m peers.NAME`."""
