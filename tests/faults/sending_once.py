"""Send what is due, in a process of its own that a test may kill."""

import os

from portal.config import load_config
from portal.notifications.sending import send_due_messages
from portal.runtime import make_runtime

if __name__ == "__main__":
    send_due_messages(make_runtime(load_config(os.environ)))
