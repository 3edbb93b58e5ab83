"""Room for dashboards as code; the metrics themselves are served by each appliance."""
