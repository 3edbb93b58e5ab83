"""The REST API: tables of operations, by which requests are answered and the OpenAPI document is written."""
