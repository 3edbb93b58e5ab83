"""The HTTPS edge of a device: the lease protocol, end users' sign-in, and the admin console."""
