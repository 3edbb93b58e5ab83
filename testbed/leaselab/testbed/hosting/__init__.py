"""A running lab: its host, and what the host keeps running: nodes, their users, answers to those who ask."""
