"""A credential from a sidecar that has it, against ``docker-credential-ecr-login`` with its cache warm."""
