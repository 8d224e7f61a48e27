"""Databases and logins, the same for the embedded stack and for containers. Tables are made by each service's `migrate`."""
