"""Where nodes run: all in one process, or a process each. The lab sees only :class:`protocol.Runtime`."""
