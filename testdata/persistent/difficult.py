# Answers each item with itself, except the harmful ones.
import os
import sys
import time

for line in sys.stdin:
    item = line.rstrip("\n")
    if item.startswith("exit "):
        sys.exit(int(item.split()[1]))
    elif item == "crash":
        os.kill(os.getpid(), 9)
    elif item == "hang":
        time.sleep(1000)
    elif item == "twice":
        print(item + "\n" + item, flush=True)
    elif item == "leave":
        sys.exit(0)
    elif item.startswith("large "):
        print("x" * int(item.split()[1]), flush=True)
    elif item == "complain":
        print("what is this?", file=sys.stderr)
        print(item, flush=True)
    else:
        print(item, flush=True)
