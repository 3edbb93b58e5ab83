"""The vendor's side of a lab: the download center, built like any other device."""
