"""A recorder as a program, until it is killed: python -m tests.audit_log.recorder_runner URL FOLDER"""

import sys
import threading
from pathlib import Path

from audit_log.db import open_engine
from audit_log.recorder import Recorder

if __name__ == "__main__":
    Recorder(open_engine(sys.argv[1]), Path(sys.argv[2])).run(threading.Event())
