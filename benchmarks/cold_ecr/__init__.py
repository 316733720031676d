"""A token of ECR with nothing cached, against ``aws ecr get-login-password``."""
