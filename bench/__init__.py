"""The project's figures, each with a peer or a floor measured in the same run: ``./run bench``."""
