"""The floor all four services stand on. A new file here needs an ADR; nothing here knows a service."""
