"""What the commands here are told: the superuser's address, passwords for provisioning. The services have settings of their own."""

import os

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.postgres.logins import LOGINS


class ServerSettings(BaseSettings):
    """Read from the environment, else from files named like the fields in SECRETS_DIR."""

    model_config = SettingsConfigDict(secrets_dir=os.environ.get("SECRETS_DIR"), extra="ignore")

    postgres_url: SecretStr


class ProvisionSettings(ServerSettings):
    """With a password for each login."""

    referral_owner_password: SecretStr
    referral_api_password: SecretStr
    referral_worker_password: SecretStr
    programme_owner_password: SecretStr
    programme_api_password: SecretStr
    programme_worker_password: SecretStr
    family_owner_password: SecretStr
    family_api_password: SecretStr
    family_worker_password: SecretStr
    monitoring_owner_password: SecretStr
    monitoring_api_password: SecretStr
    monitoring_worker_password: SecretStr

    def passwords(self) -> dict[str, str]:
        given: dict[str, SecretStr] = {login: getattr(self, f"{login}_password") for login in LOGINS}
        return {login: password.get_secret_value() for login, password in given.items()}
