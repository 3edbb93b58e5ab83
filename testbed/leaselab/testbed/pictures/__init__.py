"""What a lab looks like: its map and its life so far, as data and as SVG."""
