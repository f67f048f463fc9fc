"""Stands for `python -m MODULE` in a shell's line: `warm_client.py FILE MODULE WORDS…`.

The process that has loaded the program starts it, with the streams, the directory and the
environment of this one, which ends as it ended.
"""

import json
import os
import socket
import sys


def main() -> None:
    asking = socket.socket(fileno=int(sys.argv[1]))
    told, telling = os.pipe()
    request = {
        "module": sys.argv[2],
        "words": sys.argv[2:],
        "cwd": os.getcwd(),  # noqa: PTH109 - `pathlib` takes longer to load than all of this
        "env": dict(os.environ),
    }
    socket.send_fds(asking, [json.dumps(request).encode()], [0, 1, 2, telling])
    os.close(telling)
    with os.fdopen(told, encoding="utf-8") as answers:
        answers.readline()
        for stream in (1, 2):
            os.close(stream)
        code = int(answers.readline())
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


main()
