"""A container engine and the appliance's image: what the runtimes of containers stand on."""
