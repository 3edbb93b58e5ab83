"""Whether a lab fits on a machine: what it takes, what there is, who looks, and what to raise."""
