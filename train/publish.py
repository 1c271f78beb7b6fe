"""Publish an adapter on the Hub, with its card and where it comes from."""

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from factory import stage
from factory.errors import ThoughtmillError
from factory.files import root
from train.origins import origin_of


def push_adapter(folder: Path, repository: str, private: bool = True) -> str:
    """Upload the adapter in `folder` to `owner/name` on the Hub and return the address of the commit.

    A truncated adapter, a missing token or a refusal of the Hub is one `ThoughtmillError`.
    """
    origin = origin_of(folder)
    message = f"{origin.role}, trained on data version {origin.data_version[:12]}"
    hub = HfApi()
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        return str(
            hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=message).commit_url
        )
    except (HfHubHTTPError, ValueError) as error:
        raise ThoughtmillError(f"{repository} cannot be pushed: {str(error).splitlines()[0]}") from error


def main(role: str, repository: str) -> None:
    """Push the adapter of a role: `python -m train.publish ROLE OWNER/NAME`."""
    print(push_adapter(root() / "data" / "adapters" / role, repository))


if __name__ == "__main__":
    stage.run(main)
