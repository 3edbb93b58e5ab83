"""The labs in a browser: map, clock, nodes, leases, consoles. On loopback, opened by a token in the address."""
