"""The sample of Mobivate's documentation, as published, against `unsubscribe`."""

import os

import requests

from ratio import each, timed

SAMPLES = ("requests.get", "requests.Session")
HEADERS = {"Content-type": "application/json"}


def url(base_url, reference):
    return (
        f"{base_url}/api/doi/43e36f50aaf111e272639171000000a9/3b41d767316541bacef19d1382ac1e12/"
        "?source=12345&destination=254743210492&keyword=mv-100620006&frequency=7&amount=100"
        f"&campaign=Test&provider=safaricom&reference={reference}&stop"
    )


def compare(name, base_url, certificate, client, rounds):
    """Slices of about a tenth of a second, in turn."""
    os.environ["REQUESTS_CA_BUNDLE"] = str(certificate)
    get = requests.get if name == "requests.get" else requests.Session().get
    urls = [url(base_url, 1_000_000 + number) for number in range(50)]

    def sample():
        for each_url in urls:
            get(each_url, headers=HEADERS)

    sample()
    client.slice(1_000)
    return [
        {"plain": each(timed(sample), len(urls)), "ours": client.slice(1_000)}
        for _ in range(rounds)
    ]
