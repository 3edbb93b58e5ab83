"""What each sort of command does to the whole appliance, and what its events leave; one module a side of the device."""
