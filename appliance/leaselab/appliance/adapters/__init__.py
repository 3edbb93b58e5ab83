"""The real world behind the ports: sockets, disks, clocks. Built by :mod:`leaselab.appliance.main` alone."""
