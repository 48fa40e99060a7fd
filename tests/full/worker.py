"""A worker as `pivotal worker` starts it, but for shorter waiting times, so that a run of many kills ends within minutes.

With a port as its argument it answers there.
"""

import asyncio
import sys
from datetime import timedelta
from typing import Final

from bot import log
from bot.jobs.deliver import Timing
from bot.jobs.exports import Leases
from bot.processes import work
from bot.settings import Settings

TIMING: Final = Timing(
    lease=timedelta(seconds=2),
    spare=timedelta(seconds=1),
    doubt=timedelta(seconds=2.5),
    between_posts=timedelta(milliseconds=20),
)
"""As in earnest in proportion: what is spare and the doubt are together a little more than the one and a half leases that R2 freezes for."""
LEASES: Final = Leases(lease=timedelta(seconds=5), beat=timedelta(seconds=1), doubt=timedelta(seconds=1))
EVERY: Final = timedelta(milliseconds=300)


def main() -> None:
    log.set_up("ERROR")
    settings = Settings()
    if port := sys.argv[1:]:
        settings = settings.model_copy(update={"port": int(port[0])})
    asyncio.run(work(settings, timing=TIMING, leases=LEASES, every=EVERY, monitored=bool(port)))


if __name__ == "__main__":
    main()
