"""What the product's hardware and software are, as data: platforms, releases, windows and services."""
