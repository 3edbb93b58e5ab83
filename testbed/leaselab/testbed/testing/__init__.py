"""Fakes that tests of labs and rules can use: a fleet without sockets, a store without a disk."""
