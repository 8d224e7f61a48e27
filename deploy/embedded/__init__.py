"""The whole system on one machine without containers: PostgreSQL, Kafka, token issuer, mail sink and the four services."""
