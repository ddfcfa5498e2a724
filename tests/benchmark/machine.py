"""What the numbers were measured on. No host name, no paths."""

import datetime
import os
import platform
import re
from pathlib import Path

import requests

from ratio import output


def first(pattern, text):
    return re.search(pattern, text, re.MULTILINE).group(1)


def machine():
    processor = first(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text())
    system = first(r'^PRETTY_NAME="(.*)"$', Path("/etc/os-release").read_text())
    return {
        "date": datetime.date.today().isoformat(),
        "processor": f"{processor}, {os.cpu_count()} cores",
        "system": f"{system}, Linux {platform.release()}",
        "load average before": f"{os.getloadavg()[0]:.1f}",
        "compiler": output("g++", "--version").splitlines()[0],
        "libcurl": output("pkg-config", "--modversion", "libcurl").strip(),
        "nlohmann/json": output("pkg-config", "--modversion", "nlohmann_json").strip(),
        "nginx": first(r"nginx/(\S+)", output("/usr/sbin/nginx", "-v")),
        "Python": f"{platform.python_version()}, requests {requests.__version__}",
    }
