"""The lab: from a topology file to running devices on one clock."""
