"""Dashboards, rules and provisioning as code; the metrics themselves are served by each appliance and lab."""
