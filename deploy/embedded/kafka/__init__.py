"""Apache Kafka without containers: its jars by a lock with hashes, and one broker in KRaft mode."""
