"""The licensing rules, pure: SKUs, keys, installed licenses, pools, enforcement, server, client, auto-leasing."""
