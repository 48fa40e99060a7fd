"""What is locked, against what is publicly known of it: `python -m tests.audit LOCK…`, where pip-audit is installed.

At first it has to find a pin with a known fault that is planted here, in an advisory service on this machine: who would not find that one
finds none. Where the public service cannot be reached nothing is known, and it says so.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

PLANTED: Final = ("jinja2", "2.4.1")
ADVISORY: Final = {
    "id": "PLANTED-1",
    "summary": "Planted here.",
    "aliases": [],
    "affected": [
        {
            "package": {"name": PLANTED[0], "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.7"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does; it knows of one fault."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {"vulns": [ADVISORY]} if asked["package"]["name"] == PLANTED[0] else {}
        body = json.dumps(known).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Nothing: nobody reads it."""


def main(locks: Sequence[str]) -> int:
    with TemporaryDirectory() as folder:
        good, said = judged("a planted pin", _audited(*_planted(Path(folder))))
    if good is not False:
        sys.stdout.write(f"The audit does not find a fault that is planted: {said}\n")
        return 1
    found = [judged(lock, _audited(lock)) for lock in locks]
    for _, said in found:
        sys.stdout.write(f"{said}\n")
    return 1 if any(good is False for good, _ in found) else 0


def judged(lock: str, report: Any) -> tuple[bool | None, str]:
    """Whether nothing is known against it, and a sentence. report: pip-audit's JSON, or why there is none; None: nobody could tell."""
    if isinstance(report, str):
        return None, f"NOT AUDITED {lock}: {report}"
    dependencies = report["dependencies"]
    faults = [
        f"{each['name']} {each['version']}: {fault['id']}" for each in dependencies for fault in each.get("vulns", ())
    ]
    if faults:
        return False, f"{lock} has known faults: {'; '.join(faults)}"
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    if len(unknown) == len(dependencies):
        return None, f"NOT AUDITED {lock}: the advisory service knows none of its {len(unknown)} packages from here."
    rest = f" NOT AUDITED: {', '.join(unknown)}." if unknown else ""
    return True, f"{lock}: nothing is known against {len(dependencies) - len(unknown)} packages.{rest}"


def _audited(lock: str, *more: str) -> Any:
    """pip-audit's report as JSON; the end of its complaint, when there is none."""
    asked = [sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off", "-f", "json", "-r", lock]
    done = subprocess.run([*asked, *more], capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stderr.strip().rpartition("\n")[2] or "it ended without a word."


def _planted(folder: Path) -> Sequence[str]:
    """What to audit to find the planted fault."""
    service = HTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    lock = folder / "planted.txt"
    lock.write_text(f"{'=='.join(PLANTED)}\n")
    return str(lock), "--no-deps", "-s", "osv", "--osv-url", f"http://127.0.0.1:{service.server_port}/v1/query"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
