"""The programs Leaselab is measured against, started by the same run that measures it."""
