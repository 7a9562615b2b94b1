"""The rules of the audit, one a file; `helpers.auditing.rule` says what such a file holds."""
