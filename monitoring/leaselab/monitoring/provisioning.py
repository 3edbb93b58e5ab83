"""What Prometheus and Grafana read when they start: configuration as plain data."""

from typing import Any, Final

FOLDER_UID: Final = "leaselab"
FOLDER_TITLE: Final = "Leaselab"
DATA_SOURCE_UID: Final = "leaselab"
DATA_SOURCE_NAME: Final = "Leaselab"
DASHBOARD_PATH: Final = "/var/lib/grafana/dashboards/leaselab"
JOB: Final = "leaselab"


def prometheus_config(*, interval_seconds: float, discovery_url: str, rule_file: str) -> dict[str, Any]:
    """Return the configuration of a Prometheus that finds the running labs by itself.

    Args:
        interval_seconds: between scrapes, and between evaluations of the rules.
        discovery_url: answers with the targets, as `http_sd_config` wants them.
        rule_file: path of the rules.
    """
    every = f"{round(interval_seconds * 1000)}ms"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [rule_file],
        "scrape_configs": [
            {
                "job_name": JOB,
                "honor_labels": True,
                "http_sd_configs": [{"url": discovery_url, "refresh_interval": every}],
            }
        ],
    }


def data_source(url: str) -> dict[str, Any]:
    """Return the data source as Grafana's API and its provisioning files both name its fields."""
    return {
        "name": DATA_SOURCE_NAME,
        "uid": DATA_SOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": url,
        "jsonData": {"httpMethod": "POST", "timeInterval": "5s"},
    }


def grafana_data_sources(url: str) -> dict[str, Any]:
    """Return ``provisioning/datasources/leaselab.yml``."""
    return {"apiVersion": 1, "datasources": [data_source(url)]}


def grafana_dashboards() -> dict[str, Any]:
    """Return ``provisioning/dashboards/leaselab.yml``: Grafana then reads the JSON files of a folder."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": FOLDER_TITLE,
                "folder": FOLDER_TITLE,
                "folderUid": FOLDER_UID,
                "type": "file",
                "options": {"path": DASHBOARD_PATH},
            }
        ],
    }
