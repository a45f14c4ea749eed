"""A terminal for a command that asks whether it has one."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

END = b"\0"


def on_terminal(command, typed=b"", **places):
    """What a command writes to a terminal of 80 columns where this is typed; places: its cwd and env."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(command, start_new_session=True, stdin=theirs, stdout=theirs, stderr=theirs, **places)
    os.write(ours, typed)

    # When a terminal's last user goes, Linux now and then loses the last bytes: ours stays until they are read.
    def end():
        process.wait()
        os.write(theirs, END)

    waiter = threading.Thread(target=end)
    waiter.start()
    written = b""
    while not written.endswith(END):
        written += os.read(ours, 65536)
    waiter.join()
    os.close(ours)
    os.close(theirs)
    text = written.removesuffix(END).decode().replace("\r\n", "\n")
    assert process.returncode == 0, text
    return text
