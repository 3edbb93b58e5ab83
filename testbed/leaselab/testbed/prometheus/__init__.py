"""Prometheus for the labs that run: started, told what to scrape, given a lab's past."""
