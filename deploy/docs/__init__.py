"""The generated part of docs/: events.md, asyncapi.yaml, rights.md, openapi/. Written from the code, compared by a contract test."""
