"""What adapters stand on: HTTP/1.1, listening sockets, TLS contexts. Knows nothing of devices."""
