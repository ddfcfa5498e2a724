"""check_enumerators.py XML: fails if one has no comment, which doxygen 1.9.4 does not look at."""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def is_documented(value):
    return any("".join(value.find(part).itertext()).strip()
               for part in ("briefdescription", "detaileddescription"))


def main(directory):
    values = {}
    for file in sorted(pathlib.Path(directory).glob("*.xml")):
        for enum in ElementTree.parse(file).iter("memberdef"):
            for value in enum.iter("enumvalue"):
                name = f"{enum.findtext('qualifiedname')}::{value.findtext('name')}"
                values[name] = is_documented(value)
    bare = [name for name, documented in values.items() if not documented]
    problems = "\n".join(f"{name} is not documented" for name in bare)
    print(problems or f"{len(values)} enumerators are documented", flush=True)
    return 1 if bare or not values else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
